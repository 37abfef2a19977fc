"""What is killed in the middle of an update: the engine, its plugins or the Docker daemon."""

import contextlib
import signal
from collections.abc import Callable

import psutil

from fate_components.docker.inspect import survey
from tests.support.engine.clusters import Cluster
from tests.support.engine.docker_hosts import DockerHost
from tests.support.engine.stacks import ENDS_WITHIN


def kill_engine(engine: psutil.Process, _: DockerHost) -> None:
    engine.send_signal(signal.SIGKILL)


def kill_plugins(engine: psutil.Process, _: DockerHost) -> None:
    for child in engine.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # it may have ended
            if child.name().startswith("pulumi-resource"):
                child.send_signal(signal.SIGKILL)


def kill_dockerd(_: psutil.Process, host: DockerHost) -> None:
    host.kill_dockerd()


def has_lost_ports(host: DockerHost) -> bool:
    """Whether Docker keeps ports of a container that it was starting when it was killed."""
    return survey.LOST in survey.take({"": host.url}, "")[""].holders


Kill = Callable[[psutil.Process, DockerHost], None]
VICTIMS: tuple[Kill, ...] = (kill_engine, kill_plugins, kill_dockerd)


def killed(cluster: Cluster, command: str, lines: int, kill: Kill, after: str = "") -> None:
    """Kill something in the middle of a command, wait until the command ends, and repair the stack.

    Args:
        cluster: the deployment.
        command: up or destroy.
        lines: how many lines the command prints before.
        kill: kills it.
        after: what the command must have printed before those lines.
    """
    process = cluster.stack.start(command, "--yes", "--skip-preview")
    assert process.stdout
    if after:
        any(after in line for line in process.stdout)
    for _ in range(lines):
        if not process.stdout.readline():
            break
    try:
        if process.poll() is None:
            kill(psutil.Process(process.pid), cluster.host)
        process.communicate(timeout=ENDS_WITHIN)
    finally:
        process.kill()
    if has_lost_ports(cluster.host):
        cluster.host.restart_dockerd()
    repaired = cluster.stack.fatectl("repair")
    assert repaired.returncode == 0, repaired.stderr
