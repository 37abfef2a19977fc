"""nodemanager: runs the processes of Eggroll's sessions, and keeps the data of tables."""

import pulumi

from ...docker import health
from ...docker.service import Container, Service, Volume
from ...docker.software import Probe
from ...engines.eggroll.node_manager import META, REGISTERED, STARTED
from . import eggroll
from .cluster import ClusterContext
from .settings import NODE_MANAGER

# Written when the node has registered. Java does not get over a file that a kill has cut off; the
# cluster manager then finds the node by its name (ClusterManagerService.nodeHeartbeat of Eggroll
# 2.5.1), and the data with it.
_BEGIN = f"""grep -q '"serverNodeId":[0-9].*}}$' {META} 2>/dev/null || rm -f {META}
touch {STARTED}
"""


class NodeManager(Service):
    """One of a party's node managers. It waits for the cluster manager.

    Args:
        context: the training cluster it belongs to.
        index: which of them it is, from 0.
        name: its container's name.
        opts: the parent and provider options.
    """

    def __init__(
        self, context: ClusterContext, index: int, name: str, opts: pulumi.ResourceOptions
    ) -> None:
        manager, port = context.endpoint("clustermanager"), context.port(NODE_MANAGER)
        registers = context.plan.facts.services[NODE_MANAGER].registers
        wait = health.until_listening(manager.host, manager.port)
        begin = _BEGIN if registers else ""
        start = f"{wait}\n{begin}{eggroll.start(NODE_MANAGER, port)}"
        listens = health.check(Probe(listens=[port]))
        super().__init__(
            "fate:fate1_11:NodeManager",
            context.place,
            Container(
                service=NODE_MANAGER,
                name=name,
                networks=[context.node(index, name)],
                command=["bash", "-c", start],
                environment=eggroll.ENVIRONMENT,
                files=eggroll.files(eggroll.cluster(context, name, database=False)),
                volumes=[Volume(name, eggroll.DATA)],
                check=f"{listens} && {REGISTERED}" if registers else listens,
            ),
            opts=opts,
        )
        self.register_outputs({})
