"""The clusters that the settings describe, and where they run; addresses are worked out next."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..docker.ports import Published
from ..releases.facts import Release
from ..settings.clusters import ClusterKeys
from .cross_host import CrossHostPorts


@dataclass(frozen=True)
class PlacedCluster:
    """One of a party's clusters, and where it runs.

    Args:
        kind: training or serving, its key in the stack file.
        host: the name of its Docker host.
        facts: the facts of its services.
        published: where its ports are published, by port name.
        inner: the ports that the party's other clusters call.
        elsewhere: the services of which it has containers on other Docker hosts of the party, with
            the names of these containers, by Docker host.
        between: the ports that cross the party's Docker hosts.
        calls_home: the published ports that services on other Docker hosts call on its own, by
            service.
        one_subnet: whether its networks on all of these hosts have the same addresses.
    """

    kind: str
    host: str
    facts: Release
    published: Mapping[str, Published]
    inner: tuple[str, ...] = ()
    elsewhere: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    between: tuple[CrossHostPorts, ...] = ()
    calls_home: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    one_subnet: bool = False

    @property
    def hosts(self) -> tuple[str, ...]:
        """All of its Docker hosts, the one it runs on first."""
        return (self.host, *self.elsewhere)

    def host_of(self, container: str) -> str:
        """The name of the Docker host of one of its containers."""
        away = (
            host
            for host, services in self.elsewhere.items()
            if any(container in names for names in services.values())
        )
        return next(away, self.host)

    def containers_at(self, host: str, service: str, keys: ClusterKeys) -> list[str]:
        """The names of a service's containers on one of its Docker hosts.

        Args:
            host: the Docker host's name.
            service: the service's name.
            keys: the cluster's settings in the stack file.
        """
        if host != self.host:
            return [*self.elsewhere.get(host, {}).get(service, ())]
        away = {
            name
            for services in self.elsewhere.values()
            for names in services.values()
            for name in names
        }
        return [name for name in keys.containers(service, self.host) if name not in away]

    def host_of_port(self, port: str) -> str:
        """The name of the Docker host on which it publishes one of its ports."""
        return self.host_of(self.facts.publisher(port))


@dataclass(frozen=True)
class Needs:
    """What a cluster needs of its Docker host.

    Args:
        memory: what its services take during a small job, in MiB.
        cores: how many cores its jobs must find, or 0 if any number will do.
        shared_cores: how many cores its workers offer to jobs together.
    """

    memory: int
    cores: int = 0
    shared_cores: int = 0
