"""Who reaches whom, and how: computes every name, address and route, without side effects.

Inside a party, services call each other by name on the party's own Docker network. Gateways, the
services that other parties call, are on a network that the parties of a Docker host share.
Everything else goes through the Docker host's address and a published port, or the exchange.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network

from .names import docker_name
from .release import Release
from .settings import MAX_PARTIES, SERVING, TRAINING, Cluster, Party, Published, Settings

# The third octet of a party's network, and the last octet of its gateways on the shared one: from
# here up to 254.
_FIRST_SLOT = 16
_EXCHANGE_OCTET = 2
# By kind of cluster: the last parts of the name of the network that gateways share, and the third
# octet of its first address.
_SHARED = {TRAINING: (("shared",), 0), SERVING: (("shared", "serving"), 8)}


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
class ClusterPlan:
    """Everything about a party's cluster that follows from the whole deployment.

    Args:
        kind: training or serving.
        host: the name of its Docker host.
        party: the party's settings in the stack file.
        facts: the facts of its services.
        network: the party's Docker network on that host.
        gateways: its gateways' attachments to the network that they share with other parties'.
        published: where its ports are published on the Docker host, by port name.
        others: the parties it has a route to, by id.
        default: the route to all others: the exchange, if there is one.
        beside: the ports of the party's other clusters, by name.
    """

    kind: str
    host: str
    party: Party
    facts: Release
    network: Network
    gateways: Mapping[str, Attachment]
    published: Mapping[str, Published]
    others: Mapping[int, Reach]
    default: Endpoint | None
    beside: Reach


@dataclass(frozen=True)
class PartyPlan:
    """A party of the stack.

    Args:
        party: its settings in the stack file.
        clusters: its clusters by kind, training before serving.
    """

    party: Party
    clusters: Mapping[str, ClusterPlan]


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
        shared: the networks that the gateways on each Docker host share, by kind of cluster.
        parties: the parties, in the stack file's order.
        exchange: the exchange, if this stack runs one.
    """

    shared: Mapping[str, Mapping[str, Network]]
    parties: tuple[PartyPlan, ...]
    exchange: ExchangePlan | None


def plan(settings: Settings, release: Release, stack: str) -> Topology:
    """Compute the deployment from checked settings.

    Args:
        settings: the stack file's settings.
        release: the facts of the release it names.
        stack: the stack's name.
    """
    clusters = {
        party.id: {cluster.kind: cluster for cluster in settings.clusters(party, release)}
        for party in settings.parties
    }
    deployment = _Deployment(settings, release, stack, clusters)
    return Topology(
        shared=deployment.shared,
        parties=tuple(
            PartyPlan(
                party,
                {kind: deployment.cluster(party, kind) for kind in clusters[party.id]},
            )
            for party in settings.parties
        ),
        exchange=deployment.exchange(),
    )


@dataclass(frozen=True)
class _Deployment:
    """The settings, and what follows from them for all clusters.

    Args:
        settings: the stack file's settings.
        release: the facts of the release.
        stack: the stack's name.
        clusters: by party, its clusters by kind.
    """

    settings: Settings
    release: Release
    stack: str
    clusters: Mapping[int, Mapping[str, Cluster]]

    def subnet(self, host: str) -> IPv4Network:
        return self.settings.hosts[host].networks(self.stack)

    @cached_property
    def shared(self) -> dict[str, dict[str, Network]]:
        """By Docker host and kind of cluster: the network that gateways of that kind share."""
        shared = {
            host: {TRAINING: self._shared(host, TRAINING, self.release)}
            for host in self.settings.hosts
        }
        for clusters in self.clusters.values():
            for kind, cluster in clusters.items():
                network = self._shared(cluster.host, kind, cluster.facts)
                shared[cluster.host].setdefault(kind, network)
        return shared

    def _shared(self, host: str, kind: str, facts: Release) -> Network:
        """A /24 for each gateway of a kind of cluster, which holds that gateway of every party."""
        parts, octet = _SHARED[kind]
        prefix = 24 - (len(facts.gateways) - 1).bit_length()
        first = int(self.subnet(host).network_address) + (octet << 8)
        return Network(docker_name(self.stack, *parts), IPv4Network((first, prefix)))

    @cached_property
    def slots(self) -> dict[str, dict[int, int]]:
        """The slot of each party on each Docker host.

        A party whose only cluster there is not its training cluster comes last: adding it changes
        no other party's slot.
        """
        found = {}
        for host in self.settings.hosts:
            first = [id for id, kinds in self.clusters.items() if _runs_on(kinds, host, TRAINING)]
            there = [id for id, kinds in self.clusters.items() if _runs_on(kinds, host)]
            found[host] = _slots(dict.fromkeys([*first, *there]))
        return found

    def cluster(self, party: Party, kind: str) -> ClusterPlan:
        """The plan of one of a party's clusters."""
        cluster = self.clusters[party.id][kind]
        host = cluster.host
        slot, shared = self.slots[host][party.id], self.shared[host][kind]
        return ClusterPlan(
            kind=kind,
            host=host,
            party=party,
            facts=cluster.facts,
            network=Network(docker_name(self.stack, party.id), _cut(self.subnet(host), slot)),
            gateways={
                name: Attachment(shared, shared.at((index << 8) + slot))
                for index, name in enumerate(cluster.facts.gateways)
            },
            published=cluster.published,
            others=self._others(party, cluster),
            default=self._exchange_seen_from(host) if kind == TRAINING else None,
            beside=self._beside(party, cluster),
        )

    def _beside(self, party: Party, cluster: Cluster) -> Reach:
        """Services of one party on one Docker host reach each other by name."""
        return {
            port: Endpoint(name, number)
            if other.host == cluster.host
            else self._outside(other.host, other.published[port].port)
            for other in self.clusters[party.id].values()
            if other is not cluster
            for name, service in other.facts.services.items()
            for port, number in service.published_ports.items()
        }

    def _others(self, party: Party, cluster: Cluster) -> dict[int, Reach]:
        """With an exchange, training clusters are reached through it; otherwise directly."""
        exchange = self.settings.used_exchange if cluster.kind == TRAINING else None
        others: dict[int, Reach] = {}
        if exchange is None:
            others = {
                id: self._gateways(id, kinds[cluster.kind], seen_from=cluster.host)
                for id, kinds in self.clusters.items()
                if id != party.id and cluster.kind in kinds
            }
        if not (exchange and exchange.host):
            # Our own exchange knows the peers; somebody else's may not.
            others |= self._peers(cluster.facts)
        return others

    def _gateways(self, party: int, cluster: Cluster, seen_from: str) -> Reach:
        if cluster.host == seen_from:
            return {
                port: Endpoint(docker_name(self.stack, party, name), service.ports[port])
                for name, service in cluster.facts.gateways.items()
                for port in service.gateway
            }
        return {
            port: self._outside(cluster.host, cluster.published[port].port)
            for port in cluster.facts.gateway_ports
        }

    def _peers(self, facts: Release) -> dict[int, Reach]:
        return {
            peer.id: {
                port: Endpoint(*peer.reached_at(port, usual))
                for port, usual in facts.gateway_ports.items()
            }
            for peer in self.settings.peers
        }

    def _exchange_seen_from(self, host: str) -> Endpoint | None:
        exchange, facts = self.settings.used_exchange, self.release.exchange
        if exchange is None or facts is None:
            return None
        port = exchange.port or facts.publish
        if exchange.address is not None:
            return Endpoint(exchange.address, port)
        assert exchange.host is not None  # noqa: S101 - the model allows only one of the two
        if exchange.host == host:
            own = self.release.services[facts.service].port
            return Endpoint(docker_name(self.stack, "exchange"), own)
        return self._outside(exchange.host, port)

    def _outside(self, host: str, port: int) -> Endpoint:
        address = self.settings.hosts[host].reachable_at
        assert address is not None  # noqa: S101 - checked with the settings
        return Endpoint(address, port)

    def exchange(self) -> ExchangePlan | None:
        """The plan of the exchange, if this stack runs one."""
        exchange, facts = self.settings.used_exchange, self.release.exchange
        if exchange is None or exchange.host is None or facts is None:
            return None
        parties = {
            id: self._gateways(id, kinds[TRAINING], seen_from=exchange.host)
            for id, kinds in self.clusters.items()
            if TRAINING in kinds
        }
        network = self.shared[exchange.host][TRAINING]
        return ExchangePlan(
            host=exchange.host,
            shared=Attachment(network, network.at(_EXCHANGE_OCTET)),
            published=Published(port=exchange.port or facts.publish),
            parties=parties | self._peers(self.release),
        )


def _cut(subnet: IPv4Network, slot: int) -> IPv4Network:
    return IPv4Network((int(subnet.network_address) + (slot << 8), 24))


def _runs_on(clusters: Mapping[str, Cluster], host: str, kind: str = "") -> bool:
    return any(one.host == host and kind in ("", one.kind) for one in clusters.values())


def _slots(parties: Iterable[int]) -> dict[int, int]:
    """A slot for each party of a Docker host, unaffected by parties that are added or removed.

    It follows from the party's id; only if two ids map to the same slot, the later party takes the
    next free one.
    """
    taken: dict[int, int] = {}
    for party in parties:
        slot = party % MAX_PARTIES
        while slot in taken.values():
            slot = (slot + 1) % MAX_PARTIES
        taken[party] = slot
    return {party: _FIRST_SLOT + slot for party, slot in taken.items()}
