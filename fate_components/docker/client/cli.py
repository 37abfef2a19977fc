"""The docker command on this machine, connected to any Docker host."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO

from . import tls_files

NO_ANSWER = 124
"""The exit code of a command that was ended because it took too long."""

_BLOCK = 1 << 20  # bytes that are read from a command at once


class CommandError(Exception):
    """A docker command failed; the text is the end of what it wrote to standard error."""


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
        reason = f"docker {arguments[0]}: no answer within {timeout:.0f} s"
        return subprocess.CompletedProcess(command, NO_ANSWER, "", reason)


def attached(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a docker command on this process's own standard streams; returns its exit code.

    Args:
        arguments: the command line after docker.
        environment: the variables that connect it to a daemon.
    """
    running: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _: object) -> None:
        # A Ctrl-C reaches both: the command decides what comes of it.
        if number != signal.SIGINT:
            for process in running:
                process.send_signal(number)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, pass_on) for number in numbers}
    try:
        running.append(subprocess.Popen(["docker", *arguments], env={**os.environ, **environment}))
        return running[0].wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def output(arguments: Sequence[str], environment: Mapping[str, str]) -> Iterator[bytes]:
    """What a docker command writes to standard output, block by block while it runs.

    Args:
        arguments: the command line after docker.
        environment: the variables that connect it to a daemon.

    Raises:
        CommandError: it failed.
    """
    with _running(arguments, environment, stdin=subprocess.DEVNULL) as process:
        assert process.stdout  # noqa: S101 - a pipe
        while block := process.stdout.read(_BLOCK):
            yield block


def feed(arguments: Sequence[str], environment: Mapping[str, str], blocks: Iterable[bytes]) -> None:
    """Run a docker command with a standard input of any size.

    Args:
        arguments: the command line after docker.
        environment: the variables that connect it to a daemon.
        blocks: its standard input.

    Raises:
        CommandError: it failed.
    """
    with _running(arguments, environment, stdin=subprocess.PIPE) as process:
        assert process.stdin  # noqa: S101 - a pipe
        try:
            for block in blocks:
                process.stdin.write(block)
            process.stdin.close()
        except BrokenPipeError:
            pass  # it has failed, and says why


@contextmanager
def _running(
    arguments: Sequence[str], environment: Mapping[str, str], stdin: int
) -> Iterator[subprocess.Popen[bytes]]:
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            ["docker", *arguments],
            stdin=stdin,
            # What is fed is not read, and a full pipe would stop it.
            stdout=subprocess.PIPE if stdin == subprocess.DEVNULL else subprocess.DEVNULL,
            stderr=errors,
            env={**os.environ, **environment},
        )
        try:
            yield process
            code = process.wait()
        finally:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                _close(pipe)
        if code:
            errors.seek(0)
            lines = errors.read().decode(errors="replace").strip().splitlines()
            raise CommandError(" ".join(lines[-3:]) or f"docker {arguments[0]}: exit code {code}")


def _close(pipe: IO[bytes] | None) -> None:
    try:
        if pipe:
            pipe.close()
    except BrokenPipeError:
        pass  # closing flushes what the command did not read


def environment(docker_host: str) -> dict[str, str]:
    """The variables that connect a docker command to a daemon.

    Args:
        docker_host: how to reach the daemon, like unix:///var/run/docker.sock.
    """
    # An operator's own context would take precedence over DOCKER_HOST.
    return {"DOCKER_HOST": docker_host, "DOCKER_CONTEXT": "", **tls_files.environment(docker_host)}
