"""Has the data nodes that are to be removed from an HDFS hand over their blocks. Run with -m.

Standard input lists the data nodes that stay, one a line. CONTAINER is the name node's container,
and DOCKER_HOST selects its daemon.
"""

import json
import os
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...docker.client import cli
from ..settings import replicas
from . import conf as hdfs

ASK = """exec 3<>/dev/tcp/127.0.0.1/9870
printf 'GET /jmx?qry=Hadoop:service=NameNode,name=NameNodeInfo HTTP/1.0\\r\\n\\r\\n' >&3
cat <&3"""
"""The bash command in the name node's container that asks what it says about its HDFS."""
_REPLICATION = f"{hdfs.NAMES}/replication"  # the file with the one that all files have
_PAUSE = 2.0  # seconds
_PROGRESS = 15.0  # seconds after which the same progress is printed again
_STALLED = 900  # seconds without progress after which nothing is expected any more
_TOLD = 3  # names in a message


class DataNodesError(Exception):
    """Data nodes could not be removed without a loss; the text says why, and what to do."""


@dataclass(frozen=True)
class DataNode:
    """A data node as the name node knows it.

    Args:
        name: its name.
        address: its address and port for data, by which the name node identifies it.
        live: whether it has been heard from lately.
        state: In Service, Decommission In Progress or Decommissioned.
        blocks: how many blocks it still has to hand over.
    """

    name: str
    address: str
    live: bool
    state: str
    blocks: int = 0

    @property
    def done(self) -> bool:
        """Whether it is not needed any more, or cannot help any more."""
        return not self.live or self.state == "Decommissioned"


@dataclass(frozen=True)
class NameNode:
    """What a name node says about its HDFS.

    Args:
        nodes: its data nodes.
        blocks: how many blocks there are.
        missing: how many blocks no data node has that it hears from. Unknown in safe mode.
        safe_mode: why it is in safe mode, or nothing.
    """

    nodes: tuple[DataNode, ...]
    blocks: int
    missing: int
    safe_mode: str = ""


def read(bean: Mapping[str, Any]) -> NameNode:
    """What a name node says, from its management interface.

    Args:
        bean: its NameNodeInfo.
    """
    leaving = json.loads(bean["DecomNodes"])
    nodes = []
    for key, live in (("LiveNodes", True), ("DeadNodes", False)):
        for name, node in json.loads(bean[key]).items():
            host, port = name.rsplit(":", 1)
            blocks = leaving.get(name, leaving.get(host, {})).get("underReplicatedBlocks", 0)
            address = node.get("xferaddr") or f"{host}:{port}"
            nodes.append(DataNode(host, address, live, node.get("adminState", ""), blocks))
    missing, safe_mode = bean["NumberOfMissingBlocks"], bean.get("Safemode", "")
    return NameNode(tuple(nodes), bean["TotalBlocks"], missing, safe_mode)


def understood(answer: str) -> NameNode:
    """What a name node says, from its answer to `ASK`.

    Raises:
        DataNodesError: it is no such answer.
    """
    try:
        return read(json.loads(answer[answer.index("{") :])["beans"][0])
    except (ValueError, KeyError, IndexError):
        end = answer.strip()[-300:]
        raise DataNodesError(f"the name node does not tell its data nodes: {end}") from None


def leaving(found: NameNode, wanted: Collection[str]) -> list[DataNode]:
    """The data nodes that are to be removed, in the order of their names."""
    nodes = [node for node in found.nodes if node.name not in wanted]
    return sorted(nodes, key=lambda node: (node.name, node.address))


def lost(found: NameNode, going: Iterable[DataNode]) -> str | None:
    """Why data nodes cannot be removed without a loss, if so.

    Args:
        found: what the name node says.
        going: those that are to be removed.
    """
    silent = [node.name for node in going if not node.live]
    if not silent or not found.missing:
        return None
    return (
        f"{found.missing} blocks of tables are on no data node that answers, and {_listed(silent)} "
        "is to be removed without having been heard from. Start it, and run `pulumi up` again. If "
        "it is gone for good, these tables are lost: remove what is left of them with "
        f"`hdfs --config {hdfs.FOLDER} fsck / -delete` in the name node's container, and run "
        "`pulumi up` again."
    )


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - _TOLD} more" if len(every) > _TOLD else ""
    return ", ".join(every[:_TOLD]) + more


def _in_container(*command: str, stdin: str = "") -> str:
    arguments = ["exec", "-i", os.environ["CONTAINER"], *command]
    done = cli.run(arguments, stdin=stdin, timeout=600)
    if done.returncode:
        raise DataNodesError(f"`{' '.join(command)[:80]}` failed: {done.stderr.strip()[-500:]}")
    return done.stdout


def _hdfs(*arguments: str) -> None:
    _in_container("hdfs", "--config", hdfs.FOLDER, *arguments)


def _look() -> NameNode:
    return understood(_in_container("bash", "-c", ASK))


def _write(path: str, text: str) -> None:
    _in_container("sh", "-c", 'cat > "$0.new" && mv "$0.new" "$0"', path, stdin=text)


def _present(path: str) -> str:
    return _in_container("sh", "-c", 'cat "$0" 2> /dev/null || :', path)


def _progress(going: Iterable[DataNode]) -> Iterator[str]:
    for node in going:
        if not node.done:
            yield f"{node.name} ({node.blocks} blocks left)"


def arrange(wanted: Collection[str]) -> None:
    """Have every file on as many data nodes as it should be, and the others hand over theirs.

    Args:
        wanted: the names of the data nodes that stay.

    Raises:
        DataNodesError: that is not possible without a loss, or makes no progress.
    """
    name_node = _look()
    replication = str(replicas(len(wanted)))
    if _present(_REPLICATION) != replication:
        if name_node.blocks:
            print(f"every block is to be on {replication} data nodes", flush=True)
            _hdfs("dfs", "-setrep", "-R", replication, "/")
        _write(_REPLICATION, replication)
    going = leaving(name_node, wanted)
    excluded = "".join(f"{node.address}\n" for node in going)
    if _present(hdfs.EXCLUDED) != excluded:
        _write(hdfs.EXCLUDED, excluded)
        _hdfs("dfsadmin", "-refreshNodes")
    start = said_at = time.monotonic()
    said, parent = "", os.getppid()
    while going:
        # After Ctrl-C the plugin terminates only its shell.
        if os.getppid() != parent:
            raise DataNodesError(f"interrupted while waiting for {said}; run `pulumi up` again")
        name_node = _look()
        going = leaving(name_node, wanted)
        if why := lost(name_node, going):
            raise DataNodesError(why)
        left = ", ".join(_progress(going))
        if not left:
            break
        now = time.monotonic()
        if left != said:
            start = now
        if left != said or now - said_at > _PROGRESS:
            print(f"waiting for blocks to be copied from {left}", flush=True)
            said, said_at = left, now
        if now - start > _STALLED:
            raise DataNodesError(
                f"Blocks are no longer copied from {left}. See whether the other data nodes run "
                "and have free space, and run `pulumi up` again; or keep these data nodes. If "
                "others are to take their place, add those first, in an update of their own."
            )
        time.sleep(_PAUSE)


def main() -> None:
    """Arrange the data nodes on standard input; exit with 1 and the reason if that fails."""
    try:
        arrange(sys.stdin.read().split())
    except DataNodesError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
