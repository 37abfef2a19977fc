"""Appended to the module of FATE that sends and receives through RabbitMQ.

A connection of pika must be used by one thread only. Multi-party computation in FATE sends and
receives in two threads, which share the connection of a queue.
"""

import threading
from typing import Any


class OfEachThread:
    """An attribute that has a value of its own in each thread; None at first.

    Args:
        name: the attribute's name.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        return getattr(self._values(owner), self.name, None)

    def __set__(self, owner: Any, value: Any) -> None:
        setattr(self._values(owner), self.name, value)

    def _values(self, owner: Any) -> Any:
        # One step, because several threads may be the first.
        return vars(owner).setdefault("of_each_thread", threading.local())


def connect_each_thread(channel: Any) -> None:
    """Give each thread a connection and a channel of its own.

    Args:
        channel: FATE's class, which opens them when the attributes are None.
    """
    for name in ("_conn", "_channel"):
        setattr(channel, name, OfEachThread(name))
