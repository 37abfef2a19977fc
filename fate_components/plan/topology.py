"""Who reaches whom, and how: computes every name, address and route, without side effects.

Inside a party, services call each other by name on the party's own Docker network. Gateways, the
services that other parties call, are on a network that the parties of a Docker host share.
Everything else goes through the Docker host's address and a published port, or the exchange.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ..docker.networks import Attachment, Network
from ..docker.ports import Published
from ..releases.facts import ServiceFacts
from ..settings import Party
from .clusters import ClusterPlan
from .edges import EdgePlan
from .endpoints import EXCHANGE, Reach


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
    services: tuple[ServiceFacts, ...]
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

    def services(self, host: str) -> list[ServiceFacts]:
        """The services that run on a Docker host."""
        services = [
            cluster.facts.services[name]
            for party in self.parties
            for cluster in party.clusters.values()
            for name in cluster.services
            if (cluster.host == host and cluster.containers_of(name))
            or name in _there(cluster, host)
        ]
        if self.exchange and self.exchange.host == host:
            services += self.exchange.services
        return services

    def networks(self, host: str) -> list[Network]:
        """The networks of this stack on a Docker host."""
        all_networks = list(self.shared[host].values())
        for party in self.parties:
            networks = [
                cluster.network if cluster.host == host else cluster.branches[host].network
                for cluster in party.clusters.values()
                if host in cluster.hosts
            ]
            all_networks += {network.name: network for network in networks}.values()
        if self.exchange and self.exchange.host == host and self.exchange.network:
            all_networks.append(self.exchange.network)
        return all_networks

    def users(self, host: str) -> list[str]:
        """Who runs something on a Docker host: parties by their ids, and the exchange."""
        users = [
            str(party.party.id)
            for party in self.parties
            if any(host in cluster.hosts for cluster in party.clusters.values())
        ]
        if self.exchange and self.exchange.host == host:
            users.append(EXCHANGE)
        return users


def _there(cluster: ClusterPlan, host: str) -> Mapping[str, tuple[str, ...]]:
    return cluster.branches[host].services if host in cluster.branches else {}
