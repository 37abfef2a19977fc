"""The plan of one cluster of a party."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..docker.networks import Attachment, Network
from ..docker.ports import Published
from ..settings import Party
from .edges import EdgePlan
from .endpoints import Endpoint, Reach
from .placed import Needs, PlacedCluster


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


@dataclass(frozen=True, kw_only=True)
class ClusterPlan(PlacedCluster):
    """Everything about a party's cluster that follows from the whole deployment.

    Args:
        party: the party's settings in the stack file.
        network: the party's Docker network on the Docker host that the cluster runs on.
        networks: the same on its other Docker hosts, by their names.
        gateways: its gateways' attachments to the network that they share with other parties';
            none behind an edge.
        others: the parties it has a route to, by id.
        default: the route to all others: the exchange, if there is one.
        beside: the ports of the party's other clusters, by name.
        external: where the database servers are that somebody else runs, by the name of the service
            that each stands for.
        edge: its edge, if connections to other parties are encrypted.
        known: for each of the party's Docker hosts, the names of the containers on the others that
            are called from there, and the addresses that these have there.
        home: where other Docker hosts call the published ports in `calls_home`, by their names.
        needs: what it needs of each of its Docker hosts.
    """

    party: Party
    network: Network
    networks: Mapping[str, Network]
    gateways: Mapping[str, Attachment]
    others: Mapping[int, Reach]
    default: Endpoint | None
    beside: Reach
    external: Mapping[str, Endpoint]
    edge: EdgePlan | None
    known: Mapping[str, Mapping[str, str]]
    home: Reach
    needs: Mapping[str, Needs]

    @property
    def branches(self) -> dict[str, Branch]:
        """What it has on other Docker hosts of the party, by Docker host."""
        return {
            host: Branch(self.networks[host], services) for host, services in self.elsewhere.items()
        }

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
        return self.containers_at(self.host, service, getattr(self.party, self.kind))

    def network_at(self, host: str) -> Network:
        """The party's network on one of the cluster's Docker hosts."""
        return self.branches[host].network if host in self.branches else self.network

    def placed(self, service: str) -> Endpoint | None:
        """Where a service of one container on another Docker host is called from its own."""
        for ports in self.between:
            if ports.container == service and ports.host != self.host:
                return Endpoint(self.known[self.host][service], ports.first)
        return None

    def forwarded(self, container: str) -> list[tuple[int, Published]]:
        """The ports at which the party's other Docker hosts call a container: each port in the
        container, and where it is published.
        """
        return [
            binding
            for ports in self.between
            if ports.container == container
            for binding in ports.bindings
        ]

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
