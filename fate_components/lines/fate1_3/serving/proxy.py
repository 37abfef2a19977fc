"""serving-proxy: a party's entrance for inference requests, its own and those of other parties."""

import pulumi

from ....docker.service import File
from ....party.context import ClusterContext
from ....party.files import ROOT, properties
from ....serving import proxy

_CONF = f"{ROOT}/serving-proxy/conf"


def config(context: ClusterContext) -> str:
    """application.properties; the defaults of ports that are left out are not FATE's usual ones."""
    ports = context.plan.facts.services["serving-proxy"].ports
    return properties(
        {
            "coordinator": context.party_id,
            "server.port": ports["serving-http"],
            "proxy.grpc.intra.port": ports["serving-intra"],
            "proxy.grpc.inter.port": ports["serving-grpc"],
            "useZkRouter": "false",
        }
    )


def table(context: ClusterContext) -> File:
    """route_table.json as a file of the container."""
    return proxy.table(context, _CONF)


class ServingProxy(proxy.ServingProxy):
    """A party's serving-proxy. It starts alone.

    Args:
        context: the serving cluster it belongs to.
        opts: the parent and provider options.
    """

    def __init__(self, context: ClusterContext, opts: pulumi.ResourceOptions) -> None:
        conf = File(f"{_CONF}/application.properties", config(context))
        super().__init__("fate:fate1:ServingProxy", context, table(context), [conf], opts)
