"""Progress in bytes on a terminal, and nothing elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

Step = Callable[[int], None]
"""Told how many more bytes are done."""


@contextmanager
def bars(console: Console) -> Iterator[Callable[[str, int | None], Step]]:
    """Progress bars while this lasts.

    Args:
        console: where to show them.

    Returns:
        A function that adds one, from its title and the number of bytes that it is about, None if
        that is not known.
    """
    columns = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:

        def add(title: str, total: int | None) -> Step:
            task = progress.add_task(title, total=total if total is None else max(total, 1))
            return lambda count: progress.update(task, advance=count)

        yield add


def counted(blocks: Iterator[bytes], step: Step) -> Iterator[bytes]:
    """The same blocks, and their progress."""
    for block in blocks:
        step(len(block))
        yield block
