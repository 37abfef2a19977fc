"""Updates that are killed at any moment: one command makes the stack whole, with all its data."""

import random
import signal
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from tests.integration.clusters import Cluster
from tests.integration.docker_hosts import DockerHost
from tests.integration.stacks import ENDS_WITHIN, Stack, party

KILLS = 18
ROWS = [["1", "kept"], ["2", "kept too"]]
FILE = "/data/projects/fate/python/jobs/kept"


@pytest.fixture(scope="module")
def cluster(
    docker_host: DockerHost, engine_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    stack = Stack(
        tmp_path_factory.mktemp("killed"),
        engine_env,
        {
            "fate:release": "1.3.0",
            "fate:registry": "fate-lab",
            "fate:hosts": {"lab": {"docker": docker_host.url}},
            "fate:parties": [party(9999, "lab", 9900)],
        },
    )
    stack.up()
    found = Cluster(docker_host, stack)
    values = ", ".join(f"({id}, '{text}')" for id, text in ROWS)
    found.sql(9999, f"CREATE TABLE kept (id INT, text TEXT); INSERT INTO kept VALUES {values}")
    found.sh(9999, "python", f"echo kept > {FILE}")
    yield found
    stack.destroy()


def kill_engine(engine: psutil.Process) -> None:
    engine.send_signal(signal.SIGKILL)


def kill_plugins(engine: psutil.Process) -> None:
    for child in engine.children(recursive=True):
        if child.name().startswith("pulumi-resource"):
            child.send_signal(signal.SIGKILL)


VICTIMS: tuple[Callable[[psutil.Process], None], ...] = (kill_engine, kill_plugins)


def killed(
    cluster: Cluster, command: str, lines: int, kill: Callable[[psutil.Process], None]
) -> None:
    """Kill something once a command has printed some lines, and wait until the command ends."""
    process = cluster.stack.start(command, "--yes", "--skip-preview")
    assert process.stdout
    for _ in range(lines):
        if not process.stdout.readline():
            break
    try:
        if process.poll() is None:
            kill(psutil.Process(process.pid))
        process.communicate(timeout=ENDS_WITHIN)
    finally:
        process.kill()


def update(config: dict[str, Any]) -> None:
    """A change that replaces every container."""
    logs = config["fate:hosts"]["lab"].setdefault("logs", {"maxFile": 1})
    logs["maxFile"] += 1


@pytest.mark.parametrize("number", range(KILLS))
def test_one_command_mends_it(cluster: Cluster, number: int) -> None:
    # Each phase of a stack's life with each victim, at a moment that only the number decides.
    chance = random.Random(number)
    phase, victim = ("create", "update", "destroy")[number % 3], VICTIMS[number // 3 % 2]
    if phase == "create":
        cluster.stack.destroy()
    if phase == "update":
        cluster.stack.change(update)
    killed(cluster, "destroy" if phase == "destroy" else "up", chance.randrange(1, 90), victim)

    repaired = cluster.stack.fatectl("repair")
    assert repaired.returncode == 0, repaired.stderr
    cluster.stack.up()
    cluster.stack.preview(expect_no_changes=True)
    assert cluster.sql(9999, "SELECT id, text FROM kept ORDER BY id") == ROWS
    assert cluster.sh(9999, "python", f"cat {FILE}") == "kept\n"
    for container in cluster.containers():
        assert container.attrs["State"]["Health"]["Status"] == "healthy", container.name
