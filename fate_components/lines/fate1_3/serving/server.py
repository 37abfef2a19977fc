"""serving-server: it keeps a party's models and computes its share of each prediction."""

import pulumi

from ....docker.service import Container, File, Service, Volume
from ....party.context import ClusterContext
from ....party.files import ROOT, properties
from ....plan.endpoints import Endpoint

# A party without a training cluster has no FATE Flow to load models from: nothing listens there.
_NO_FATE_FLOW = Endpoint("127.0.0.1", 9)


def config(context: ClusterContext, adapter: str, redis_password: str) -> str:
    """serving-server.properties."""
    redis, release = context.endpoint("serving-redis"), context.plan.facts
    intra = release.services["serving-proxy"].ports["serving-intra"]
    fate_flow = context.plan.beside.get("fateflow-http", _NO_FATE_FLOW)
    return properties(
        {
            "port": context.port("serving-server"),
            # In the image both are true: without ZooKeeper the server then ends after its start.
            "useRegister": "false",
            "useZkRouter": "false",
            "proxy": f"serving-proxy:{intra}",
            "redis.ip": redis.host,
            "redis.port": redis.port,
            "redis.password": redis_password,
            "OnlineDataAccessAdapter": adapter,
            "InferencePreProcessingAdapter": "PassPreProcessing",
            "InferencePostProcessingAdapter": "PassPostProcessing",
            "model.transfer.url": f"http://{fate_flow.host}:{fate_flow.port}/v1/model/transfer",
        }
    )


class ServingServer(Service):
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
        super().__init__(
            "fate:fate1:ServingServer",
            context.place,
            Container(
                service="serving-server",
                networks=[context.attachment("serving-server")],
                files=[
                    File(
                        f"{ROOT}/serving-server/conf/serving-server.properties",
                        config(context, adapter, redis_password),
                        secret=True,
                    )
                ],
                # The models that were loaded.
                volumes=[Volume("serving-server", "/root/.fate")],
                published={"serving-server": context.plan.published["serving-server"]},
            ),
            opts=opts,
        )
        self.register_outputs({})
