"""What backups and restores of a party with HDFS need, besides copies of its volumes."""

from collections.abc import Collection

from ...docker.client.containers import Containers
from ...party.deployed import Deployed, Found, PartyError, run_module, unpause
from ..settings import DATA_NODE
from . import conf as hdfs
from .data_nodes import ASK, DataNodesError, NameNode, understood
from .name_node import NAME_NODE

_ARRANGE = "fate_components.engines.hdfs.data_nodes"


def data_nodes(party: Deployed) -> list[str]:
    """The names of a party's data nodes, which are those of their volumes, too."""
    return [part for part, volume in party.volumes.items() if volume.owner.service == DATA_NODE]


def added(party: Deployed, backed_up: Collection[str]) -> list[str]:
    """The data nodes of a party that a backup knows nothing of.

    Their blocks are of the HDFS that the restore replaces, and a data node does not start with a
    name node that is not the one of its blocks. So they must start empty.

    Args:
        party: the party.
        backed_up: the volumes in the backup, by the last part of their names.
    """
    if NAME_NODE not in backed_up:
        return []
    return [part for part in data_nodes(party) if part not in backed_up]


def fault(party: Deployed) -> str | None:
    """Why a party's tables cannot be backed up now, if so; asks its name node, if it has one.

    Raises:
        PartyError: containers that are paused cannot be continued.
    """
    node = _name_node(party)
    if node is None:
        return None
    # A backup that was killed has left them paused.
    if any(container.status == "paused" for container in party.others):
        unpause(party.others)
    at = Containers(party.stack, party.id, node.docker_host)
    done = at.run(NAME_NODE, ASK)
    if done.returncode:
        why = (done.stderr.strip() or f"it is {node.status}").splitlines()[-1]
        return f"{node.name} does not answer: {why}. See its log, or start it with `pulumi up`"
    try:
        return lacking(understood(done.stdout), node.name)
    except DataNodesError as error:
        return f"{node.name}: {error}"


def lacking(found: NameNode, name: str) -> str | None:
    """Why an HDFS cannot be backed up whole, if so.

    Args:
        found: what its name node says.
        name: the name of the name node's container.
    """
    if found.safe_mode:
        return (
            f"HDFS is in safe mode, in which it is not known whether all blocks are there: wait "
            f"until its data nodes run, or run `docker exec {name} hdfs --config {hdfs.FOLDER} "
            "dfsadmin -safemode leave` if somebody has entered it"
        )
    if found.missing:
        return (
            f"{found.missing} blocks of tables in HDFS are on no data node that answers: start "
            "the data nodes that do not run. If the blocks are lost for good, remove what is left "
            f"of these tables with `docker exec {name} hdfs --config {hdfs.FOLDER} fsck / -delete`"
        )
    return None


def arrange(party: Deployed) -> str | None:
    """Have every restored file on as many data nodes as the party's files should be.

    Returns:
        Why that failed, if so.
    """
    node = _name_node(party)
    if node is None:
        return None
    names = "".join(f"{name}\n" for name in data_nodes(party))
    try:
        run_module(_ARRANGE, node.docker_host, names, CONTAINER=node.name)
    except PartyError as error:
        return str(error)
    return None


def _name_node(party: Deployed) -> Found | None:
    return next(
        (container for container in party.containers if container.service == NAME_NODE), None
    )
