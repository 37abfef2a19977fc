"""Who reaches whom, and how: every name, address and route of a deployment, worked out purely.

Inside a party services call each other by name on the party's own Docker network. Proxies of
parties on one Docker host meet on a network that the host's parties share. Everything else goes
through the Docker host's address and a published port, or through the exchange.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from .release import Release
from .settings import DockerHost, Party, Published, Settings
from .settings.checks import published

# A default route that refuses at once. A table without a default makes the caller hang for a
# minute (seen with the real proxy), and one that points at the own proxy loops as long.
NO_ROUTE = ("127.0.0.1", 9)

# 10.192.0.0/16 to 10.239.0.0/16: outside of what Docker picks by itself, flannel's and
# Kubernetes' usual ranges; a Docker host's `subnet` overrides it where it is taken.
_FIRST_SUBNET, _SUBNETS = 192, 48
# The third octet of a party's network, and the last of its proxy on the shared one.
_FIRST_SLOT, _SLOTS = 16, 239
_EXCHANGE_OCTET = 2


@dataclass(frozen=True)
class Endpoint:
    """Where a service listens.

    Args:
        host: a container's name or an address, as the caller must use it.
        port: the TCP port.
    """

    host: str
    port: int


@dataclass(frozen=True)
class Network:
    """A Docker network with addresses of ours, so that they can stay with their service.

    Args:
        name: its name on the Docker host.
        subnet: the addresses it has.
    """

    name: str
    subnet: IPv4Network

    @property
    def gateway(self) -> IPv4Address:
        """The Docker host's own address in it."""
        return self.subnet[1]

    def at(self, octet: int) -> str:
        """The address with this last octet."""
        return str(self.subnet[octet])


@dataclass(frozen=True)
class Attachment:
    """A container's place in a network: the address it keeps, and the names it answers to."""

    network: Network
    address: str
    aliases: tuple[str, ...] = ()


RouteTable = Mapping[str, object]


@dataclass(frozen=True)
class PartyPlan:
    """Everything about a party that follows from the whole deployment.

    Args:
        party: what the stack file says of it.
        network: its own Docker network.
        proxy_shared: its proxy's place in the network that the Docker host's parties share.
        published: where its ports are offered on the Docker host, by the port's name.
        routes: its proxy's route table.
    """

    party: Party
    network: Network
    proxy_shared: Attachment
    published: Mapping[str, Published]
    routes: RouteTable


@dataclass(frozen=True)
class ExchangePlan:
    """The exchange that this stack runs.

    Args:
        host: the Docker host's name.
        shared: its place in the network that the Docker host's parties share.
        published: its port on the Docker host.
        routes: its route table.
    """

    host: str
    shared: Attachment
    published: Published
    routes: RouteTable


@dataclass(frozen=True)
class Topology:
    """The whole deployment.

    Args:
        shared: by Docker host, the network that proxies on it share.
        parties: the parties, in the stack file's order.
        exchange: the exchange, if this stack runs one.
    """

    shared: Mapping[str, Network]
    parties: tuple[PartyPlan, ...]
    exchange: ExchangePlan | None


def docker_name(stack: str, *parts: object) -> str:
    """The name of an object of ours on a Docker host, like fate-dev-9999-roll."""
    return "-".join(["fate", stack, *map(str, parts)])


def plan(settings: Settings, release: Release, stack: str) -> Topology:
    """Work out the deployment of checked settings.

    Args:
        settings: what the stack file says.
        release: the facts of the release it names.
        stack: the stack's name.
    """
    subnets = {name: _subnet(host, stack) for name, host in settings.hosts.items()}
    shared = {
        name: Network(docker_name(stack, "shared"), _cut(subnet, 0))
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
    """The addresses of proxies, as seen from one Docker host or another."""

    settings: Settings
    release: Release
    stack: str

    @property
    def proxy_port(self) -> int:
        return self.release.services[self.release.exchange.service].port

    def published(self, party: Party) -> dict[str, Published]:
        return {
            name: published(party.training.publish, self.release, name)
            for name in self.release.published
        }

    def proxy(self, party: Party, seen_from: str) -> Endpoint:
        if party.host == seen_from:
            return Endpoint(docker_name(self.stack, party.id, "proxy"), self.proxy_port)
        return self._outside(party.host, self.published(party)["proxy"].port)

    def exchange(self, seen_from: str) -> Endpoint | None:
        exchange = self.settings.exchange
        if exchange is None:
            return None
        port = exchange.port or self.release.exchange.publish
        if exchange.address is not None:
            return Endpoint(exchange.address, port)
        assert exchange.host is not None  # noqa: S101 - the model allows only one of the two
        if exchange.host == seen_from:
            return Endpoint(docker_name(self.stack, "exchange"), self.proxy_port)
        return self._outside(exchange.host, port)

    def _outside(self, host: str, port: int) -> Endpoint:
        address = self.settings.hosts[host].reachable_at
        assert address is not None  # noqa: S101 - checked with the settings
        return Endpoint(address, port)


def _subnet(host: DockerHost, stack: str) -> IPv4Network:
    if host.subnet:
        return IPv4Network(host.subnet)
    octet = _FIRST_SUBNET + hashlib.sha256(stack.encode()).digest()[0] % _SUBNETS
    return IPv4Network(f"10.{octet}.0.0/16")


def _cut(subnet: IPv4Network, slot: int) -> IPv4Network:
    return IPv4Network((int(subnet.network_address) + (slot << 8), 24))


def _slots(parties: Iterable[int]) -> dict[int, int]:
    """A slot for each party of a Docker host, which others coming and going do not change.

    It follows from the party's id; only where two ids fall on one slot does the later party in
    the stack file take the next free one.
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
        proxy_shared=Attachment(network, network.at(slot)),
        published=addresses.published(party),
        routes=_party_routes(party, addresses),
    )


def _party_routes(party: Party, addresses: _Addresses) -> RouteTable:
    """With an exchange everything foreign goes through it; else straight to each party."""
    settings, services = addresses.settings, addresses.release.services
    exchange = addresses.exchange(seen_from=party.host)
    routes: dict[int, Endpoint] = {}
    if exchange is None:
        routes = {
            other.id: addresses.proxy(other, seen_from=party.host)
            for other in settings.parties
            if other.id != party.id
        }
    if not (settings.exchange and settings.exchange.host):
        # Our own exchange knows the peers; nobody else's does for sure.
        routes |= {peer.id: Endpoint(peer.address, peer.port) for peer in settings.peers}
    own = {
        "fateflow": Endpoint("python", services["python"].ports["fateflow-grpc"]),
        "fate": Endpoint("federation", services["federation"].port),
    }
    return _table(exchange or Endpoint(*NO_ROUTE), routes, {str(party.id): own})


def _exchange(shared: Mapping[str, Network], addresses: _Addresses) -> ExchangePlan | None:
    settings = addresses.settings
    exchange = settings.exchange
    if exchange is None or exchange.host is None:
        return None
    routes = {
        party.id: addresses.proxy(party, seen_from=exchange.host) for party in settings.parties
    } | {peer.id: Endpoint(peer.address, peer.port) for peer in settings.peers}
    network = shared[exchange.host]
    return ExchangePlan(
        host=exchange.host,
        shared=Attachment(network, network.at(_EXCHANGE_OCTET)),
        published=Published(port=exchange.port or addresses.release.exchange.publish),
        routes=_table(Endpoint(*NO_ROUTE), routes, {}),
    )


def _table(
    default: Endpoint, others: Mapping[int, Endpoint], own: Mapping[str, Mapping[str, Endpoint]]
) -> RouteTable:
    """A proxy's route table, with the own party last.

    The proxy counts every entry from its own party's on as inside its own network
    (ConfFileBasedFdnRouter.initRouteTable, FATE v1.3.0), so nothing foreign may follow it.
    """
    table = {"default": {"default": default}}
    table |= {str(party): {"default": others[party]} for party in sorted(others)}
    return {
        "route_table": {
            party: {role: [{"ip": to.host, "port": to.port}] for role, to in roles.items()}
            for party, roles in {**table, **own}.items()
        },
        "permission": {"default_allow": True},
    }
