"""What others have on a Docker host that this stack needs: names of objects, and ports.

An up would find out when it has already replaced other containers.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..docker.inspect.survey import LOST, Survey
from ..docker.names import docker_name
from ..docker.ports import Published
from ..plan.endpoints import EXCHANGE
from ..plan.topology import Topology


@dataclass(frozen=True)
class Claims:
    """What a stack needs on a Docker host, and no one else may have.

    Args:
        containers: patterns of the names of its containers.
        networks: the names of its networks.
        ports: where it publishes ports, by the keys of the stack file that say so.
        crossing: the same for ports of which a key sets several.
    """

    containers: list[str]
    networks: list[str]
    ports: dict[str, Published]
    crossing: list[tuple[str, Published]]


def claims(plan: Topology, stack: str) -> dict[str, Claims]:
    """What a stack needs, by Docker host.

    Args:
        plan: the deployment.
        stack: the stack's name.
    """
    by_host = {
        host: Claims([], [network.name for network in plan.networks(host)], {}, [])
        for host in plan.shared
    }
    for index, party in enumerate(plan.parties):
        for kind, cluster in party.clusters.items():
            of_host = by_host[cluster.host]
            name = docker_name(stack, party.party.id)
            services = "|".join(map(re.escape, cluster.services))
            # A service can have several containers, like egg and egg-2.
            of_host.containers.append(rf"{re.escape(name)}-({services})(-\d+)?")
            of_host.containers.extend(
                re.escape(docker_name(stack, party.party.id, container))
                for container in cluster.containers
            )
            for port, where in cluster.published.items():
                ports = by_host[cluster.host_of_port(port)].ports
                ports[f"fate:parties[{index}].{kind}.publish.{port}"] = where
            for other, branch in cluster.branches.items():
                by_host[other].containers.extend(
                    re.escape(docker_name(stack, party.party.id, container))
                    for container in branch.containers
                )
            for crossing in cluster.between:
                key = ".".join([f"fate:parties[{index}]", kind, *map(str, crossing.key)])
                by_host[crossing.host].crossing.extend(
                    (key, published) for published in crossing.published
                )
    if plan.exchange:
        of_host = by_host[plan.exchange.host]
        of_host.containers.append(rf"{re.escape(docker_name(stack, EXCHANGE))}(-edge)?")
        of_host.ports["fate:exchange.port"] = plan.exchange.published
    return by_host


def conflicts(plan: Topology, stack: str, surveys: Mapping[str, Survey]) -> Iterator[str]:
    """What others have that a stack needs, each as a message that says what to do.

    Args:
        plan: the deployment.
        stack: the stack's name.
        surveys: the Docker hosts.
    """
    for host, needed in claims(plan, stack).items():
        survey = surveys[host]
        yield from _names("container", needed.containers, survey.others, host)
        networks = [
            name
            for name, network in survey.networks.items()
            if (network.get("Labels") or {}).get("fate.stack") != stack
        ]
        yield from _names("network", map(re.escape, needed.networks), networks, host)
        for key, where in (*needed.ports.items(), *needed.crossing):
            for holder, held in survey.holders.items():
                if any(where.clashes(published) for published in held):
                    way_out = "Restart Docker there" if holder == LOST else "Stop it"
                    yield (
                        f"Port {where.port} of Docker host {host} is taken by {holder}. "
                        f"{way_out}, or choose another port for {key}."
                    )


def _names(kind: str, patterns: Iterable[str], names: Iterable[str], host: str) -> Iterator[str]:
    wanted = re.compile("|".join(patterns))
    for name in names:
        if wanted.fullmatch(name):
            yield (
                f"The name {name} on Docker host {host} is taken by a {kind} that does not belong "
                "to this stack. Remove or rename it, or rename the stack."
            )
