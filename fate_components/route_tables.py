"""The route tables that a deployment needs, to compare with those that were delivered."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from .docker.host import Host
from .docker.names import docker_name
from .docker.service import File, Place
from .engines import nginx, osx, other_hosts, pulsar, settings
from .engines.context import EngineContext
from .lines.fate1_3 import proxy, route_table
from .lines.fate1_3.serving import proxy as serving_proxy
from .lines.fate2 import fate_flow
from .lines.fate2 import settings as fate2
from .party import context as cluster
from .plan.clusters import ClusterPlan
from .plan.endpoints import EXCHANGE
from .plan.topology import Topology
from .releases.facts import Release
from .settings import SERVING, Settings


@dataclass(frozen=True)
class RouteTable:
    """A route table in a container.

    Args:
        owner: the party's id, or "exchange".
        host: the name of the Docker host.
        container: the container's name.
        file: the file.
    """

    owner: str
    host: str
    container: str
    file: File


def of(plan: Topology, settings: Settings, release: Release, stack: str) -> Iterator[RouteTable]:
    """All route tables of a stack.

    Args:
        plan: the deployment.
        settings: the stack file's settings.
        release: the facts of the release.
        stack: the stack's name.
    """
    for one in plan.parties:
        for planned in one.clusters.values():
            for service, file in _of_cluster(planned, settings, release.line, stack).items():
                name = docker_name(stack, one.party.id, service)
                yield RouteTable(str(one.party.id), planned.host, name, file)
            if release.line != "fate2":
                continue
            for host, containers in _told(planned).items():
                if names := other_hosts.seen_from(planned, host).file:
                    for container in containers:
                        name = docker_name(stack, one.party.id, container)
                        yield RouteTable(str(one.party.id), host, name, names)
    if plan.exchange:
        file = (
            proxy.table(route_table.exchange_routes(plan.exchange))
            if release.line == "fate1"
            else osx.table(osx.exchange_routes(plan.exchange))
        )
        yield RouteTable(EXCHANGE, plan.exchange.host, docker_name(stack, EXCHANGE), file)


def _told(plan: ClusterPlan) -> dict[str, list[str]]:
    """The containers that are told what is on the party's other Docker hosts, by Docker host."""
    if not plan.branches:
        return {}
    several = [one for one in (settings.WORKER, settings.DATA_NODE) if one in plan.facts.services]
    home = ["fateflow", *(name for service in several for name in plan.containers_of(service))]
    return {plan.host: home} | {
        host: [name for service in several for name in branch.services.get(service, ())]
        for host, branch in plan.branches.items()
    }


def _of_cluster(plan: ClusterPlan, settings: Settings, line: str, stack: str) -> dict[str, File]:
    """A cluster's route tables, by the service that reads each."""
    # Nothing is deployed, so no Docker host is needed.
    place = Place(stack, plan.kind, cast(Host, None), plan.facts, {}, plan.party.id)
    if plan.kind == SERVING:
        serving = cluster.ClusterContext(place, plan, settings.master_secret)
        return {"serving-proxy": serving_proxy.table(serving)}
    if line == "fate1":
        return {"proxy": proxy.table(route_table.party_routes(plan, plan.facts))}
    assert isinstance(settings, fate2.Settings)  # noqa: S101 - settings match the release line
    context = EngineContext(place, plan, settings.master_secret, settings.engines_of(plan.party))
    broker = fate_flow.table(context)
    if broker is None:
        return {"osx": osx.table(osx.party_routes(plan, context.fate_flow_grpc))}
    found = {"nginx": nginx.table(context), "fateflow": broker}
    return found | ({"pulsar": pulsar.table(context)} if "pulsar" in plan.facts.services else {})
