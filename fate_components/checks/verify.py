"""The checks after an `up`: the parties can work together, or the `up` fails."""

from collections.abc import Sequence

import pulumi

from ..docker import tool
from ..line import Line
from ..party.party import Exchange, Party
from ..settings import SERVING, TRAINING


def toy_jobs(
    parties: Sequence[Party], exchanges: Sequence[Exchange], line: Line, stack: str
) -> None:
    """Run the toy job between the stack's first training cluster and each of the others.

    If there is only one, it runs the job with itself. The job runs again when a container of one
    of its two parties was replaced.

    Args:
        parties: the stack's parties.
        exchanges: the exchange between them, if there is one.
        line: the release line, which runs a job in its own way.
        stack: the stack's name.
    """
    training = [party for party in parties if TRAINING in party.services]
    for host in training[1:] or training:
        guest = training[0]
        both = dict.fromkeys([guest, host])
        tool.run(
            f"verify-{guest.id}-{host.id}",
            line.toy_job,
            ["--stack", stack],
            environment={
                "GUEST": str(guest.id),
                "GUEST_DOCKER": guest.hosts[TRAINING].docker_host,
                "HOST": str(host.id),
                "HOST_DOCKER": host.hosts[TRAINING].docker_host,
            },
            opts=pulumi.ResourceOptions(depends_on=[guest, host, *exchanges]),
            triggers=[
                service.container.id for party in both for service in party.services[TRAINING]
            ],
        )


def serving(parties: Sequence[Party], line: Line, stack: str) -> None:
    """Check each serving cluster, again when a container of one of them was replaced.

    Args:
        parties: the stack's parties.
        line: the release line.
        stack: the stack's name.
    """
    if line.serving is None:
        return
    clusters = [party for party in parties if SERVING in party.services]
    for party in clusters:
        environment = {
            "PARTY": str(party.id),
            "SERVING_DOCKER": party.hosts[SERVING].docker_host,
        }
        if TRAINING in party.hosts:
            environment["TRAINING_DOCKER"] = party.hosts[TRAINING].docker_host
        tool.run(
            f"verify-serving-{party.id}",
            line.serving.check,
            ["--stack", stack],
            environment=environment,
            opts=pulumi.ResourceOptions(depends_on=clusters),
            triggers=[
                service.container.id
                for other in clusters
                for kind, services in other.services.items()
                if kind == SERVING or other is party
                for service in services
            ],
        )
