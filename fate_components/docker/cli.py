"""The docker command on this machine, connected to any Docker host."""

import os
import subprocess
from collections.abc import Mapping, Sequence

NO_ANSWER = 124
"""The exit code of a command that was ended because it took too long."""


def run(
    arguments: Sequence[str],
    environment: Mapping[str, str] | None = None,
    stdin: str = "",
    timeout: float = 60,
) -> subprocess.CompletedProcess[str]:
    """Run a docker command, whatever comes of it.

    Args:
        arguments: the command line after docker.
        environment: the variables that connect it to a daemon, if this process has others.
        stdin: its standard input.
        timeout: seconds after which it fails with NO_ANSWER.
    """
    command = ["docker", *arguments]
    try:
        return subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            env={**os.environ, **(environment or {})},
            check=False,
        )
    except subprocess.TimeoutExpired:
        said = f"docker {arguments[0]}: no answer within {timeout:.0f} s"
        return subprocess.CompletedProcess(command, NO_ANSWER, "", said)


def environment(docker_host: str) -> dict[str, str]:
    """The variables that connect a docker command to a daemon.

    Args:
        docker_host: how to reach the daemon, like unix:///var/run/docker.sock.
    """
    # An operator's own context would take precedence over DOCKER_HOST.
    return {"DOCKER_HOST": docker_host, "DOCKER_CONTEXT": ""}
