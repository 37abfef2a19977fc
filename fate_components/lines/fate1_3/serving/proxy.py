"""serving-proxy: a party's entrance for inference requests, its own and those of other parties."""

import pulumi

from ....docker import delivery
from ....docker.service import Container, File, Service
from ....party.context import ClusterContext
from ....party.files import ROOT, json_text, properties

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


def route_table(context: ClusterContext) -> dict[str, object]:
    """route_table.json. It has no default: a request for an unknown party fails at once (2503)."""
    server = context.endpoint("serving-server")
    table = {
        str(party): {"default": reach["serving-grpc"]}
        for party, reach in sorted(context.plan.others.items())
    }
    table[str(context.party_id)] = {"serving": server}
    return {
        "route_table": {
            party: {role: [{"ip": to.host, "port": to.port}] for role, to in roles.items()}
            for party, roles in table.items()
        },
        "permission": {"default_allow": True},
    }


def table(context: ClusterContext) -> File:
    """route_table.json as a file of the container."""
    # Rereading it makes serving-proxy forget all routes (ConfigFileBasedServingRouter, v1.2.2).
    return File(f"{_CONF}/route_table.json", json_text(route_table(context)), reread=True)


class ServingProxy(Service):
    """A party's serving-proxy. It starts alone, and reads its route table again every ten seconds,
    so a changed table is delivered into the running container.

    Args:
        context: the serving cluster it belongs to.
        opts: the parent and provider options.
    """

    def __init__(self, context: ClusterContext, opts: pulumi.ResourceOptions) -> None:
        routes = table(context)
        super().__init__(
            "fate:fate1:ServingProxy",
            context.place,
            Container(
                service="serving-proxy",
                networks=[
                    context.attachment("serving-proxy"),
                    *context.plan.shared("serving-proxy"),
                ],
                files=[routes, File(f"{_CONF}/application.properties", config(context))],
                published=context.plan.publishes(
                    context.plan.facts.services["serving-proxy"].published_ports
                ),
            ),
            opts=opts,
        )
        delivery.file("serving-routes", self, routes, pulumi.ResourceOptions(parent=self))
        self.register_outputs({})
