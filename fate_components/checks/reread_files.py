"""The files of a deployment that services read again by themselves, like route tables."""

from collections.abc import Iterator
from dataclasses import dataclass

from ..docker.names import docker_name
from ..docker.service import File
from ..line import Line, RereadFile
from ..plan.topology import Topology
from ..settings import Settings


@dataclass(frozen=True)
class DeliveredFile:
    """Such a file, in its container.

    Args:
        container: the container's name.
        reread: the file, and its Docker host.
    """

    container: str
    reread: RereadFile

    @property
    def host(self) -> str:
        """The name of its Docker host."""
        return self.reread.host

    @property
    def file(self) -> File:
        """The file as it should be."""
        return self.reread.file


def of(plan: Topology, settings: Settings, line: Line, stack: str) -> Iterator[DeliveredFile]:
    """All of them, to compare with those that were delivered.

    Args:
        plan: the deployment.
        settings: the stack file's settings.
        line: the release line.
        stack: the stack's name.
    """
    for party in plan.parties:
        for cluster in party.clusters.values():
            for reread in line.reread.of_cluster(cluster, settings, stack):
                yield DeliveredFile(docker_name(stack, party.party.id, reread.container), reread)
    if plan.exchange:
        reread = line.reread.of_exchange(plan.exchange)
        yield DeliveredFile(docker_name(stack, reread.container), reread)
