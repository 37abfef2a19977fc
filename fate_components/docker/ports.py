"""Ports of a Docker host at which containers are reached."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ANYWHERE = "0.0.0.0"  # noqa: S104 - for ports that other parties call
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Published:
    """A port of a Docker host at which a service can be reached from outside its party.

    Args:
        port: the TCP port on the Docker host.
        ip: the address of the Docker host that it is bound to; 0.0.0.0 means all of them, and ""
            that the stack file sets none.
    """

    port: int
    ip: str = ANYWHERE

    @classmethod
    def written(cls, port: int | str, ip: str | None) -> "Published":
        """A port as Docker and its provider write it: for all addresses also "" and "::"."""
        return cls(int(port), ANYWHERE if ip in (None, "", "::") else ip)

    def clashes(self, other: "Published") -> bool:
        """Whether one machine cannot publish both."""
        return self.port == other.port and (self.ip == other.ip or ANYWHERE in (self.ip, other.ip))

    @property
    def everywhere(self) -> bool:
        """Whether it is bound to all addresses of the Docker host."""
        return self.ip == ANYWHERE


def bound(container: Mapping[str, Any]) -> Iterator[Published]:
    """The ports of a container that are published while it runs, as Docker describes it."""
    for bindings in (container["HostConfig"].get("PortBindings") or {}).values():
        for binding in bindings or ():
            if binding["HostPort"]:
                yield Published.written(binding["HostPort"], binding.get("HostIp"))
