"""Coroutines, run in tests that are none."""

import asyncio
from collections.abc import Coroutine
from contextlib import closing
from typing import Any, TypeVar

T = TypeVar("T")


def awaited(value: Coroutine[Any, Any, T]) -> T:
    # asyncio.run would leave the other tests without an event loop.
    with closing(asyncio.new_event_loop()) as loop:
        return loop.run_until_complete(value)
