"""serving-proxy: a party's entrance for inference requests, its own and those of other parties."""

import pulumi

from ....docker.service import File
from ....party.context import ClusterContext
from ....serving import proxy
from . import home, zookeeper


def config(context: ClusterContext) -> dict[str, object]:
    """application.properties."""
    ports = context.plan.facts.services["serving-proxy"].ports
    registry = zookeeper.url(context)
    return {
        "coordinator": context.party_id,
        "server.port": ports["serving-http"],
        "proxy.grpc.intra.port": ports["serving-intra"],
        "proxy.grpc.inter.port": ports["serving-grpc"],
        # What it does not find in ZooKeeper, it looks up in its route table.
        "useZkRouter": str(bool(registry)).lower(),
        **registry,
    }


def table(context: ClusterContext) -> File:
    """route_table.json as a file of the container."""
    return proxy.table(context, home.conf("serving-proxy"))


class ServingProxy(proxy.ServingProxy):
    """A party's serving-proxy.

    Args:
        context: the serving cluster it belongs to.
        opts: the parent and provider options.
    """

    def __init__(self, context: ClusterContext, opts: pulumi.ResourceOptions) -> None:
        super().__init__(
            "fate:fate1_11:ServingProxy",
            context,
            table(context),
            home.files("serving-proxy", config(context)),
            opts,
            home.start("serving-proxy", zookeeper.own_address(context, "serving-proxy")),
        )
