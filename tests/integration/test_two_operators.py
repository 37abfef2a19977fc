"""Two operators with a stack each, on Docker hosts that share nothing but the network."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.engine.clusters import Cluster
from tests.support.engine.docker_hosts import DockerHost, wait_for
from tests.support.engine.stacks import Stack, party

COMMENT = "# a comment of this operator\n"


@pytest.fixture(scope="module")
def operators(
    docker_host: DockerHost,
    other_host: DockerHost,
    engine_env: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[int, Cluster]]:
    """The operators' deployments, by the id of their party; they do not know each other yet."""
    found = {}
    for id, host in ((9999, docker_host), (10000, other_host)):
        stack = Stack(
            tmp_path_factory.mktemp("operator"),
            engine_env,
            {
                "fate:release": "1.3.0",
                "fate:registry": "fate-lab",
                "fate:tls": {"enabled": True},
                "fate:hosts": {"own": {"docker": host.url, "address": host.address}},
                "fate:parties": [party(id, "own", 9600)],
            },
        )
        found[id] = Cluster(host, stack)
    with ThreadPoolExecutor() as threads:
        list(threads.map(lambda cluster: cluster.stack.up(), found.values()))
    yield found
    for cluster in found.values():
        cluster.stack.destroy()


def test_cards_join_them(operators: dict[int, Cluster], tmp_path: Path) -> None:
    cards = {}
    for id, cluster in operators.items():
        cards[id] = tmp_path / f"{id}.card"
        cards[id].write_text(cluster.stack.fatectl("card", str(id)).stdout)
        assert cluster.stack.master_secret not in cards[id].read_text()
    for id, other in ((9999, 10000), (10000, 9999)):
        stack = operators[id].stack
        stack.file.write_text(COMMENT + stack.file.read_text())
        added = stack.fatectl("peer", "add", str(cards[other]))
        assert added.returncode == 0, added.stderr
        assert "warning" not in added.stderr, added.stderr
        assert COMMENT in stack.file.read_text()
        lives = operators[id].lives()
        operations = stack.preview().operations()
        assert stack.up().operations() == operations
        assert operators[id].lives() == lives
    # A job that came before would be sent the default way, and so would all later ones.
    proxies = [cluster.container(id, "proxy") for id, cluster in operators.items()]
    read = b"reloaded the changed route table"
    wait_for("the routes to be read", lambda: all(read in proxy.logs() for proxy in proxies))
    wait_for("a job", lambda: operators[9999].toy(9999, 10000)[0] == 0)
    wait_for("a job back", lambda: operators[10000].toy(10000, 9999)[0] == 0)


def test_fatectl_finds_nothing_wrong(operators: dict[int, Cluster]) -> None:
    done = operators[9999].stack.fatectl("doctor", "--json")
    report = json.loads(done.stdout)
    assert report["errors"] == []
    assert not [text for text in report["warnings"] if "certificate" in text.lower()]
    (way,) = report["ways"]
    assert (way["from"], way["to"], way["at"]) == (
        "9999", "10000", f"{operators[10000].host.address}:9600"
    )  # fmt: skip
    assert way["seconds"] is not None


@pytest.mark.parametrize(
    ("at", "service", "side"),
    [
        (9999, "proxy", "The reason is on this side: of party 9999, proxy is exited"),
        (10000, "proxy", "the reason is probably on that side"),
        (10000, "edge", "The reason is the network, or on the side of party 10000"),
    ],
)
def test_a_failing_toy_job_says_on_which_side(
    operators: dict[int, Cluster], at: int, service: str, side: str
) -> None:
    stopped = operators[at].container(at, service)
    stopped.stop()
    try:
        done = operators[9999].stack.fatectl("toy", "9999", "10000")
    finally:
        stopped.start()
        operators[at].wait_healthy()
    assert done.returncode != 0
    assert side in done.stderr, done.stderr
