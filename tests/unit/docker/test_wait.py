"""When the wait for containers ends, and what it reports."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from fate_components.docker import wait
from fate_components.docker.wait import Look, Patience

STARTING = Look("running", "starting")
HEALTHY = Look("running", "healthy")


def verdict(*looks: Look, every: float = 1.0) -> str | None:
    """The verdict on a container that is seen in these states, one after the other."""
    patience = Patience(limit=100)
    for number, look in enumerate(looks):
        if why := patience.judge({"a": look}, number * every):
            return why
    return None


def test_a_container_that_starts_is_waited_for_up_to_a_limit() -> None:
    assert verdict(*[STARTING] * 100) is None
    assert verdict(*[STARTING] * 101) == "a did not become healthy within 100 s"


def test_an_unhealthy_container_may_still_become_healthy() -> None:
    assert verdict(*[Look("running", "unhealthy")] * 50) is None


def test_a_container_that_exits_again_and_again_is_given_up() -> None:
    exits = [Look("restarting", "starting", exit_code=7, restarts=n) for n in range(4)]
    assert verdict(*exits) == "a keeps exiting (last exit code 7)"
    assert verdict(*exits[:3]) is None


def test_exits_before_the_wait_are_not_counted() -> None:
    long_ago = [Look("running", "starting", restarts=n) for n in (40, 40, 41)]
    assert verdict(*long_ago) is None


def test_a_container_that_docker_does_not_start_again_is_given_up() -> None:
    stopped = Look("exited", exit_code=137)
    assert verdict(*[stopped] * 15) is None, "a restart passes through this state"
    assert verdict(*[stopped] * 16) == ("a is exited and Docker does not start it (exit code 137)")
    taken = Look("created", error="port is already allocated")
    assert verdict(*[taken] * 16) == (
        "a is created and Docker does not start it (port is already allocated)"
    )
    assert verdict(*[stopped] * 10, STARTING, *[stopped] * 10) is None


def test_a_removed_container_is_given_up_at_once() -> None:
    assert verdict(STARTING, Look("removed")) == "a was removed"


def test_a_healthy_container_is_never_given_up() -> None:
    patience = Patience(limit=1)
    assert patience.judge({"a": HEALTHY, "b": Look("running")}, 500) is None


# A Docker daemon whose containers come from a file. Each of them logs the same.
DOCKER = """#!/bin/sh
case $1 in
  inspect)
    cat "$HOST/containers"
    [ ! -e "$HOST/error" ] || { cat "$HOST/error" >&2; exit 1; } ;;
  logs) echo "the log of $4"; echo "and its errors" >&2 ;;
  *) exit 64 ;;
esac
"""


def container(id: str, status: str, health: str) -> dict[str, Any]:
    log = [{"Output": "first\n"}, {"Output": "nothing listens on port 1\n"}]
    state = {"Status": status, "ExitCode": 1, "Health": {"Status": health, "Log": log}}
    return {"Id": id, "RestartCount": 0, "State": state}


def run(
    folder: Path, containers: list[dict[str, Any]], error: str = ""
) -> subprocess.CompletedProcess[str]:
    """Wait for the containers one and two, as a command of the program does."""
    (folder / "docker").write_text(DOCKER)
    (folder / "docker").chmod(0o755)
    (folder / "containers").write_text(json.dumps(containers))
    if error:
        (folder / "error").write_text(error)
    return subprocess.run(
        [sys.executable, "-m", wait.__name__],
        input="one a\ntwo b\n",
        env={
            **os.environ,
            "PATH": f"{folder}:{os.environ['PATH']}",
            "HOST": str(folder),
        },
        text=True,
        capture_output=True,
        check=False,
    )


def test_the_wait_ends_when_all_are_healthy(tmp_path: Path) -> None:
    done = run(tmp_path, [container(id, "running", "healthy") for id in "ab"])
    assert done.returncode == 0, done.stderr
    assert done.stdout == "all 2 healthy\n"


def test_a_failure_shows_logs_and_the_output_of_health_checks(tmp_path: Path) -> None:
    missing = "Error: No such container: b"
    done = run(tmp_path, [container("a", "running", "starting")], missing)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "two was removed",
        "one is running (starting)",
        "  its log ends with:",
        "    the log of a",
        "    and its errors",
        "  its health check says:",
        "    nothing listens on port 1",
        "two is removed",
    ]


def test_the_wait_starts_without_the_models_of_the_settings() -> None:
    # Each party waits once or twice per update, and they take half a second of a processor.
    loaded = "import sys, fate_components.docker.wait; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert not {"pydantic", "pulumi", "cryptography"} & set(run.stdout.split())
