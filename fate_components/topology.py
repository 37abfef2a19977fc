"""Who reaches whom, and how: computes every name, address and route, without side effects.

Inside a party, services call each other by name on the party's own Docker network. Gateways, the
services that other parties call, are on a network that the parties of a Docker host share.
Everything else goes through the Docker host's address and a published port, or the exchange.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from .release import Release
from .settings import Party, Published, Settings

# The third octet of a party's network, and the last octet of its gateways on the shared one.
_FIRST_SLOT, _SLOTS = 16, 239
_EXCHANGE_OCTET = 2


@dataclass(frozen=True)
class Endpoint:
    """Where a service listens.

    Args:
        host: a container name or an address, as the caller must use it.
        port: the TCP port.
    """

    host: str
    port: int


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


Reach = Mapping[str, Endpoint]
"""The endpoints of a party's gateways, by port name."""


@dataclass(frozen=True)
class PartyPlan:
    """Everything about a party that follows from the whole deployment.

    Args:
        party: its settings in the stack file.
        network: its own Docker network.
        gateways: its gateways' attachments to the network that the Docker host's parties share.
        published: where its ports are published on the Docker host, by port name.
        others: the parties it has a route to, by id.
        default: the route to all others: the exchange, if there is one.
    """

    party: Party
    network: Network
    gateways: Mapping[str, Attachment]
    published: Mapping[str, Published]
    others: Mapping[int, Reach]
    default: Endpoint | None


@dataclass(frozen=True)
class ExchangePlan:
    """The exchange that this stack runs.

    Args:
        host: the Docker host's name.
        shared: its attachment to the network that the Docker host's parties share.
        published: its port on the Docker host.
        parties: the parties it has a route to, by id.
    """

    host: str
    shared: Attachment
    published: Published
    parties: Mapping[int, Reach]


@dataclass(frozen=True)
class Topology:
    """The whole deployment.

    Args:
        shared: the network that the gateways on each Docker host share.
        parties: the parties, in the stack file's order.
        exchange: the exchange, if this stack runs one.
    """

    shared: Mapping[str, Network]
    parties: tuple[PartyPlan, ...]
    exchange: ExchangePlan | None


def docker_name(stack: str, *parts: object) -> str:
    """The name of one of our objects on a Docker host, like fate-dev-9999-roll."""
    return "-".join(["fate", stack, *map(str, parts)])


def plan(settings: Settings, release: Release, stack: str) -> Topology:
    """Compute the deployment from checked settings.

    Args:
        settings: the stack file's settings.
        release: the facts of the release it names.
        stack: the stack's name.
    """
    subnets = {name: host.networks(stack) for name, host in settings.hosts.items()}
    shared = {
        name: Network(docker_name(stack, "shared"), _shared(subnet, len(release.gateways)))
        for name, subnet in subnets.items()
    }
    addresses = _Addresses(settings, release, stack)
    slots = {
        name: _slots(party.id for party in settings.parties if party.host == name)
        for name in settings.hosts
    }
    return Topology(
        shared=shared,
        parties=tuple(
            _party(party, slots[party.host][party.id], subnets[party.host], shared, addresses)
            for party in settings.parties
        ),
        exchange=_exchange(shared, addresses),
    )


@dataclass(frozen=True)
class _Addresses:
    """The addresses of gateways, as seen from a given Docker host."""

    settings: Settings
    release: Release
    stack: str

    def party(self, party: Party, seen_from: str) -> Reach:
        if party.host == seen_from:
            return {
                port: Endpoint(docker_name(self.stack, party.id, name), number)
                for name, service in self.release.gateways.items()
                for port, number in service.ports.items()
                if port in service.gateway
            }
        at = party.training.published(self.release)
        return {
            port: self._outside(party.host, at[port].port) for port in self.release.gateway_ports
        }

    def peers(self) -> dict[int, Reach]:
        return {
            peer.id: {
                port: Endpoint(peer.address, number)
                for port, number in peer.ports_of(self.release.gateway_ports).items()
            }
            for peer in self.settings.peers
        }

    def exchange(self, seen_from: str) -> Endpoint | None:
        exchange, facts = self.settings.used_exchange, self.release.exchange
        if exchange is None or facts is None:
            return None
        port = exchange.port or facts.publish
        if exchange.address is not None:
            return Endpoint(exchange.address, port)
        assert exchange.host is not None  # noqa: S101 - the model allows only one of the two
        if exchange.host == seen_from:
            own = self.release.services[facts.service].port
            return Endpoint(docker_name(self.stack, "exchange"), own)
        return self._outside(exchange.host, port)

    def _outside(self, host: str, port: int) -> Endpoint:
        address = self.settings.hosts[host].reachable_at
        assert address is not None  # noqa: S101 - checked with the settings
        return Endpoint(address, port)


def _cut(subnet: IPv4Network, slot: int) -> IPv4Network:
    return IPv4Network((int(subnet.network_address) + (slot << 8), 24))


def _shared(subnet: IPv4Network, gateways: int) -> IPv4Network:
    """A /24 for each gateway of the release, which holds that gateway of every party."""
    return IPv4Network((int(subnet.network_address), 24 - (gateways - 1).bit_length()))


def _slots(parties: Iterable[int]) -> dict[int, int]:
    """A slot for each party of a Docker host, unaffected by parties that are added or removed.

    It follows from the party's id; only if two ids map to the same slot, the later party in the
    stack file takes the next free one.
    """
    taken: dict[int, int] = {}
    for party in parties:
        slot = party % _SLOTS
        while slot in taken.values():
            slot = (slot + 1) % _SLOTS
        taken[party] = slot
    return {party: _FIRST_SLOT + slot for party, slot in taken.items()}


def _party(
    party: Party,
    slot: int,
    subnet: IPv4Network,
    shared: Mapping[str, Network],
    addresses: _Addresses,
) -> PartyPlan:
    network = shared[party.host]
    return PartyPlan(
        party=party,
        network=Network(docker_name(addresses.stack, party.id), _cut(subnet, slot)),
        gateways={
            name: Attachment(network, network.at((index << 8) + slot))
            for index, name in enumerate(addresses.release.gateways)
        },
        published=party.training.published(addresses.release),
        others=_others(party, addresses),
        default=addresses.exchange(seen_from=party.host),
    )


def _others(party: Party, addresses: _Addresses) -> dict[int, Reach]:
    """With an exchange, other parties are reached through it; otherwise directly."""
    settings = addresses.settings
    others: dict[int, Reach] = {}
    if settings.used_exchange is None:
        others = {
            other.id: addresses.party(other, seen_from=party.host)
            for other in settings.parties
            if other.id != party.id
        }
    if not (settings.used_exchange and settings.used_exchange.host):
        # Our own exchange knows the peers; somebody else's may not.
        others |= addresses.peers()
    return others


def _exchange(shared: Mapping[str, Network], addresses: _Addresses) -> ExchangePlan | None:
    settings, facts = addresses.settings, addresses.release.exchange
    exchange = settings.used_exchange
    if exchange is None or exchange.host is None or facts is None:
        return None
    parties = {
        party.id: addresses.party(party, seen_from=exchange.host) for party in settings.parties
    }
    network = shared[exchange.host]
    return ExchangePlan(
        host=exchange.host,
        shared=Attachment(network, network.at(_EXCHANGE_OCTET)),
        published=Published(port=exchange.port or facts.publish),
        parties=parties | addresses.peers(),
    )
