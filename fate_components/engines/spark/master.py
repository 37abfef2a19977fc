"""Spark's master: gives the jobs' drivers their executors on the workers."""

import pulumi

from ...docker.service import Container, Service
from ..context import EngineContext
from . import conf as spark


class SparkMaster(Service):
    """A party's Spark master. It starts independently, and workers find it again after its restart.
    It keeps nothing: a new one knows the workers and the running jobs as soon as they have
    registered again.

    Args:
        context: the training cluster it belongs to.
        opts: the parent and provider options.
    """

    def __init__(self, context: EngineContext, opts: pulumi.ResourceOptions) -> None:
        at, ui = context.attachment("spark-master"), context.ports("spark-master")["spark-ui"]
        port = spark.ports(context).master
        options = f"--host spark-master --port {port} --webui-port {ui}"
        super().__init__(
            "fate:fate2:SparkMaster",
            context.place,
            Container(
                service="spark-master",
                networks=[at],
                command=["bash", "-c", spark.daemon("master.Master", options)],
                environment=spark.ENVIRONMENT,
                files=[spark.daemon_defaults(context)],
                published=context.plan.publishes(["spark-ui"]),
                forwarded=context.plan.forwarded("spark-master"),
            ),
            opts=opts,
        )
        self.register_outputs({})
