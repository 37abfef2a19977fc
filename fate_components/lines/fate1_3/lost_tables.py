"""Tables that are lost with eggs that a deployment removes, as seen before anything is changed."""

from collections.abc import Iterable, Iterator, Mapping

from ...docker.client.daemon import NoAnswerError
from ...docker.inspect.survey import Survey, labels_of
from ...docker.names import docker_name
from ...line import Finding
from ...party import mysql
from ...party.external import servers
from ...plan.topology import Topology
from ...settings import TRAINING
from .settings import EGG, LINK, Training, stand_in

_FLOW = "python"  # whose container has a client for an external MySQL
# Tables that a job keeps in memory are of no use after it.
_QUERY = """
SELECT node.ip, COUNT(DISTINCT dtable.table_id)
FROM node JOIN fragment USING (node_id) JOIN dtable USING (table_id)
WHERE node.type = 'STORAGE' AND node.ip IN ({eggs})
AND dtable.status = 'NORMAL' AND dtable.table_type <> 'IN_MEMORY'
GROUP BY node.ip
"""


def findings(plan: Topology, stack: str, surveys: Mapping[str, Survey]) -> Iterator[Finding]:
    """What is lost with the eggs that are there and no longer wanted.

    Only a party that has such eggs is asked for its tables.

    Args:
        plan: the deployment.
        stack: the stack's name.
        surveys: the Docker hosts.
    """
    for index, party in enumerate(plan.parties):
        cluster = party.clusters.get(TRAINING)
        training = party.party.training
        if cluster is None or not isinstance(training, Training) or training.allow_table_loss:
            continue
        id = party.party.id
        wanted = training.containers(EGG, cluster.host)
        removed = [egg for egg in _present(surveys, stack, id) if egg not in wanted]
        if not removed:
            continue
        names = " and ".join(removed)
        keep = f"Keep it in fate:parties[{index}].training.eggs"
        loss = f"set fate:parties[{index}].training.allowTableLoss to true"
        external = "mysql" in cluster.external
        service = _FLOW if external else "mysql"
        ask = (servers.asking if external else mysql.asking)(_query(removed))
        answer = _ask(surveys, docker_name(stack, id, service), ask)
        if answer is None:
            yield Finding(
                f"The database of party {id} does not answer, so it was not checked whether tables "
                f"are lost with {names}, which the stack file no longer has. {keep} until the "
                "database answers, if they are still needed.",
                certain=False,
            )
        for line in (answer or "").splitlines():
            egg, count = line.split("\t")
            part = (
                "1 table has part of its" if count == "1" else f"{count} tables have part of their"
            )
            yield Finding(
                f"{part} data on {egg} of party {id}, which the stack file no longer has, and "
                f"would be lost. {keep}, or {loss}.",
                certain=True,
            )


def _query(eggs: Iterable[str]) -> str:
    return " ".join(_QUERY.format(eggs=", ".join(f"'{egg}'" for egg in eggs)).split())


def _present(surveys: Mapping[str, Survey], stack: str, party: int) -> list[str]:
    """The eggs of a party that have containers, or a stand-in: an egg's own Docker host may have
    been removed from the stack file together with it.
    """
    eggs: dict[str, None] = {}
    prefix, stands = docker_name(stack, party, ""), stand_in("")
    for survey in surveys.values():
        for name, container in survey.containers.items():
            labels = labels_of(container)
            part = name.removeprefix(prefix)
            if labels.get("fate.party") != str(party):
                continue
            if labels.get("fate.service") == EGG:
                eggs[part] = None
            elif labels.get("fate.service") == LINK and part.startswith(stands):
                eggs[part.removeprefix(stands)] = None
    return sorted(eggs)


def _ask(surveys: Mapping[str, Survey], container: str, script: str) -> str | None:
    """The output of a shell script in a container; None if there is none."""
    for survey in surveys.values():
        if survey.daemon and container in survey.containers:
            try:
                return survey.daemon.run(survey.containers[container]["Id"], script)
            except NoAnswerError:
                return None
    return None
