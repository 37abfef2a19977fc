"""serving-server: it keeps a party's models and computes its share of each prediction."""

import pulumi

from ....party.context import ClusterContext
from ....serving import server
from . import home, zookeeper
from .settings import Serving


def config(context: ClusterContext, serving: Serving) -> dict[str, object]:
    """serving-server.properties.

    It calls its serving-proxy by name even if there is a ZooKeeper: what is registered there is an
    address.
    """
    registry = zookeeper.url(context)
    properties: dict[str, object] = {
        "port": context.port("serving-server"),
        # Both are true if they are left out.
        "useRegister": str(bool(registry)).lower(),
        "useZkRouter": "false",
        "proxy": server.proxy(context),
        "model.transfer.url": server.transfer_url(context),
        "model.cache.path": home.folder("serving-server"),
        "feature.single.adaptor": serving.adapter,
        "feature.batch.adaptor": serving.batch_adapter,
    }
    if serving.adapter_url:
        properties["http.adapter.url"] = serving.adapter_url
    return properties | registry


class ServingServer(server.ServingServer):
    """A party's serving-server. At its start it takes its models from its own volume.

    Args:
        context: the serving cluster it belongs to.
        serving: the cluster's settings.
        opts: the parent and provider options.
    """

    def __init__(
        self, context: ClusterContext, serving: Serving, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__(
            "fate:fate1_11:ServingServer",
            context,
            home.files("serving-server", config(context, serving)),
            # Without it, or if it cannot be written, the server ends.
            f"{home.folder('serving-server')}/.fate",
            opts,
            home.start("serving-server"),
        )
