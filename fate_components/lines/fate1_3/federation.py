"""federation: sends a job's values to the other parties, through the proxy."""

import pulumi

from ...docker.service import Container, File, Service
from ...party.files import ROOT, properties
from .cluster import ClusterContext


def config(context: ClusterContext) -> str:
    """federation.properties; the image's own file has other ports than the rest of FATE."""
    meta_service, proxy = context.endpoint("meta-service"), context.endpoint("proxy")
    return properties(
        {
            "party.id": context.party_id,
            "service.port": context.port("federation"),
            "meta.service.ip": meta_service.host,
            "meta.service.port": meta_service.port,
            "proxy.ip": proxy.host,
            "proxy.port": proxy.port,
        }
    )


class Federation(Service):
    """A party's federation. It starts independently.

    Args:
        context: the training cluster it belongs to.
        opts: the parent and provider options.
    """

    def __init__(self, context: ClusterContext, opts: pulumi.ResourceOptions) -> None:
        super().__init__(
            "fate:fate1:Federation",
            context.place,
            Container(
                service="federation",
                networks=[context.attachment("federation")],
                files=[File(f"{ROOT}/federation/conf/federation.properties", config(context))],
            ),
            opts=opts,
        )
        self.register_outputs({})
