"""serving-server: it keeps a party's models and computes its share of each prediction."""

from collections.abc import Sequence

import pulumi

from ..docker.service import Container, File, Service, Volume
from ..party.context import ClusterContext
from ..plan.endpoints import Endpoint
from .placing import FLOW

# A party without a training cluster has no FATE Flow to load models from: nothing listens there.
_NO_FATE_FLOW = Endpoint("127.0.0.1", 9)


def proxy(context: ClusterContext) -> str:
    """Where serving-server calls the serving-proxy of its cluster."""
    return f"serving-proxy:{context.plan.facts.services['serving-proxy'].ports['serving-intra']}"


def transfer_url(context: ClusterContext) -> str:
    """Where serving-server gets models: FATE Flow of its party."""
    flow = context.plan.beside.get(FLOW, _NO_FATE_FLOW)
    return f"http://{flow.host}:{flow.port}/v1/model/transfer"


class ServingServer(Service):
    """A party's serving-server.

    Args:
        token: the component's type.
        context: the serving cluster it belongs to.
        files: its files.
        models: the folder in the container that keeps the models that were loaded.
        opts: the parent and provider options.
        command: the command line to use instead of the image's own.
    """

    def __init__(
        self,
        token: str,
        context: ClusterContext,
        files: Sequence[File],
        models: str,
        opts: pulumi.ResourceOptions,
        command: Sequence[str] = (),
    ) -> None:
        super().__init__(
            token,
            context.place,
            Container(
                service="serving-server",
                networks=[context.attachment("serving-server")],
                command=command,
                files=files,
                volumes=[Volume("serving-server", models)],
                published={"serving-server": context.plan.published["serving-server"]},
            ),
            opts=opts,
        )
        self.register_outputs({})
