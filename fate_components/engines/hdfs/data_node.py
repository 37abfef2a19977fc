"""HDFS's data node: keeps blocks; a party can have several, on several Docker hosts."""

from collections.abc import Sequence
from dataclasses import replace

import pulumi

from ...docker import health
from ...docker.service import Container, Service, Volume
from .. import other_hosts
from ..context import EngineContext
from ..settings import DATA_NODE
from . import conf as hdfs

_START = """{known}{wait}
# Keeps its blocks, and stops, when it finds a name node that is not the one it had before.
exec > >(sed -u "/Incompatible clusterIDs/a {foreign}") 2>&1
exec hdfs --config {folder} datanode
"""
_FOREIGN = (
    "The blocks of this data node belong to an HDFS whose name node had other data. Restore the "
    "volume of the name node from a backup, or, if the tables may be lost, remove the volumes of "
    "all data nodes."
)


class DataNode(Service):
    """One of a party's data nodes. It starts independently, and waits for the name node.

    Args:
        context: the training cluster it belongs to.
        name: the container's name.
        host: the name of its Docker host.
        index: which of the data nodes there it is, from 0.
        after: the name node's volume. So wherever there are blocks, there has been one.
        opts: the parent and provider options.
    """

    def __init__(
        self,
        context: EngineContext,
        name: str,
        host: str,
        index: int,
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions,
    ) -> None:
        listens, known = hdfs.ports(context), other_hosts.seen_from(context.plan, host)
        start = _START.format(
            known=known.start,
            wait=health.until_listening("name-node", listens.name_node),
            foreign=_FOREIGN,
            folder=hdfs.FOLDER,
        )
        command, script = hdfs.command(start)
        settings = {
            "dfs.datanode.data.dir": f"file://{hdfs.BLOCKS}",
            "dfs.datanode.hostname": name,
            "dfs.datanode.use.datanode.hostname": "true",
            "dfs.datanode.address": f"0.0.0.0:{listens.data[name]}",
            "dfs.datanode.ipc.address": f"0.0.0.0:{listens.calls[name]}",
        }
        place = context.place_of(name)
        super().__init__(
            "fate:fate2:DataNode",
            replace(place, after=[*place.after, *after]),
            Container(
                service=DATA_NODE,
                name=name,
                networks=[context.attachment_at(DATA_NODE, name, host, index)],
                command=command,
                files=[
                    script,
                    *hdfs.server(context, settings),
                    *known.files,
                ],
                volumes=[Volume(name, hdfs.BLOCKS)],
                forwarded=context.plan.forwarded(name),
            ),
            opts=opts,
        )
        known.deliver(self, f"{name}-hosts")
        self.register_outputs({})
