"""Spark's worker: runs the executors of jobs; a party can have several."""

from collections.abc import Sequence
from dataclasses import replace

import pulumi

from ..docker.service import Container, Service
from . import spark
from .cluster import ClusterContext
from .fate_flow import LOCALFS

# A worker that finds no master tries again only after some ten seconds.
_WAIT = """echo "waiting for {host}:{port}"
until (exec 3<>/dev/tcp/{host}/{port}) 2>/dev/null; do sleep 1; done
"""


class SparkWorker(Service):
    """One of a party's Spark workers. It starts independently, and waits for the master.

    Args:
        context: the training cluster it belongs to.
        index: which worker, from 0.
        needs: FATE Flow's tables, which must exist before it starts.
        opts: the parent and provider options.
    """

    def __init__(
        self,
        context: ClusterContext,
        index: int,
        needs: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions,
    ) -> None:
        at, ports = context.attachment("spark-worker", index), context.ports("spark-worker")
        master, limits = context.endpoint("spark-master"), context.training.spark
        options = (
            f"--host {at.address} --port {ports['spark-worker']} "
            f"--webui-port {ports['spark-worker-ui']} --cores {limits.cores} "
            f"--memory {limits.memory}m --work-dir /var/spark {spark.master(context)}"
        )
        start = _WAIT.format(host=master.host, port=master.port)
        super().__init__(
            "fate:fate2:SparkWorker",
            context.place,
            Container(
                service="spark-worker",
                name=context.training.containers("spark-worker")[index],
                networks=[at],
                command=["bash", "-c", start + spark.daemon("worker.Worker", options)],
                environment=spark.ENVIRONMENT,
                files=[spark.daemon_defaults(context)],
                # Executors read and write the tables, each its part of them.
                volumes=[replace(LOCALFS, shared=True)],
            ),
            needs=needs,
            opts=opts,
        )
        self.register_outputs({})
