"""The files of a deployment that services read again by themselves, like route tables."""

from collections.abc import Iterator
from dataclasses import dataclass

from ..docker.names import docker_name
from ..docker.service import File
from ..line import Line
from ..plan.endpoints import EXCHANGE
from ..plan.topology import Topology
from ..settings import Settings


@dataclass(frozen=True)
class DeliveredFile:
    """Such a file, in its container.

    Args:
        owner: the party's id, or "exchange".
        host: the name of the Docker host.
        container: the container's name.
        file: the file as it should be.
    """

    owner: str
    host: str
    container: str
    file: File


def of(plan: Topology, settings: Settings, line: Line, stack: str) -> Iterator[DeliveredFile]:
    """All of them, to compare with those that were delivered.

    Args:
        plan: the deployment.
        settings: the stack file's settings.
        line: the release line.
        stack: the stack's name.
    """
    for one in plan.parties:
        id = one.party.id
        for cluster in one.clusters.values():
            for found in line.reread.of_cluster(cluster, settings, stack):
                name = docker_name(stack, id, found.container)
                yield DeliveredFile(str(id), found.host, name, found.file)
    if plan.exchange:
        file = line.reread.of_exchange(plan.exchange)
        yield DeliveredFile(EXCHANGE, plan.exchange.host, docker_name(stack, EXCHANGE), file)
