"""HDFS's name node: knows which blocks each file of an HDFS consists of, and where they are."""

from collections.abc import Iterable

import pulumi

from ...docker import delivery, health, tool
from ...docker.service import Container, Service, Volume
from ...docker.software import HttpProbe, Probe
from ..context import EngineContext
from . import conf as hdfs

NAME_NODE = "name-node"
VOLUME = Volume(NAME_NODE, hdfs.NAMES)

# A name node that has run once has an image of its names, or a log of their changes. Without these,
# as after an interrupted format, there is nothing yet that a format could destroy.
_START = f"""touch {hdfs.EXCLUDED}
holds() {{ compgen -G "{hdfs.NAMES}/current/$1" > /dev/null; }}
if ! holds "fsimage_*" && ! holds "edits_*"; then
  hdfs --config {hdfs.FOLDER} namenode -format -force -nonInteractive || exit
fi
exec hdfs --config {hdfs.FOLDER} namenode
"""


class NameNode(Service):
    """A party's name node. It formats its volume when that is empty, and never again.

    Args:
        context: the training cluster it belongs to.
        opts: the parent and provider options.
    """

    def __init__(self, context: EngineContext, opts: pulumi.ResourceOptions) -> None:
        ui = context.ports(NAME_NODE)["hdfs-ui"]
        command, script = hdfs.command(_START)
        super().__init__(
            "fate:fate2:NameNode",
            context.place,
            Container(
                service=NAME_NODE,
                networks=[context.attachment(NAME_NODE)],
                command=command,
                files=[script, *hdfs.server(context, _settings(ui))],
                volumes=[VOLUME],
                published=context.plan.publishes(["hdfs-ui"]),
                forwarded=context.plan.forwarded(NAME_NODE),
                check=_check(ui),
            ),
            opts=opts,
        )
        self.register_outputs({})

    def arrange(self, data_nodes: Iterable[str], opts: pulumi.ResourceOptions) -> None:
        """Have every file on as many data nodes as it should be, and have data nodes that are to
        be removed hand over their blocks first.

        An update removes their containers only after that.

        Args:
            data_nodes: the names of the data nodes that stay.
            opts: the parent and provider options.
        """
        script = f"{tool.PYTHON} -m fate_components.engines.hdfs.data_nodes"
        wanted = "".join(f"{name}\n" for name in data_nodes)
        self.deliveries.append(delivery.once_healthy("data-nodes", self, script, wanted, opts))


def _settings(ui: int) -> dict[str, object]:
    return {
        "dfs.permissions.enabled": "false",
        "dfs.namenode.name.dir": f"file://{hdfs.NAMES}",
        "dfs.namenode.rpc-bind-host": "0.0.0.0",  # noqa: S104 - its port is not published by itself
        "dfs.namenode.http-address": f"0.0.0.0:{ui}",
        # Usable as soon as the data nodes have told which blocks they have.
        "dfs.namenode.safemode.extension": 0,
        # Data nodes on other Docker hosts come from addresses that have no name here.
        "dfs.namenode.datanode.registration.ip-hostname-check": "false",
        "dfs.hosts.exclude": hdfs.EXCLUDED,
        "dfs.namenode.decommission.interval": 5,
        # Seconds after which a block that was not copied is copied from another data node.
        "dfs.namenode.reconstruction.pending.timeout-sec": 30,
        # A data node that has been silent for half a minute is left alone long before it counts
        # as dead, after ten.
        "dfs.namenode.avoid.read.stale.datanode": "true",
        "dfs.namenode.avoid.write.stale.datanode": "true",
    }


def _check(ui: int) -> str:
    """It accepts changes, and there is a data node that can take blocks."""
    path = "/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState"
    answers = ('"FSState" : "Operational"', '"NumLiveDataNodes" : [1-9]')
    checks = [
        health.check(Probe(http=HttpProbe(port=ui, path=path, answers=answer)))
        for answer in answers
    ]
    return " && ".join(f"{{ {check}; }}" for check in checks)
