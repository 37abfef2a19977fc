"""serving-server: it keeps a party's models and computes its share of each prediction."""

import pulumi

from ....docker.service import File
from ....party.context import ClusterContext
from ....party.files import ROOT, properties
from ....serving import server


def config(context: ClusterContext, adapter: str, redis_password: str) -> str:
    """serving-server.properties."""
    redis = context.endpoint("serving-redis")
    return properties(
        {
            "port": context.port("serving-server"),
            # In the image both are true: without ZooKeeper the server then ends after its start.
            "useRegister": "false",
            "useZkRouter": "false",
            "proxy": server.proxy(context),
            "redis.ip": redis.host,
            "redis.port": redis.port,
            "redis.password": redis_password,
            "OnlineDataAccessAdapter": adapter,
            "InferencePreProcessingAdapter": "PassPreProcessing",
            "InferencePostProcessingAdapter": "PassPostProcessing",
            "model.transfer.url": server.transfer_url(context),
        }
    )


class ServingServer(server.ServingServer):
    """A party's serving-server. It starts without Redis and connects when it is asked.

    Args:
        context: the serving cluster it belongs to.
        adapter: the class that reads the host's features.
        redis_password: the password of the cluster's Redis.
        opts: the parent and provider options.
    """

    def __init__(
        self,
        context: ClusterContext,
        adapter: str,
        redis_password: str,
        opts: pulumi.ResourceOptions,
    ) -> None:
        conf = File(
            f"{ROOT}/serving-server/conf/serving-server.properties",
            config(context, adapter, redis_password),
            secret=True,
        )
        super().__init__("fate:fate1:ServingServer", context, [conf], "/root/.fate", opts)
