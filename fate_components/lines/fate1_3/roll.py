"""roll: distributes EggRoll's work among the eggs."""

import pulumi

from ...docker.service import Container, File, Service
from ...party.files import ROOT, properties
from .cluster import ClusterContext


def config(context: ClusterContext) -> str:
    """roll.properties."""
    meta_service = context.endpoint("meta-service")
    return properties(
        {
            "party.id": context.party_id,
            "service.port": context.port("roll"),
            "meta.service.ip": meta_service.host,
            "meta.service.port": meta_service.port,
        }
    )


class Roll(Service):
    """A party's roll. It starts independently and queries meta-service when there is work.

    Args:
        context: the training cluster it belongs to.
        opts: the parent and provider options.
    """

    def __init__(self, context: ClusterContext, opts: pulumi.ResourceOptions) -> None:
        super().__init__(
            "fate:fate1:Roll",
            context.place,
            Container(
                service="roll",
                networks=[context.attachment("roll")],
                files=[File(f"{ROOT}/roll/conf/roll.properties", config(context))],
            ),
            opts=opts,
        )
        self.register_outputs({})
