"""The containers of a stack as they are on its Docker hosts, found by labels, without the state."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from ..docker.client.daemon import Daemon, NoAnswerError
from ..docker.names import docker_name
from ..plan.endpoints import EXCHANGE
from ..plan.topology import Topology

MISSING = "missing"
"""The state of a service that the stack file declares and that has no container."""

Condition = Literal["well", "changing", "ill"]
"""What a state or a health means: it may become well by itself, or not."""

_RUNNING = "running"
_CONDITIONS: Mapping[str, Condition] = {
    _RUNNING: "well", "healthy": "well", "starting": "changing", "restarting": "changing",
    "paused": "changing", "created": "changing",
}  # fmt: skip
_STATS_SECONDS = 5  # the rest of what is shown must not wait for these numbers
_AT_ONCE, _SESSIONS = 32, 8


def condition(word: str) -> Condition:
    """What a state or a health of a container means."""
    return _CONDITIONS.get(word, "ill")


@dataclass(frozen=True)
class Member:
    """A service of a stack in its container.

    Args:
        stack: the stack's name.
        party: the party's id, or "exchange".
        service: what the container is called within the party, like roll or egg-2.
        host: the name of its Docker host.
        docker_host: how to reach the Docker host's daemon.
        name: the container's name.
        id: the container's id; "" if it is missing.
        state: its state in Docker, like running, or missing.
        health: what its health check says: healthy, unhealthy, starting; "" if it has none.
        since: when it took this state, if Docker knows.
        restarts: how often Docker has started it again.
        image: the name of its image, or the id if it has none.
        ports: its ports on the Docker host, like 127.0.0.1:9380.
    """

    stack: str
    party: str
    service: str
    host: str
    docker_host: str
    name: str
    id: str = ""
    state: str = MISSING
    health: str = ""
    since: datetime | None = None
    restarts: int = 0
    image: str = ""
    ports: tuple[str, ...] = ()

    @property
    def well(self) -> bool:
        """Whether it runs, and its health check, if it has any, succeeds."""
        return self.state == _RUNNING and self.health in ("", "healthy")

    @property
    def word(self) -> str:
        """How it is, in a word: its health if it runs and has a health check, or its state."""
        return self.health if self.state == _RUNNING and self.health else self.state


@dataclass(frozen=True)
class Fleet:
    """What was found on Docker hosts.

    Args:
        members: the services, by party and in the order of the stack file.
        silent: why Docker hosts do not answer, by their names.
    """

    members: tuple[Member, ...]
    silent: Mapping[str, str]

    @property
    def parties(self) -> dict[str, list[Member]]:
        """The services of each party."""
        by_party: dict[str, list[Member]] = {}
        for member in self.members:
            by_party.setdefault(member.party, []).append(member)
        return by_party


@dataclass(frozen=True)
class Usage:
    """What a container uses now.

    Args:
        memory: in bytes, without what can be freed at once.
        cores: how many cores it keeps busy; None if that cannot be told.
    """

    memory: int
    cores: float | None


def declared(plan: Topology, stack: str, docker_hosts: Mapping[str, str]) -> list[Member]:
    """The services that a stack file declares, all of them still missing.

    Args:
        plan: the deployment.
        stack: the stack's name.
        docker_hosts: how to reach the daemons, by the Docker hosts' names.
    """

    def member(party: str, host: str, service: str, *path: str) -> Member:
        name = docker_name(stack, *path, service)
        return Member(stack, party, service, host, docker_hosts[host], name)

    members = [
        member(str(party.party.id), host, service, str(party.party.id))
        for party in plan.parties
        for cluster in party.clusters.values()
        for host, services in (
            (cluster.host, cluster.containers),
            *((host, branch.containers) for host, branch in cluster.branches.items()),
        )
        for service in services
    ]
    if exchange := plan.exchange:
        services = filter(None, [EXCHANGE, exchange.edge_name])
        members += [member(EXCHANGE, exchange.host, service) for service in services]
    return members


def look(
    docker_hosts: Mapping[str, str], stack: str | None, wanted: Iterable[Member] = ()
) -> Fleet:
    """Look at Docker hosts, all at once.

    Args:
        docker_hosts: how to reach the daemons, by the hosts' names.
        stack: the stack's name; containers of all stacks if not given.
        wanted: the services that must be there.
    """

    def ask_host(host: str) -> Answer:
        return ask(host, docker_hosts[host], stack)

    with ThreadPoolExecutor(max_workers=_AT_ONCE) as threads:
        answers = dict(zip(docker_hosts, threads.map(ask_host, docker_hosts), strict=True))
    return joined(answers, wanted)


Answer = list[Member] | str
"""The services on a Docker host, or why it does not answer."""


def ask(host: str, docker_host: str, stack: str | None) -> Answer:
    """Look at a Docker host.

    Args:
        host: its name.
        docker_host: how to reach its daemon.
        stack: the stack's name; containers of all stacks if not given.
    """
    try:
        return list(_members(host, docker_host, stack))
    except NoAnswerError as error:
        return str(error)


def joined(answers: Mapping[str, Answer], wanted: Iterable[Member] = ()) -> Fleet:
    """What was found on several Docker hosts.

    Args:
        answers: the answers of the Docker hosts, by their names.
        wanted: the services that must be there.
    """
    silent = {host: answer for host, answer in answers.items() if isinstance(answer, str)}
    there = {
        (member.host, member.name): member
        for answer in answers.values()
        if not isinstance(answer, str)
        for member in answer
    }
    # Of a Docker host that does not answer, nobody knows whether something is missing.
    members = [
        there.pop((member.host, member.name), member)
        for member in wanted
        if member.host not in silent
    ]
    members += sorted(there.values(), key=lambda member: (member.party, member.name))
    order = {party: number for number, party in enumerate(dict.fromkeys(m.party for m in members))}
    return Fleet(tuple(sorted(members, key=lambda member: order[member.party])), silent)


def _members(host: str, docker_host: str, stack: str | None) -> Iterator[Member]:
    daemon = Daemon(docker_host)
    label = "fate.stack" if stack is None else f"fate.stack={stack}"
    filters = f'{{"label":["{label}","fate.service"]}}'
    listed = daemon.get(f"/containers/json?all=1&filters={quote(filters)}") or []
    images = {
        image["Id"]: (image.get("RepoTags") or [""])[0]
        for image in daemon.get("/images/json") or []
    }
    for row in listed:
        if details := daemon.get(f"/containers/{row['Id']}/json"):  # it may just have been removed
            yield _member(host, docker_host, details, images)


def _member(
    host: str, docker_host: str, details: Mapping[str, Any], images: Mapping[str, str]
) -> Member:
    labels, state = details["Config"]["Labels"], details["State"]
    stack, party = labels["fate.stack"], labels.get("fate.party", EXCHANGE)
    name = details["Name"].removeprefix("/")
    path = [] if party == EXCHANGE else [party]
    running = state["Status"] in (_RUNNING, "paused")
    return Member(
        stack=stack,
        party=party,
        service=name.removeprefix(docker_name(stack, *path, "")),
        host=host,
        docker_host=docker_host,
        name=name,
        id=details["Id"],
        state=state["Status"],
        health=(state.get("Health") or {}).get("Status", "") if running else "",
        since=_time(state["StartedAt" if running else "FinishedAt"]),
        restarts=details.get("RestartCount", 0),
        image=images.get(details["Image"]) or details["Image"].removeprefix("sha256:")[:12],
        ports=tuple(_ports(details["HostConfig"].get("PortBindings") or {})),
    )


def _ports(bindings: Mapping[str, Any]) -> Iterator[str]:
    for bound in bindings.values():
        for binding in bound or ():
            yield ":".join(filter(None, [binding.get("HostIp"), binding.get("HostPort")]))


def _time(written: str) -> datetime | None:
    # Docker's zero means never; Python reads no nanoseconds.
    return None if written.startswith("0001-") else datetime.fromisoformat(written)


def measure(members: Iterable[Member]) -> dict[str, Usage]:
    """What running containers use, by their ids; what cannot be told in a short while is missing.

    Args:
        members: services on any Docker hosts.
    """
    hosts: dict[str, list[str]] = {}
    for member in members:
        if member.state == _RUNNING:
            hosts.setdefault(member.docker_host, []).append(member.id)
    # Docker measures for a second or two, so it is asked for all containers at once. Over ssh each
    # question is a session, of which a server usually accepts ten.
    pools = {
        host: ThreadPoolExecutor(_SESSIONS if host.startswith("ssh:") else _AT_ONCE)
        for host in hosts
    }
    asked = {pools[host].submit(_usage, host, id): id for host, ids in hosts.items() for id in ids}
    answered, _ = wait(asked, _STATS_SECONDS)
    for pool in pools.values():
        pool.shutdown(wait=False, cancel_futures=True)
    return {asked[future]: usage for future in answered if (usage := future.result())}


def _usage(docker_host: str, id: str) -> Usage | None:
    try:
        stats = Daemon(docker_host, _STATS_SECONDS).get(f"/containers/{id}/stats?stream=0")
    except NoAnswerError:
        return None
    memory = (stats or {}).get("memory_stats") or {}
    if "usage" not in memory:
        return None  # it has just ended
    counters = memory.get("stats") or {}
    # As `docker stats` shows it, with cgroup v1 and v2.
    cache = counters.get("total_inactive_file", counters.get("inactive_file", 0))
    used = _cpu(stats, "cpu_stats") - _cpu(stats, "precpu_stats")
    before, now = _time(stats["preread"]), _time(stats["read"])
    seconds = (now - before).total_seconds() if now and before else 0
    cores = used / seconds if seconds > 0 and used >= 0 else None
    return Usage(max(memory["usage"] - cache, 0), cores)


def _cpu(stats: Mapping[str, Any], which: str) -> float:
    """The processor time that a container had used when it was measured, in seconds."""
    return float(stats[which]["cpu_usage"]["total_usage"]) / 1e9
