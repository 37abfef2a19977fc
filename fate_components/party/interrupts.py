"""Ctrl-C and its like: they end a command in an orderly way, and never while it tidies up."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def orderly() -> Iterator[None]:
    """All signals act like Ctrl-C while this lasts, also the end of an SSH session."""
    with _handled(_interrupt):
        yield


@contextmanager
def ignored() -> Iterator[None]:
    """Signals are ignored while this lasts, also by the commands that it starts."""
    with _handled(signal.SIG_IGN):
        yield


@contextmanager
def _handled(
    handler: Callable[[int, FrameType | None], object] | signal.Handlers,
) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
