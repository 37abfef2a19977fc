"""Who reaches whom, and how: computes every name, address and route, without side effects.

Inside a party, services call each other by name on the party's own Docker network. Gateways, the
services that other parties call, are on a network that the parties of a Docker host share.
Everything else goes through the Docker host's address and a published port, or the exchange.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network

from ..docker.names import docker_name
from ..releases.facts import Protocol, Release, Service
from ..settings import MAX_PARTIES, SERVING, TRAINING, Between, Cluster, Party, Published, Settings
from ..settings.models import ClusterKeys

# The third octet of a party's network, and the last octet of its gateways on the shared one: from
# here up to 254.
_FIRST_SLOT = 16
_EXCHANGE_OCTET = 2
EXCHANGE = "exchange"
"""What the exchange is called where a party would have its id."""
# The ports at which an edge listens for its own cluster: a range for each gateway port, and in it a
# port for each party. All are below those that Linux gives to outgoing connections.
_FIRST_TUNNEL, _TUNNELS = 10000, 7000
_EXCHANGE_TUNNEL = 9371
# The third octet of the network of an exchange and its edge.
_EXCHANGE_SLOT = 15
_FEDERATION = 2  # /24s for the gateways of a federation engine
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
class Entrance:
    """A port at which others call a gateway through its edge, with TLS.

    Args:
        port: the port of the edge.
        protocol: what the gateway speaks.
        to: the gateway.
    """

    port: int
    protocol: Protocol
    to: Endpoint


@dataclass(frozen=True)
class Tunnel:
    """A port at which a cluster calls a gateway of another party through its own edge.

    Args:
        party: the other party's id, or "exchange".
        port: the port of the edge, without TLS.
        protocol: what the gateway speaks.
        to: where the other side accepts TLS.
    """

    party: str
    port: int
    protocol: Protocol
    to: Endpoint


@dataclass(frozen=True)
class EdgePlan:
    """The edge of a cluster or of the exchange: all that crosses it is encrypted outside of it.

    Args:
        service: its name among the services of the release.
        inside: its attachment to the network of what it belongs to.
        outside: its attachment to the network that it shares with other edges.
        entrances: the ways in.
        tunnels: the ways out.
    """

    service: str
    inside: Attachment
    outside: Attachment
    entrances: tuple[Entrance, ...]
    tunnels: tuple[Tunnel, ...]


@dataclass(frozen=True)
class Branch:
    """What a cluster has on another Docker host of its party.

    Args:
        network: the party's Docker network there.
        services: the services of which it has containers there, with the containers' names.
    """

    network: Network
    services: Mapping[str, tuple[str, ...]]

    @property
    def containers(self) -> list[str]:
        """The names of its containers there."""
        return [name for names in self.services.values() for name in names]


@dataclass(frozen=True)
class ClusterPlan:
    """Everything about a party's cluster that follows from the whole deployment.

    Args:
        kind: training or serving.
        host: the name of its Docker host.
        party: the party's settings in the stack file.
        facts: the facts of its services.
        network: the party's Docker network on that host.
        gateways: its gateways' attachments to the network that they share with other parties';
            none behind an edge.
        published: where its ports are published on the Docker host, by port name.
        others: the parties it has a route to, by id.
        default: the route to all others: the exchange, if there is one.
        beside: the ports of the party's other clusters, by name.
        external: where the database servers are that somebody else runs, by the name of the service
            that each stands for.
        edge: its edge, if connections to other parties are encrypted.
        branches: what it has on other Docker hosts of the party, by Docker host.
        between: the ports that its containers call on the party's other Docker hosts.
        known: for each of the party's Docker hosts, the names of the containers on the others that
            are called from there, and the addresses that these have there.
        calls_home: the published ports that services on other Docker hosts call on its own, by
            service.
        home: where these ports are called from there, by their names.
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
    external: Mapping[str, Endpoint]
    edge: EdgePlan | None
    branches: Mapping[str, Branch] = field(default_factory=dict)
    between: tuple[Between, ...] = ()
    known: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    calls_home: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    home: Reach = field(default_factory=dict)

    @property
    def hosts(self) -> tuple[str, ...]:
        """All of its Docker hosts, the one it runs on first."""
        return (self.host, *self.branches)

    @property
    def services(self) -> list[str]:
        """The services that it runs."""
        return [name for name in self.facts.services if name not in self.external]

    @property
    def containers(self) -> list[str]:
        """The last parts of the names of its containers on its own host, like roll and egg-2."""
        return [name for service in self.services for name in self.containers_of(service)]

    def containers_of(self, service: str) -> list[str]:
        """The same for one of its services."""
        settings: ClusterKeys = getattr(self.party, self.kind)
        away = {name for branch in self.branches.values() for name in branch.containers}
        return [name for name in settings.containers(service, self.host) if name not in away]

    def host_of(self, container: str) -> str:
        """The name of the Docker host of one of its containers."""
        return next(
            (host for host, branch in self.branches.items() if container in branch.containers),
            self.host,
        )

    def host_of_port(self, port: str) -> str:
        """The name of the Docker host on which it publishes one of its ports."""
        return self.host_of(self.facts.publisher(port))

    def network_at(self, host: str) -> Network:
        """The party's network on one of the cluster's Docker hosts."""
        return self.branches[host].network if host in self.branches else self.network

    def placed(self, service: str) -> Endpoint | None:
        """Where a service of one container on another Docker host is called from its own."""
        for one in self.between:
            if one.container == service and one.host != self.host:
                return Endpoint(self.known[self.host][service], one.first)
        return None

    def crossing(self, container: str) -> list[Between]:
        """The ports at which a container is called from the party's other Docker hosts."""
        return [one for one in self.between if one.container == container]

    def shared(self, service: str) -> list[Attachment]:
        """A gateway's attachments to networks that it shares with other parties'."""
        return [self.gateways[service]] if service in self.gateways else []

    def publishes(self, ports: Iterable[str]) -> dict[str, Published]:
        """Which of a service's ports its own container publishes: those that its edge does not.

        Args:
            ports: their names.
        """
        behind = self.facts.gateway_ports if self.edge else ()
        return {name: self.published[name] for name in ports if name not in behind}


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
        attachment: its attachment to the network that the Docker host's parties share, or to its
            own behind an edge.
        published: its port on the Docker host.
        services: the facts of its services.
        parties: the parties it has a route to, by id.
        network: the network of its own, if connections are encrypted.
        edge: its edge, if connections are encrypted.
    """

    host: str
    attachment: Attachment
    published: Published
    services: tuple[Service, ...]
    parties: Mapping[int, Reach]
    network: Network | None
    edge: EdgePlan | None

    @property
    def edge_name(self) -> str | None:
        """What its edge is called among the stack's containers."""
        return f"{EXCHANGE}-{self.edge.service}" if self.edge else None


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

    def services(self, host: str) -> list[Service]:
        """The services that run on a Docker host."""
        found = [
            cluster.facts.services[name]
            for party in self.parties
            for cluster in party.clusters.values()
            for name in cluster.services
            if (cluster.host == host and cluster.containers_of(name))
            or name in _there(cluster, host)
        ]
        if self.exchange and self.exchange.host == host:
            found += self.exchange.services
        return found

    def networks(self, host: str) -> list[Network]:
        """The networks of this stack on a Docker host."""
        found = list(self.shared[host].values())
        for party in self.parties:
            networks = [
                cluster.network if cluster.host == host else cluster.branches[host].network
                for cluster in party.clusters.values()
                if host in cluster.hosts
            ]
            found += {network.name: network for network in networks}.values()
        if self.exchange and self.exchange.host == host and self.exchange.network:
            found.append(self.exchange.network)
        return found

    def users(self, host: str) -> list[str]:
        """Who runs something on a Docker host: parties by their ids, and the exchange."""
        found = [
            str(party.party.id)
            for party in self.parties
            if any(host in cluster.hosts for cluster in party.clusters.values())
        ]
        if self.exchange and self.exchange.host == host:
            found.append(EXCHANGE)
        return found


def _there(cluster: ClusterPlan, host: str) -> Mapping[str, tuple[str, ...]]:
    return cluster.branches[host].services if host in cluster.branches else {}


def called(party: str) -> str:
    """A party, by its id, or the exchange, for a message."""
    return "the exchange" if party == EXCHANGE else f"party {party}"


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
        if facts.unusual:
            # Gateways of two federation engines are there at once while one replaces the other.
            engine, place = facts.unusual
            parts, octet = (*parts, engine), octet + _FEDERATION * place
        prefix = 24 - (len(facts.gateways) - 1).bit_length()
        first = int(self.subnet(host).network_address) + (octet << 8)
        return Network(docker_name(self.stack, *parts), IPv4Network((first, prefix)))

    @cached_property
    def slots(self) -> dict[str, dict[int, int]]:
        """The slot of each party on each Docker host.

        A party whose only cluster there is not its training cluster comes last: adding it changes
        no other party's slot. One whose networks have the same addresses on all of its hosts comes
        after all others, and has the same slot on each.
        """
        everywhere = {
            id: set(one.hosts)
            for id, kinds in self.clusters.items()
            for one in kinds.values()
            if one.one_subnet
        }
        found = {}
        for host in self.settings.hosts:
            first = [id for id, kinds in self.clusters.items() if _runs_on(kinds, host, TRAINING)]
            there = [id for id, kinds in self.clusters.items() if _runs_on(kinds, host)]
            there += [id for id, kinds in self.clusters.items() if _has_some_on(kinds, host)]
            found[host] = stable(
                (id for id in dict.fromkeys([*first, *there]) if id not in everywhere), MAX_PARTIES
            )
        for id, hosts in everywhere.items():
            taken = {number for host in hosts for number in found[host].values()}
            number = stable([id], MAX_PARTIES, taken)[id]
            for host, numbers in found.items():
                if host in hosts or _runs_on(self.clusters[id], host):
                    numbers[id] = number
        return {
            host: {id: _FIRST_SLOT + number for id, number in numbers.items()}
            for host, numbers in found.items()
        }

    def cluster(self, party: Party, kind: str) -> ClusterPlan:
        """The plan of one of a party's clusters."""
        cluster = self.clusters[party.id][kind]
        host, facts = cluster.host, cluster.facts
        slot, shared = self.slots[host][party.id], self.shared[host][kind]
        network = Network(docker_name(self.stack, party.id), _cut(self.subnet(host), slot))
        outside = {
            name: Attachment(shared, shared.at((index << 8) + slot))
            for index, name in enumerate(facts.gateways)
        }
        others = self._others(party, cluster)
        default = self._exchange_seen_from(host) if kind == TRAINING else None
        edge = None
        if facts.edge:
            first = next(iter(outside.values()))
            tunnels = tuple(self._tunnels(others, facts, default))
            edge = _edge(facts.edge, facts, network, first, facts.gateways, tunnels)
            outside = {}
            others = self._through(facts.edge, others, facts)
            default = default and Endpoint(facts.edge, _EXCHANGE_TUNNEL)
        return ClusterPlan(
            kind=kind,
            host=host,
            party=party,
            facts=facts,
            network=network,
            gateways=outside,
            published=cluster.published,
            others=others,
            default=default,
            beside=self._beside(party, cluster),
            external={
                name: Endpoint(str(server.address), server.port)
                for name, server in getattr(party, kind).external.items()
            },
            edge=edge,
            branches={
                other: Branch(
                    network
                    if cluster.one_subnet
                    else replace(
                        network, subnet=_cut(self.subnet(other), self.slots[other][party.id])
                    ),
                    services,
                )
                for other, services in cluster.elsewhere.items()
            },
            between=cluster.between,
            known={host: self._known(cluster, host) for host in cluster.hosts},
            calls_home=cluster.calls_home,
            home={
                port: self._outside(host, cluster.published[port].port)
                for ports in cluster.calls_home.values()
                for port in ports
            },
        )

    def _known(self, cluster: Cluster, host: str) -> dict[str, str]:
        """What containers on a Docker host call on the others of their party, and where it is."""
        return {
            one.container: self._outside(one.host, one.first).host
            for one in cluster.between
            if one.host != host
        }

    @cached_property
    def tunnels(self) -> dict[int, int]:
        """A number for each party, own or peer, unaffected by others that come or go."""
        everyone = [*self.clusters, *(peer.id for peer in self.settings.peers)]
        return stable(everyone, _TUNNELS)

    def _tunnel_ports(self, party: int, facts: Release) -> dict[str, int]:
        """By gateway port, the port of the caller's edge that leads to a party's."""
        return {
            name: _FIRST_TUNNEL + index * _TUNNELS + self.tunnels[party]
            for index, name in enumerate(facts.gateway_ports)
        }

    def _tunnels(
        self, others: Mapping[int, Reach], facts: Release, exchange: Endpoint | None
    ) -> Iterator[Tunnel]:
        protocols = facts.gateway_protocols
        for party, reach in sorted(others.items()):
            for name, port in self._tunnel_ports(party, facts).items():
                yield Tunnel(str(party), port, protocols[name], reach[name])
        if exchange:
            yield Tunnel(EXCHANGE, _EXCHANGE_TUNNEL, next(iter(protocols.values())), exchange)

    def _through(self, edge: str, others: Mapping[int, Reach], facts: Release) -> dict[int, Reach]:
        return {
            party: {
                name: Endpoint(edge, port)
                for name, port in self._tunnel_ports(party, facts).items()
            }
            for party in others
        }

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
        exchange = self.settings.exchange if cluster.kind == TRAINING else None
        others: dict[int, Reach] = {}
        if exchange is None:
            others = {
                id: self._gateways(id, kinds[cluster.kind], seen_from=cluster.host)
                for id, kinds in self.clusters.items()
                if id != party.id and cluster.kind in kinds
            }
        if not (exchange and exchange.host):
            # Our own exchange knows the peers; somebody else's may not.
            others |= self._peers(cluster.kind)
        return others

    def _gateways(self, party: int, cluster: Cluster, seen_from: str) -> Reach:
        edge = cluster.facts.edge
        if cluster.host == seen_from:
            return {
                port: Endpoint(docker_name(self.stack, party, edge or name), service.ports[port])
                for name, service in cluster.facts.gateways.items()
                for port in service.gateway
            }
        return {
            port: self._outside(cluster.host, cluster.published[port].port)
            for port in cluster.facts.gateway_ports
        }

    def _peers(self, kind: str) -> dict[int, Reach]:
        """A peer has the usual ports where it states none, whatever those of a cluster are."""
        facts = self.release if kind == TRAINING else self.release.serving_cluster
        return {
            peer.id: {
                port: Endpoint(*peer.reached_at(port, usual))
                for port, usual in facts.gateway_ports.items()
            }
            for peer in self.settings.peers
        }

    def _exchange_seen_from(self, host: str) -> Endpoint | None:
        exchange, facts = self.settings.exchange, self.release.exchange
        if exchange is None or facts is None:
            return None
        port = exchange.port or facts.publish
        if exchange.address is not None:
            return Endpoint(exchange.address, port)
        assert exchange.host is not None  # noqa: S101 - the model allows only one of the two
        if exchange.host == host:
            own = self.release.services[facts.service].port
            name = (EXCHANGE, self.release.edge) if self.release.edge else (EXCHANGE,)
            return Endpoint(docker_name(self.stack, *name), own)
        return self._outside(exchange.host, port)

    def _outside(self, host: str, port: int) -> Endpoint:
        address = self.settings.hosts[host].reachable_at
        assert address is not None  # noqa: S101 - checked with the settings
        return Endpoint(address, port)

    def exchange(self) -> ExchangePlan | None:
        """The plan of the exchange, if this stack runs one."""
        exchange, facts = self.settings.exchange, self.release.exchange
        published = self.settings.exchange_at(self.release)
        if exchange is None or exchange.host is None or facts is None or published is None:
            return None
        parties: dict[int, Reach] = {
            id: self._gateways(id, kinds[TRAINING], seen_from=exchange.host)
            for id, kinds in self.clusters.items()
            if TRAINING in kinds
        }
        parties |= self._peers(TRAINING)
        shared = self.shared[exchange.host][TRAINING]
        attachment, network, edge = Attachment(shared, shared.at(_EXCHANGE_OCTET)), None, None
        if self.release.edge:
            service = self.release.services[facts.service]
            network = Network(
                docker_name(self.stack, EXCHANGE), _cut(self.subnet(exchange.host), _EXCHANGE_SLOT)
            )
            tunnels = tuple(self._tunnels(parties, self.release, None))
            behind = {EXCHANGE: service}
            edge = _edge(self.release.edge, self.release, network, attachment, behind, tunnels)
            attachment = Attachment(network, network.at(service.address), aliases=(EXCHANGE,))
            parties = self._through(self.release.edge, parties, self.release)
        return ExchangePlan(
            host=exchange.host,
            attachment=attachment,
            published=published,
            services=tuple(
                self.release.services[name] for name in (facts.service, self.release.edge) if name
            ),
            parties=parties,
            network=network,
            edge=edge,
        )


def _edge(
    name: str,
    facts: Release,
    network: Network,
    outside: Attachment,
    behind: Mapping[str, Service],
    tunnels: tuple[Tunnel, ...],
) -> EdgePlan:
    """The edge of what is in a network, with the gateways behind it by their names there."""
    address = network.at(facts.services[name].address)
    entrances = tuple(
        Entrance(service.ports[port], protocol, Endpoint(gateway, service.ports[port]))
        for gateway, service in behind.items()
        for port, protocol in service.gateway.items()
    )
    inside = Attachment(network, address, aliases=(name,))
    return EdgePlan(name, inside, outside, entrances, tunnels)


def _cut(subnet: IPv4Network, slot: int) -> IPv4Network:
    return IPv4Network((int(subnet.network_address) + (slot << 8), 24))


def _runs_on(clusters: Mapping[str, Cluster], host: str, kind: str = "") -> bool:
    return any(one.host == host and kind in ("", one.kind) for one in clusters.values())


def _has_some_on(clusters: Mapping[str, Cluster], host: str) -> bool:
    return any(host in one.elsewhere for one in clusters.values())


def stable(ids: Iterable[int], count: int, taken: Iterable[int] = ()) -> dict[int, int]:
    """A number below `count` for each id, unaffected by ids that are added or removed.

    It follows from the id; only if two ids map to the same number, the later one takes the next
    free one.

    Args:
        ids: the ids.
        count: how many numbers there are.
        taken: the numbers that are not free.
    """
    found: dict[int, int] = {}
    taken = set(taken)
    for id in ids:
        number = id % count
        while number in taken:
            number = (number + 1) % count
        taken.add(number)
        found[id] = number
    return found
