"""Docker networks with addresses of our choice."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network


@dataclass(frozen=True)
class Network:
    """A Docker network whose addresses we choose, so that services can keep theirs.

    Args:
        name: its name on the Docker host.
        subnet: its addresses.
    """

    name: str
    subnet: IPv4Network

    @property
    def gateway(self) -> IPv4Address:
        """The Docker host's own address in it."""
        return self.subnet[1]

    def at(self, number: int) -> str:
        """The address with this number in the subnet."""
        return str(self.subnet[number])


@dataclass(frozen=True)
class Attachment:
    """A container's attachment to a network: the address it keeps, and its aliases."""

    network: Network
    address: str
    aliases: tuple[str, ...] = ()
