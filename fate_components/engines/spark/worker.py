"""Spark's worker: runs the executors of jobs; a party can have several, on several Docker hosts."""

from collections.abc import Sequence
from dataclasses import replace

import pulumi

from ...docker import health
from ...docker.service import Container, Service
from .. import other_hosts
from ..context import EngineContext
from ..settings import WORKER
from . import conf as spark
from . import tables


class SparkWorker(Service):
    """One of a party's Spark workers. It starts independently, and waits for the master.

    Args:
        context: the training cluster it belongs to.
        name: the container's name.
        host: the name of its Docker host.
        index: which of the workers there it is, from 0.
        needs: FATE Flow's volume or the folder with the tables, which must exist before it starts.
        opts: the parent and provider options.
    """

    def __init__(
        self,
        context: EngineContext,
        name: str,
        host: str,
        index: int,
        needs: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions,
    ) -> None:
        at, ports = context.attachment_at(WORKER, name, host, index), context.ports(WORKER)
        limits, listens = context.training.spark, spark.ports(context)
        options = (
            f"--host {name} --port {ports['spark-worker']} "
            f"--webui-port {ports['spark-worker-ui']} --cores {limits.cores} "
            f"--memory {limits.memory}m --work-dir /var/spark {spark.master(context)}"
        )
        known, shared = other_hosts.seen_from(context.plan, host), tables.folders(context)
        # A worker that finds no master tries again only after some ten seconds.
        wait = health.until_listening("spark-master", listens.master)
        start = f"{known.start}{wait}\n{spark.daemon('worker.Worker', options)}"
        own = [] if shared or context.engines.hdfs else [replace(tables.VOLUME, shared=True)]
        super().__init__(
            "fate:fate2:SparkWorker",
            context.place_of(name),
            Container(
                service=WORKER,
                name=name,
                networks=[at],
                command=["bash", "-c", start],
                # Java reads this one; a driver has no means to give each worker other ports.
                environment={
                    **spark.ENVIRONMENT,
                    "JAVA_TOOL_OPTIONS": f"-Dspark.blockManager.port={listens.blocks[name]}",
                },
                files=[spark.daemon_defaults(context), *known.files],
                # Executors read and write the tables, each its part of them.
                volumes=own,
                folders=shared,
                forwarded=context.plan.forwarded(name),
            ),
            needs=needs,
            opts=opts,
        )
        known.deliver(self, f"{name}-hosts")
        self.register_outputs({})
