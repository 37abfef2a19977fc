"""Works out the plan of a deployment from its settings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import IPv4Network

from ..docker.names import docker_name
from ..docker.networks import Attachment, Network
from ..releases.facts import Release
from ..settings import SERVING, TRAINING, Party, Settings
from . import slots
from .clusters import ClusterPlan
from .edges import Tunnel, edge_plan
from .endpoints import EXCHANGE, Endpoint, Reach
from .placed import PlacedCluster
from .planner import Planner
from .slots import MAX_PARTIES, cut, stable
from .topology import ExchangePlan, PartyPlan, Topology

# The third octet of a party's network, and the last octet of its gateways on the shared one: from
# here up to 254.
_FIRST_SLOT = 16
_EXCHANGE_OCTET = 2
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


def plan(planner: Planner, stack: str) -> Topology:
    """Compute the deployment from checked settings.

    Args:
        planner: decides where the clusters run.
        stack: the stack's name.
    """
    settings = planner.settings
    clusters = {
        party.id: {cluster.kind: cluster for cluster in planner.clusters(party)}
        for party in settings.parties
    }
    deployment = _Deployment(planner, stack, clusters)
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
        planner: decides where the clusters run.
        stack: the stack's name.
        clusters: by party, its clusters by kind.
    """

    planner: Planner
    stack: str
    clusters: Mapping[int, Mapping[str, PlacedCluster]]

    @property
    def settings(self) -> Settings:
        return self.planner.settings

    @property
    def release(self) -> Release:
        return self.planner.release

    def subnet(self, host: str) -> IPv4Network:
        return slots.subnet(self.settings.hosts[host], self.stack)

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
        if facts.federation_slot:
            # Gateways of two federation engines are there at once while one replaces the other.
            engine, place = facts.federation_slot
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
            id: set(cluster.hosts)
            for id, kinds in self.clusters.items()
            for cluster in kinds.values()
            if cluster.one_subnet
        }
        by_host = {}
        for host in self.settings.hosts:
            first = [id for id, kinds in self.clusters.items() if _runs_on(kinds, host, TRAINING)]
            there = [id for id, kinds in self.clusters.items() if _runs_on(kinds, host)]
            there += [id for id, kinds in self.clusters.items() if _has_some_on(kinds, host)]
            by_host[host] = stable(
                (id for id in dict.fromkeys([*first, *there]) if id not in everywhere), MAX_PARTIES
            )
        for id, hosts in everywhere.items():
            taken = {number for host in hosts for number in by_host[host].values()}
            number = stable([id], MAX_PARTIES, taken)[id]
            for host, numbers in by_host.items():
                if host in hosts or _runs_on(self.clusters[id], host):
                    numbers[id] = number
        return {
            host: {id: _FIRST_SLOT + number for id, number in numbers.items()}
            for host, numbers in by_host.items()
        }

    def cluster(self, party: Party, kind: str) -> ClusterPlan:
        """The plan of one of a party's clusters."""
        cluster = self.clusters[party.id][kind]
        host, facts = cluster.host, cluster.facts
        slot, shared = self.slots[host][party.id], self.shared[host][kind]
        network = Network(docker_name(self.stack, party.id), cut(self.subnet(host), slot))
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
            edge = edge_plan(facts.edge, facts, network, first, facts.gateways, tunnels)
            outside = {}
            others = self._through(facts.edge, others, facts)
            default = default and Endpoint(facts.edge, _EXCHANGE_TUNNEL)
        return ClusterPlan(
            **vars(cluster),
            party=party,
            network=network,
            networks={
                other: network
                if cluster.one_subnet
                else replace(network, subnet=cut(self.subnet(other), self.slots[other][party.id]))
                for other in cluster.elsewhere
            },
            gateways=outside,
            others=others,
            default=default,
            beside=self._beside(party, cluster),
            external={
                name: Endpoint(str(server.address), server.port)
                for name, server in getattr(party, kind).external.items()
            },
            edge=edge,
            known={host: self._known(cluster, host) for host in cluster.hosts},
            home={
                port: self._outside(host, cluster.published[port].port)
                for ports in cluster.calls_home.values()
                for port in ports
            },
            needs={name: self.planner.needs(party, cluster, name) for name in cluster.hosts},
        )

    def _known(self, cluster: PlacedCluster, host: str) -> dict[str, str]:
        """What containers on a Docker host call on the others of their party, and where it is."""
        return {
            ports.container: self._outside(ports.host, ports.first).host
            for ports in cluster.between
            if ports.host != host
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

    def _beside(self, party: Party, cluster: PlacedCluster) -> Reach:
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

    def _others(self, party: Party, cluster: PlacedCluster) -> dict[int, Reach]:
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

    def _gateways(self, party: int, cluster: PlacedCluster, seen_from: str) -> Reach:
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
        published = self.planner.exchange_at()
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
                docker_name(self.stack, EXCHANGE), cut(self.subnet(exchange.host), _EXCHANGE_SLOT)
            )
            tunnels = tuple(self._tunnels(parties, self.release, None))
            behind = {EXCHANGE: service}
            edge = edge_plan(self.release.edge, self.release, network, attachment, behind, tunnels)
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


def _runs_on(clusters: Mapping[str, PlacedCluster], host: str, kind: str = "") -> bool:
    return any(cluster.host == host and kind in ("", cluster.kind) for cluster in clusters.values())


def _has_some_on(clusters: Mapping[str, PlacedCluster], host: str) -> bool:
    return any(host in cluster.elsewhere for cluster in clusters.values())
