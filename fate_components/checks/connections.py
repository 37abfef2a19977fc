"""The ways between parties: where each gateway connects to, and whether it gets there."""

import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ..docker.client import cli
from ..docker.names import docker_name
from ..plan.edges import EdgePlan
from ..plan.endpoints import EXCHANGE, Endpoint, Reach, display_name
from ..plan.topology import Topology
from ..releases.facts import ServiceFacts

_SECONDS = 5  # to connect
_LIMIT = 30
_AT_ONCE = 8  # per Docker host: over ssh each is a session, of which a server usually accepts ten
# Some images have bash, the others busybox. Of both it prints how long it took, in microseconds.
_CONNECT = f"""
clock() {{
    now=$(date +%s%N)
    case $now in
        *[!0-9]*) read -r up _ < /proc/uptime; echo "${{up%.*}}${{up#*.}}0000";;
        *) echo $((now / 1000));;
    esac
}}
start=$(clock)
if command -v bash >/dev/null; then
    timeout {_SECONDS} bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$0" "$1" || exit
else
    nc -w {_SECONDS} "$0" "$1" </dev/null >/dev/null || exit
fi
echo "took $(($(clock) - start))"
"""
_TIMED_OUT = 124


@dataclass(frozen=True)
class Connection:
    """A way from a party to another, or to or from the exchange.

    Args:
        party: whose it is: a party's id, or "exchange".
        host: the name of the Docker host that it begins on.
        container: the container that it begins in.
        to: whose gateway it leads to.
        at: where that is, as seen from the container.
    """

    party: str
    host: str
    container: str
    to: str
    at: Endpoint


@dataclass(frozen=True)
class TriedConnection:
    """Whether a way leads to where it should.

    Args:
        way: the way.
        seconds: how long it takes to connect; None if that fails.
        why: why it fails.
    """

    way: Connection
    seconds: float | None
    why: str = ""

    def __str__(self) -> str:
        way = self.way
        return (
            f"{way.container} cannot reach {display_name(way.to)} at {way.at.host}:{way.at.port}: "
            f"{self.why}"
        )


def ways(plan: Topology, stack: str) -> Iterator[Connection]:
    """All ways that begin in a stack.

    Args:
        plan: the deployment.
        stack: the stack's name.
    """
    for party in plan.parties:
        id = str(party.party.id)
        for cluster in party.clusters.values():
            if cluster.edge:
                yield from _encrypted(id, cluster.host, docker_name(stack, id, ""), cluster.edge)
                continue
            for name, facts in cluster.facts.gateways.items():
                container = docker_name(stack, id, name)
                for to, at in _of(facts, cluster.others):
                    yield Connection(id, cluster.host, container, to, at)
                if cluster.default:
                    yield Connection(id, cluster.host, container, EXCHANGE, cluster.default)
    if exchange := plan.exchange:
        if exchange.edge:
            before = docker_name(stack, f"{EXCHANGE}-")
            yield from _encrypted(EXCHANGE, exchange.host, before, exchange.edge)
        else:
            for to, at in _of(exchange.services[0], exchange.parties):
                yield Connection(EXCHANGE, exchange.host, docker_name(stack, EXCHANGE), to, at)


def _of(gateway: ServiceFacts, others: Mapping[int, Reach]) -> Iterator[tuple[str, Endpoint]]:
    """Where a gateway connects to: the ports of the others' gateway of the same kind."""
    for id, reach in sorted(others.items()):
        for port in gateway.gateway:
            yield str(id), reach[port]


def _encrypted(party: str, host: str, before: str, edge: EdgePlan) -> Iterator[Connection]:
    for tunnel in edge.tunnels:
        yield Connection(party, host, f"{before}{edge.service}", tunnel.party, tunnel.to)


def follow(
    connections: Iterable[Connection], docker_hosts: Mapping[str, str]
) -> list[TriedConnection]:
    """Follow ways, many at once.

    Args:
        connections: the ways.
        docker_hosts: how to reach the daemons, by the Docker hosts' names.
    """
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as threads:
        return list(threads.map(lambda way: _follow(way, docker_hosts[way.host]), connections))


def _follow(way: Connection, docker_host: str) -> TriedConnection:
    command = ["exec", "-i", way.container, "sh", "-c", _CONNECT, way.at.host, str(way.at.port)]
    done = cli.run(command, cli.environment(docker_host), timeout=_LIMIT)
    took = re.search(r"^took ([0-9]+)$", done.stdout, re.MULTILINE)
    if took:
        return TriedConnection(way, int(took[1]) / 1e6)
    if done.returncode == _TIMED_OUT:
        return TriedConnection(way, None, f"no answer within {_SECONDS} s")
    lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    # The last words: "bash: connect: Connection refused", "nc: …: Connection refused".
    return TriedConnection(way, None, lines[0].rpartition(": ")[2])
