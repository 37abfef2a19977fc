"""Progress in bytes on a terminal, and nothing elsewhere."""

from collections.abc import Iterator
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

from ..operate.progress import AddsBar, Step


class OnConsole:
    """Shows how far something is.

    Args:
        console: where to show it.
    """

    def __init__(self, console: Console) -> None:
        self._console = console

    def said(self, text: str) -> None:
        """What is done, or what the operator should know."""
        self._console.print(text, markup=False)

    @contextmanager
    def bars(self) -> Iterator[AddsBar]:
        """Progress bars while this lasts."""
        columns = (
            TextColumn("{task.description}"), BarColumn(), DownloadColumn(),
            TransferSpeedColumn(), TimeRemainingColumn(),
        )  # fmt: skip
        on_terminal = self._console.is_terminal
        with Progress(*columns, console=self._console, disable=not on_terminal) as progress:

            def add(title: str, total: int | None) -> Step:
                task = progress.add_task(title, total=total if total is None else max(total, 1))
                return lambda count: progress.update(task, advance=count)

            yield add
