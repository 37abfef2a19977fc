"""serving-proxy: a party's entrance for inference requests, its own and those of other parties."""

from collections.abc import Sequence

import pulumi

from ..docker import delivery
from ..docker.service import Container, File, Service
from ..party.context import ClusterContext
from ..party.files import json_text
from ..party.route_json import entries
from .settings import GATEWAY


def route_table(context: ClusterContext) -> dict[str, object]:
    """route_table.json. It has no default: a request for an unknown party fails at once."""
    own = {str(context.party_id): {"serving": context.endpoint("serving-server")}}
    return {
        "route_table": entries(GATEWAY, None, context.plan.others, own),
        "permission": {"default_allow": True},
    }


def table(context: ClusterContext, conf: str) -> File:
    """route_table.json as a file of the container.

    Args:
        context: the serving cluster.
        conf: the folder for configuration in the container.
    """
    # Rereading it makes serving-proxy forget all routes (ConfigFileBasedServingRouter of FATE
    # Serving, v1.2.2 and v2.1.6).
    return File(f"{conf}/route_table.json", json_text(route_table(context)), reread=True)


class ServingProxy(Service):
    """A party's serving-proxy. It reads its route table again every ten seconds, so a changed table
    is delivered into the running container.

    Args:
        token: the component's type.
        context: the serving cluster it belongs to.
        routes: its route table.
        files: its other files.
        opts: the parent and provider options.
        command: the command line to use instead of the image's own.
    """

    def __init__(
        self,
        token: str,
        context: ClusterContext,
        routes: File,
        files: Sequence[File],
        opts: pulumi.ResourceOptions,
        command: Sequence[str] = (),
    ) -> None:
        super().__init__(
            token,
            context.place,
            Container(
                service="serving-proxy",
                networks=[
                    context.attachment("serving-proxy"),
                    *context.plan.shared("serving-proxy"),
                ],
                command=command,
                files=[routes, *files],
                published=context.plan.publishes(
                    context.plan.facts.services["serving-proxy"].published_ports
                ),
            ),
            opts=opts,
        )
        delivery.file("serving-routes", self, routes, pulumi.ResourceOptions(parent=self))
        self.register_outputs({})
