"""How far something is that takes its time, told to whoever waits for it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

Step = Callable[[int], None]
"""Told how many more bytes are done."""
AddsBar = Callable[[str, int | None], Step]
"""Adds a progress bar, from its title and the number of bytes that it is about, None if unknown."""


class Progress(Protocol):
    """Is told how far something is."""

    def said(self, text: str) -> None:
        """What is done, or what the operator should know."""

    def bars(self) -> AbstractContextManager[AddsBar]:
        """Progress bars while this lasts."""


def counted(blocks: Iterator[bytes], step: Step) -> Iterator[bytes]:
    """The same blocks, and their progress."""
    for block in blocks:
        step(len(block))
        yield block
