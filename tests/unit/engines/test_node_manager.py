"""Eggroll's node manager keeps its number, and its start command deletes old logs: run for real,
with other folders and stand-ins for java and sleep."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from fate_components.engines.eggroll import conf as eggroll
from fate_components.engines.eggroll import node_manager
from fate_components.engines.eggroll.node_manager import META, STARTED
from fate_components.plan.endpoints import Endpoint

OWN = Endpoint("nodemanager", 4671)
DAY = 24 * 3600


def meta(host: str = "nodemanager", port: str = "4671") -> str:
    """What Eggroll writes when node 7 has registered, in its own order and without spaces."""
    found = {"clusterId": 0, "nodePort": port, "nodeIp": host, "serverNodeId": 7}
    return json.dumps(found, separators=(",", ":"))


class Node:
    """A node manager's files, and the programs that its start command calls.

    Args:
        home: an empty folder, for Eggroll's.
    """

    def __init__(self, home: Path) -> None:
        self.home, self.bin = home / "eggroll", home / "bin"
        for folder in (self.bin, self.home / "data", self.home / "logs"):
            folder.mkdir(parents=True)
        self.meta, self.started = self.local(META), self.local(STARTED)
        self.slept = home / "slept"
        self.program("sleep", f'echo "$1" >> {self.slept}')

    def local(self, path: str) -> Path:
        return Path(path.replace(eggroll.HOME, str(self.home)))

    def program(self, name: str, script: str) -> None:
        (self.bin / name).write_text(f"#!/bin/bash\n{script}\n")
        (self.bin / name).chmod(0o755)

    def run(self, script: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["bash", "-c", script.replace(eggroll.HOME, str(self.home))],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PATH": f"{self.bin}:{os.environ['PATH']}"},
        )

    def start(self, java: str) -> tuple[subprocess.Popen[str], str]:
        """Start it, and wait until all that runs beside Java has ended; returns what that said.

        Args:
            java: the shell script that runs as Java.
        """
        self.program("java", f"exec > /dev/null\n{java}")
        process = self.run(f"{node_manager.registration(OWN, 'true')}\nexec java")
        assert process.stdout
        return process, process.stdout.read()


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


WAITS = "exec /bin/sleep infinity"


def ended(process: subprocess.Popen[str]) -> bool:
    """Whether Java was ended; it is, in the end."""
    if running := process.poll() is None:
        process.kill()
    process.wait()
    return not running


@pytest.mark.parametrize("file", [meta(), meta(port="4672"), meta(host="10.0.0.1")])
def test_a_node_that_was_registered_sends_its_number(node: Node, file: str) -> None:
    node.meta.write_text(file)
    process, said = node.start(WAITS)
    assert not ended(process)
    assert node.meta.read_text() == meta(), "with its address of today"
    assert said == ""
    assert not node.slept.exists()
    assert node.started.exists()


@pytest.mark.parametrize("file", [None, "", meta()[:-1], "{}"])
def test_a_new_node_tries_to_register(node: Node, file: str | None) -> None:
    if file is not None:
        node.meta.write_text(file)
    # It listens at once, and is given its number.
    registers = f"[ ! -e {node.meta} ] && echo '{meta()}' > {node.meta}"
    node.program("sleep", f"until [ -e {node.meta} ]; do :; done; echo $1 >> {node.slept}")
    process, said = node.start(f"{registers}\n{WAITS}")
    assert not ended(process)
    assert said == ""
    assert node.slept.read_text() == "120\n"


def test_a_node_that_is_refused_starts_again_when_it_is_forgotten(node: Node) -> None:
    # What takes two minutes ends here when the start has got past it.
    started = f"until [ -e {node.started} ]; do :; done"
    node.program("sleep", f'[ "$1" != 120 ] || {started}; echo "$1" >> {node.slept}')
    process, said = node.start(WAITS)
    assert process.wait() == -9
    assert "the cluster manager refuses this node" in said
    node.slept.unlink()
    process, said = node.start(WAITS)
    assert process.wait() == -9
    assert said.startswith("waiting 110 s")
    assert node.slept.read_text() == "110\n120\n"


def test_it_is_healthy_when_it_has_registered_since_its_start(node: Node) -> None:
    def registered() -> bool:
        process = node.run(node_manager.REGISTERED)
        said, _ = process.communicate()
        assert bool(process.returncode) == (said == "not registered at the cluster manager\n")
        return process.returncode == 0

    assert not registered()
    now = int(time.time())
    for path, age in ((node.meta, 100), (node.started, 50)):
        path.write_text("")
        os.utime(path, (now - age, now - age))
    assert not registered(), "that was before"
    os.utime(node.meta, (now - 40, now - 40))
    assert registered()
    os.utime(node.meta, (now + 100, now + 100))
    assert not registered(), "the next heartbeat is still to come"


def test_old_logs_are_deleted(node: Node) -> None:
    kept = {"eggroll/nodemanager.log", "eggroll/nodemanager-error.log", "now/eggs/LOG"}
    gone = {
        "eggroll/nodemanager-error.log.2026-01-01.log",
        "eggroll/fate-nodemanager-debug.log.2026-01-01.log",
        "eggroll/2026-01-01/nodemanager.log.2026-01-01",
        "before/eggs/LOG",
        "before/egg_pair-1.err",
    }
    logs = node.home / "logs"
    for name in sorted(kept | gone):
        path = logs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")

    def age(days: int, *paths: Path) -> None:
        then = int(time.time()) - days * DAY
        for path in paths:
            os.utime(path, (then, then))

    def clean() -> set[str]:
        node.program("sleep", f"[ ! -e {node.slept} ] && echo $1 > {node.slept}")
        node.program("java", ":")
        process = node.run(eggroll.start("nodemanager", 4671))
        process.communicate()
        assert node.slept.read_text() == "3600\n"
        node.slept.unlink()
        return {str(path.relative_to(logs)) for path in logs.rglob("*") if path.is_file()}

    age(eggroll.LOG_DAYS, *logs.rglob("*"))
    assert clean() == kept | gone
    old = eggroll.LOG_DAYS + 2
    age(old, *(path for path in logs.rglob("*") if path.is_file() and path.parent.name != "eggs"))
    age(old, logs / "before/eggs/LOG")
    assert clean() == kept
    age(2, *logs.rglob("*"))
    assert clean() == kept
    assert {path.name for path in logs.iterdir()} == {"eggroll", "now"}, "empty folders go later"
