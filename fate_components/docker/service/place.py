"""Where a service runs, and what its objects are called there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_docker as docker

from ..host import Host
from ..names import docker_name, labels
from ..software import Software


@dataclass(frozen=True)
class Place:
    """Where a service's container runs, and what it belongs to.

    Args:
        stack: the stack's name.
        cluster: training or exchange, as in the label.
        host: the Docker host.
        services: the software that can run there, by the name of the service.
        networks: the Docker networks on that host, by name.
        party: the party's id, or None for the exchange.
        keep_data: whether destroy leaves volumes on the host.
        after: what must have succeeded before its volumes and containers are created.
        elsewhere: the same on the party's other Docker hosts.
    """

    stack: str
    cluster: str
    host: Host
    services: Mapping[str, Software]
    networks: Mapping[str, docker.Network]
    party: int | None
    keep_data: bool = True
    after: Sequence[pulumi.Resource] = ()
    elsewhere: Mapping[str, "Place"] = field(default_factory=dict)

    def docker_name(self, part: str) -> str:
        """The name of an object on the Docker host."""
        parts = (part,) if self.party is None else (self.party, part)
        return docker_name(self.stack, *parts)

    def resource_name(self, part: str) -> str:
        """The logical name of a resource; changing it would replace running containers."""
        return part if self.party is None else f"{self.party}-{part}"

    def labels(self, service: str) -> dict[str, str]:
        """The labels of a service's objects."""
        more = {"cluster": self.cluster, "service": service}
        if self.party is not None:
            more["party"] = str(self.party)
        return labels(self.stack, **more)
