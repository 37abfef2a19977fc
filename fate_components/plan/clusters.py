"""The plan of one cluster of a party."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..docker.networks import Attachment, Network
from ..releases.facts import Release
from ..settings import Between, Party, Published
from ..settings.clusters import ClusterKeys
from .edges import EdgePlan
from .endpoints import Endpoint, Reach


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
