"""What the program itself asks a Docker daemon, over one connection to its HTTP API.

The docker command would start a process, and for ssh:// a login, for every question; Docker's
library for Python takes longer to import than all the answers together.
"""

import base64
import http.client
import io
import json
import socket
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from datetime import datetime
from email.message import Message
from typing import IO, Any
from urllib.parse import quote, urlsplit

from ..settings import openssh
from . import material

_SECONDS = 60  # a busy machine must not count as one that is down
_CONNECT_SECONDS = 30  # less, so that ssh says why before nobody listens any more
_MISSING = 404


class NoAnswerError(Exception):
    """The daemon cannot be reached, or cannot answer the question."""


class Daemon:
    """A Docker daemon. Its methods raise NoAnswerError.

    Args:
        docker_host: how to reach it: unix:///path, ssh://user@machine:port or
            tcp://machine:port.
        seconds: how long to wait for an answer.
    """

    def __init__(self, docker_host: str, seconds: float = _SECONDS) -> None:
        # What ssh says. It is no pipe, because nobody would read it.
        self._errors: IO[bytes] | None = None
        if docker_host.startswith("ssh:"):
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - as long as this object
        self._http = _Connection(lambda: _dial(docker_host, seconds, self._errors))

    def get(self, path: str) -> Any:
        """The JSON document at a path of the API, or None if there is none."""
        answer = self._ask("GET", path)
        return None if answer is None else json.loads(answer[1])

    def modified(self, container: str, path: str) -> datetime | None:
        """When a file in a container, which need not run, was last written; None if missing."""
        answer = self._ask("HEAD", _archive(container, path))
        if answer is None:
            return None
        found = json.loads(base64.b64decode(answer[0]["X-Docker-Container-Path-Stat"]))
        return datetime.fromisoformat(found["mtime"])

    def read(self, container: str, path: str) -> str | None:
        """The content of a file in a container, which need not run; None if there is none."""
        answer = self._ask("GET", _archive(container, path))
        if answer is None:
            return None
        with tarfile.open(fileobj=io.BytesIO(answer[1])) as archive:
            file = archive.extractfile(archive.getmembers()[0])
            return file.read().decode(errors="replace") if file else ""

    def run(self, container: str, script: str) -> str | None:
        """The output of a shell script in a running container; None if it fails."""
        wrapped = f"( {script} ) 2>/dev/null; echo; echo $?"
        command = {"AttachStdout": True, "Tty": True, "Cmd": ["sh", "-c", wrapped]}
        answer = self._ask("POST", f"/containers/{container}/exec", command)
        if answer is None:
            return None
        started = self._ask("POST", f"/exec/{json.loads(answer[1])['Id']}/start", {"Tty": True})
        said = started[1].decode(errors="replace") if started else ""
        *lines, code = said.strip().splitlines() or [""]
        return "\n".join(lines).strip() if code == "0" else None

    def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> tuple[Message, bytes] | None:
        try:
            self._http.request(
                method,
                path,
                json.dumps(body) if body is not None else None,
                {"Content-Type": "application/json"} if body is not None else {},
            )
            answer = self._http.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._http.close()
            raise NoAnswerError(self._reason(error)) from error
        if answer.status == _MISSING:
            return None
        if answer.status >= http.client.BAD_REQUEST:
            raise NoAnswerError(content.decode(errors="replace").strip())
        return answer.headers, content

    def _reason(self, error: Exception) -> str:
        said = ""
        if self._errors:
            self._errors.seek(0)
            said = self._errors.read().decode(errors="replace").strip()
        if said:
            return said.splitlines()[-1].strip()
        return getattr(error, "strerror", None) or str(error) or type(error).__name__


class _Connection(http.client.HTTPConnection):
    def __init__(self, dial: Callable[[], socket.socket]) -> None:
        super().__init__("docker")
        self._dial = dial

    def connect(self) -> None:
        self.sock = self._dial()


def _dial(docker_host: str, seconds: float, errors: IO[bytes] | None) -> socket.socket:
    url = urlsplit(docker_host)
    if url.scheme == "unix":
        ours = socket.socket(socket.AF_UNIX)
        ours.settimeout(seconds)
        ours.connect(url.path)
        return ours
    if url.scheme == "tcp":
        plain = socket.create_connection((url.hostname, url.port), seconds)
        return material.context(docker_host).wrap_socket(plain, server_hostname=url.hostname)
    ours, theirs = socket.socketpair()
    ours.settimeout(seconds)
    # It ends when our end of the pair is closed, at the latest with this process.
    with theirs:
        subprocess.Popen(
            ssh(docker_host),
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=errors or subprocess.DEVNULL,
            start_new_session=True,
        )
    return ours


def ssh(docker_host: str) -> list[str]:
    """The command that connects its standard input and output to the daemon at an ssh:// URL."""
    options = ["-o", "BatchMode=yes", "-o", f"ConnectTimeout={_CONNECT_SECONDS}"]
    return ["ssh", *options, *openssh.target(docker_host), "docker", "system", "dial-stdio"]


def _archive(container: str, path: str) -> str:
    return f"/containers/{container}/archive?path={quote(path)}"
