"""Ports that the containers of a party on several Docker hosts call."""

from dataclasses import dataclass

from ..docker.ports import Published
from ..settings.errors import Location


@dataclass(frozen=True)
class CrossHostPorts:
    """Consecutive ports of a container that the party's containers on its other Docker hosts call.

    They have the same numbers in the container and on its Docker host if what listens there tells
    others its port itself.

    Args:
        container: the container's name in the party's networks, which others call it by.
        host: the name of its Docker host.
        first: the first port.
        count: how many there are.
        ip: the host's address that they are bound to.
        key: the key that sets them, below the cluster's.
        encrypted: whether what they carry is encrypted.
        inside: the number of the port in the container, if there is one port with another number.
    """

    container: str
    host: str
    first: int
    count: int
    ip: str
    key: Location
    encrypted: bool = True
    inside: int | None = None

    @property
    def bindings(self) -> list[tuple[int, Published]]:
        """Each of them in the container, and where it is published."""
        return [(self.inside or to.port, to) for to in self.published]

    @property
    def published(self) -> list[Published]:
        """Each of them on the Docker host."""
        return [Published(self.first + index, self.ip) for index in range(self.count)]
