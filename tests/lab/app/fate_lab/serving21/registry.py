"""Where services register: ZooKeeper, as the services of FATE Serving 2.1 use it.

They register the first address that their host name has, which others may not reach.
"""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

from ..protocol import ANY, HopError, call, log

EVERY, GONE_AFTER = 1.0, 5.0  # seconds; the real session ends after 30
_HOSTS = "/etc/hosts"


class Registry:
    """A service's connection to ZooKeeper. It keeps trying, and says so.

    Args:
        me: the name of the service.
        at: HOST:PORT of ZooKeeper.
        port: the port that it registers.
    """

    def __init__(self, me: str, at: str, port: int) -> None:
        host, _, number = at.rpartition(":")
        self.me, self.host, self.number, self.port = me, host, int(number), port
        self.names: set[str] = set()  # what else it answers to: names of services
        self.connected = threading.Event()
        self.addresses: dict[str, list[tuple[str, int]]] = {}
        threading.Thread(target=self._keep, daemon=True).start()

    def _keep(self) -> None:
        said = 0.0
        while True:
            try:
                self.addresses = self._ask()
                self.connected.set()
            except HopError as error:
                if time.monotonic() - said > GONE_AFTER:
                    said = time.monotonic()
                    log(f"{self.me}: unable to canonicalize address of ZooKeeper: {error}")
            time.sleep(EVERY)

    def _ask(self) -> dict[str, list[tuple[str, int]]]:
        names = [self.me, *sorted(self.names)]
        entry = {"host": own_address(), "port": self.port, "names": names}
        found: dict[str, Any] = call(
            self.me, self.host, self.number, "zookeeper", ANY, "register", entry
        )
        return {name: [(one[0], one[1]) for one in at] for name, at in found.items()}

    def find(self, name: str) -> tuple[str, int] | None:
        """Where something of this name is registered."""
        found = self.addresses.get(name)
        return found[0] if found else None


def own_address() -> str:
    """The first address of this host's name, as Java finds it."""
    name = socket.gethostname()
    with open(_HOSTS, encoding="utf-8") as file:
        for line in file:
            address, *names = line.partition("#")[0].split() or [""]
            if name in names:
                return address
    return socket.gethostbyname(name)
