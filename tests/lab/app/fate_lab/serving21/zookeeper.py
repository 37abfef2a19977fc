"""Stands in for bitnami/zookeeper: who is registered, until nothing is heard of them."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Any

from ..protocol import ANY, Listener, exit_on_sigterm, log
from .registry import GONE_AFTER

_DATA = "/bitnami/zookeeper"
_PORT = 2181


def main() -> None:
    exit_on_sigterm()
    if os.environ.get("ALLOW_ANONYMOUS_LOGIN") != "yes":
        sys.exit("ERROR: set ALLOW_ANONYMOUS_LOGIN=yes to allow all clients to connect")
    try:
        os.makedirs(f"{_DATA}/data", exist_ok=True)
        with open(f"{_DATA}/data/myid", "w", encoding="utf-8") as file:
            file.write("1\n")
    except OSError as error:
        sys.exit(f"mkdir: cannot write {_DATA}/data: {error.strerror}")
    if os.environ.get("ZOO_AUTOPURGE_INTERVAL", "0") == "0":
        log("zookeeper: autopurge is off: snapshots are never deleted")
    registered = Registered()
    Listener("zookeeper", ANY, {"register": registered.register}).serve("0.0.0.0", _PORT)


class Registered:
    """The services that are registered."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, int], tuple[float, list[str]]] = {}
        self.lock = threading.Lock()

    def register(self, asked: dict[str, Any]) -> dict[str, list[tuple[str, int]]]:
        """Registers a service, or hears that it is still there; returns all."""
        now = time.monotonic()
        with self.lock:
            self.entries[asked["host"], asked["port"]] = now + GONE_AFTER, asked["names"]
            self.entries = {at: one for at, one in self.entries.items() if one[0] > now}
            found: dict[str, list[tuple[str, int]]] = {}
            for at, (_, names) in self.entries.items():
                for name in names:
                    found.setdefault(name, []).append(at)
            return found


if __name__ == "__main__":
    main()
