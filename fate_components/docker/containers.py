"""Commands in a party's containers, run by hand instead of by the engine."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from ..topology import docker_name


@dataclass(frozen=True)
class Containers:
    """A party's containers on one Docker host.

    Args:
        stack: the stack's name.
        id: the party's id.
        docker_host: how to reach the Docker host's daemon.
    """

    stack: str
    id: str
    docker_host: str

    def container(self, service: str) -> str:
        """The name of a service's container."""
        return docker_name(self.stack, self.id, service)

    def run(
        self, service: str, script: str, stdin: str = "", timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a bash script in a service's container.

        Args:
            service: the service's name.
            script: the script.
            stdin: its standard input.
            timeout: seconds after which it fails with code 124.
        """
        return self.exec(service, ["bash", "-c", script], stdin, timeout)

    def exec(
        self, service: str, command: Sequence[str], stdin: str = "", timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in a service's container, which may lack bash; otherwise like `run`."""
        docker = ["docker", "exec", "-i", self.container(service), *command]
        return _docker(self.docker_host, docker, stdin, timeout)

    def state(self, service: str) -> str:
        """The state of a service's container in Docker, like running (healthy)."""
        status = "{{.State.Status}}{{with .State.Health}} ({{.Status}}){{end}}"
        command = ["docker", "inspect", "-f", status, self.container(service)]
        found = _docker(self.docker_host, command, "", 30)
        return found.stdout.strip() or "missing"


def _docker(
    host: str, command: list[str], stdin: str, timeout: float
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DOCKER_HOST": host}
    environment.pop("DOCKER_CONTEXT", None)  # an operator's own would override DOCKER_HOST
    try:
        return subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", f"no answer within {timeout:.0f} s")
