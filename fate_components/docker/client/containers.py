"""Commands in a party's containers, run by hand instead of by the engine."""

import base64
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from ..names import docker_name
from . import cli


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
        arguments = ["exec", "-i", self.container(service), *command]
        return cli.run(arguments, cli.environment(self.docker_host), stdin, timeout)

    def talk(
        self, service: str, address: str, port: int, request: bytes, most: int, seconds: float
    ) -> bytes:
        """Send bytes to a TCP port from a service's container, which needs bash.

        Args:
            service: the service's name.
            address: the address to connect to.
            port: the port to connect to.
            request: what to send.
            most: how many bytes of the answer to wait for.
            seconds: after this time, return what has arrived.
        """
        script = (
            f"exec 3<>/dev/tcp/{address}/{port} && base64 -d >&3 && "
            f"timeout {seconds} head -c {most} <&3 | base64 -w 0"
        )
        sent = base64.b64encode(request).decode()
        return base64.b64decode(self.run(service, script, sent, timeout=seconds + 15).stdout)

    def log(self, service: str, lines: int) -> list[str]:
        """The last lines of a service's log."""
        arguments = ["logs", "--tail", str(lines), self.container(service)]
        done = cli.run(arguments, cli.environment(self.docker_host), timeout=30)
        return (done.stdout + done.stderr).splitlines()

    def state(self, service: str) -> str:
        """The state of a service's container in Docker, like running (healthy)."""
        status = "{{.State.Status}}{{with .State.Health}} ({{.Status}}){{end}}"
        inspect = ["inspect", "-f", status, self.container(service)]
        done = cli.run(inspect, cli.environment(self.docker_host), timeout=30)
        return done.stdout.strip() or "missing"

    def states(self, *services: str) -> str:
        """The containers of services with their states, for a message."""
        return ", ".join(f"{self.container(name)} is {self.state(name)}" for name in services)

    def running(self, *services: str) -> bool:
        """Whether the containers of all these services are running."""
        return all(self.state(name).startswith("running") for name in services)
