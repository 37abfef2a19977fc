"""clustermanager: starts Eggroll's sessions on its nodes, and knows where the data of tables is."""

from collections.abc import Sequence

import pulumi

from ...docker import health
from ...docker.service import Container, Service
from . import eggroll
from .cluster import ClusterContext
from .settings import NODE_MANAGER


class ClusterManager(Service):
    """A party's cluster manager. It waits for MySQL, and fails at every call without its tables.

    Args:
        context: the training cluster it belongs to.
        needs: what creates its tables.
        opts: the parent and provider options.
    """

    def __init__(
        self,
        context: ClusterContext,
        needs: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions,
    ) -> None:
        database, name = context.endpoint("mysql"), "clustermanager"
        wait = health.until_listening(database.host, database.port)
        super().__init__(
            "fate:fate1_11:ClusterManager",
            context.place,
            Container(
                service=name,
                networks=[context.attachment(name)],
                command=["bash", "-c", f"{wait}\n{eggroll.start(name, context.port(name))}"],
                environment=eggroll.ENVIRONMENT,
                files=eggroll.files(
                    eggroll.cluster(context, NODE_MANAGER, database=True), secret=True
                ),
            ),
            needs=needs,
            opts=opts,
        )
        self.register_outputs({})


def nodes(context: ClusterContext) -> list[tuple[str, int, str]]:
    """The nodes that the cluster manager must find in its database: the address, the port and the
    type of each. None if they register themselves, as from Eggroll 2.5 on.
    """
    services = context.plan.facts.services
    if services[NODE_MANAGER].registers:
        return []
    manager = ("clustermanager", services["clustermanager"].port, "CLUSTER_MANAGER")
    port = services[NODE_MANAGER].port
    return [manager, *((name, port, "NODE_MANAGER") for name in context.training.nodes())]


NODES = "SELECT host, port, node_type FROM server_node WHERE status = 'HEALTHY'"
"""The query for the nodes that Eggroll uses."""


def statements(wanted: Sequence[tuple[str, int, str]]) -> str:
    """The SQL that sets the nodes as wanted.

    An existing node keeps its id, because stored data is found by it. One that is no longer wanted
    is lost to Eggroll, but keeps its row in case it comes back.

    Args:
        wanted: the nodes.
    """
    rows = " UNION ALL ".join(
        f"SELECT '{host}' AS host, {port} AS port, '{kind}' AS node_type"
        for host, port, kind in wanted
    )
    same = "n.host = w.host AND n.port = w.port AND n.node_type = w.node_type"
    return f"""INSERT INTO server_node (host, port, node_type, status)
SELECT w.host, w.port, w.node_type, 'HEALTHY' FROM ({rows}) w
WHERE NOT EXISTS (SELECT 1 FROM server_node n WHERE {same});
UPDATE server_node n LEFT JOIN ({rows}) w ON {same}
SET n.status = IF(w.host IS NULL, 'LOSS', 'HEALTHY');
"""  # noqa: S608 - names that the program makes itself


def rows(wanted: Sequence[tuple[str, int, str]]) -> list[str]:
    """What the query for the nodes must return, with tabs between columns."""
    return [f"{host}\t{port}\t{kind}" for host, port, kind in wanted]
