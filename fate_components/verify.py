"""The toy job that runs after an `up`: if the parties cannot work together, the `up` fails."""

from collections.abc import Sequence

import pulumi

from .docker import tool
from .party import Exchange, Party
from .release import Release
from .settings import TRAINING


def toy_jobs(
    parties: Sequence[Party], exchanges: Sequence[Exchange], release: Release, stack: str
) -> None:
    """Run the toy job between the stack's first party and each of the others.

    A single party runs it with itself. It runs again when a container of one of its two parties
    is replaced.

    Args:
        parties: the stack's parties.
        exchanges: the exchange between them, if there is one.
        release: the facts of the release; each release line has its own way of running a job.
        stack: the stack's name.
    """
    training = [party for party in parties if TRAINING in party.services]
    if not training:
        return
    guest = training[0]
    for host in training[1:] or [guest]:
        services = [
            service
            for party in dict.fromkeys([guest, host])
            for service in party.services[TRAINING]
        ]
        tool.run(
            f"verify-{guest.id}-{host.id}",
            f"fate_components.toy_job.{release.line}",
            ["--stack", stack],
            environment={
                "GUEST": str(guest.id),
                "GUEST_DOCKER": guest.hosts[TRAINING].docker_host,
                "HOST": str(host.id),
                "HOST_DOCKER": host.hosts[TRAINING].docker_host,
            },
            opts=pulumi.ResourceOptions(depends_on=[guest, host, *exchanges]),
            triggers=[service.container.id for service in services],
        )
