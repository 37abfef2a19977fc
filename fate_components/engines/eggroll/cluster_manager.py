"""clustermanager: starts Eggroll's sessions on its nodes, and knows where the data of tables is."""

from collections.abc import Sequence

import pulumi

from ...docker import health
from ...docker.service import Container, Service
from ..context import EngineContext
from . import conf as eggroll


class ClusterManager(Service):
    """A party's cluster manager. It waits for MySQL, where its tables must be when it starts.

    Args:
        context: the training cluster it belongs to.
        needs: what creates its tables.
        opts: the parent and provider options.
    """

    def __init__(
        self,
        context: EngineContext,
        needs: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions,
    ) -> None:
        database, name = context.endpoint("mysql"), "clustermanager"
        wait = health.until_listening(database.host, database.port)
        super().__init__(
            "fate:fate2:ClusterManager",
            context.place,
            Container(
                service=name,
                networks=[context.attachment(name)],
                command=["bash", "-c", f"{wait}\n{eggroll.start(name, context.port(name))}"],
                environment=eggroll.environment(name),
                files=eggroll.files(context, database=True),
            ),
            needs=needs,
            opts=opts,
        )
        self.register_outputs({})
