"""What the program itself asks a Docker daemon, over one connection to its HTTP API.

The docker command would start a process, and for ssh:// a login, for every question. Docker's
library for Python does so, too, for every question over ssh:// (7.2.0 with use_ssh_client; without
it, paramiko replaces OpenSSH and most of its configuration). What a preview asks about the 90
containers of 10 parties takes, as medians on two busy cores, with the library's import and 16
threads:

    socket  3.1 s here, 3.4 s with the library
    ssh     3.4 s here, 83 s with the library
"""

import base64
import http.client
import io
import json
import socket
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from typing import IO, Any, Generic, TypeVar
from urllib.parse import quote, urlsplit

from . import ssh, tls_files

_SECONDS = 60  # a busy machine must not count as one that is down
_CONNECT_SECONDS = 30  # less, so that ssh says why before nobody listens any more
_MISSING = 404
_AT_ONCE = 64  # questions. They fit in any buffer, so the daemon can answer while they are sent

T = TypeVar("T")


class NoAnswerError(Exception):
    """The daemon cannot be reached, or cannot answer the question."""


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Message
    content: bytes


@dataclass(frozen=True)
class Question(Generic[T]):
    """A request to a daemon.

    Args:
        method: the HTTP method.
        path: the path in its API.
        means: what an answer means, or its absence if there is no such thing.
        body: the JSON document that is sent.
    """

    method: str
    path: str
    means: Callable[[_Answer | None], T]
    body: Mapping[str, Any] | None = None


def document(path: str) -> Question[Any]:
    """What is the JSON document at a path of the API? None if there is none."""
    return Question("GET", path, lambda answer: answer and json.loads(answer.content))


def written(container: str, path: str) -> Question[datetime | None]:
    """When was a file in a container, which need not run, last written? None if it is missing."""
    return Question("HEAD", _archive(container, path), _time)


def content(container: str, path: str) -> Question[str | None]:
    """What does a file in a container, which need not run, contain? None if it is missing."""
    return Question("GET", _archive(container, path), _text)


class Daemon:
    """A Docker daemon. Its methods raise NoAnswerError.

    Args:
        docker_host: how to reach it: unix:///path, ssh://user@machine:port or
            tcp://machine:port.
        seconds: how long to wait for an answer.
    """

    def __init__(self, docker_host: str, seconds: float = _SECONDS) -> None:
        self.docker_host = docker_host
        self._seconds = seconds
        # What ssh says. It is no pipe, because nobody would read it.
        self._errors: IO[bytes] | None = None
        if docker_host.startswith("ssh:"):
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - as long as this object
        self._connection: _Connection | None = None
        self._lock = threading.Lock()

    def ask(self, *questions: Question[T]) -> list[T]:
        """The answers to questions, which are asked without waiting for answers in between."""
        answers = self.answers(questions)
        for answer in answers:
            if isinstance(answer, NoAnswerError):
                raise answer
        return [answer for answer in answers if not isinstance(answer, NoAnswerError)]

    def answers(self, questions: Sequence[Question[T]]) -> list[T | NoAnswerError]:
        """Like `ask`, with the reason in place of an answer that the daemon cannot give."""
        answers: list[T | NoAnswerError] = []
        with self._lock:
            for first in range(0, len(questions), _AT_ONCE):
                some: list[T | NoAnswerError] = self._answers(questions[first : first + _AT_ONCE])
                answers += some
        return answers

    def get(self, path: str) -> Any:
        """The JSON document at a path of the API, or None if there is none."""
        return self.ask(document(path))[0]

    def modified(self, container: str, path: str) -> datetime | None:
        """When a file in a container, which need not run, was last written; None if missing."""
        return self.ask(written(container, path))[0]

    def read(self, container: str, path: str) -> str | None:
        """The content of a file in a container, which need not run; None if there is none."""
        return self.ask(content(container, path))[0]

    def run(self, container: str, script: str) -> str | None:
        """The output of a shell script in a running container; None if it fails."""
        wrapped = f"( {script} ) 2>/dev/null; echo; echo $?"
        command = {"AttachStdout": True, "Tty": True, "Cmd": ["sh", "-c", wrapped]}
        (begun,) = self.ask(
            Question(
                "POST",
                f"/containers/{container}/exec",
                lambda answer: answer and json.loads(answer.content)["Id"],
                command,
            )
        )
        if begun is None:
            return None
        (output,) = self.ask(Question("POST", f"/exec/{begun}/start", _output, {"Tty": True}))
        *lines, code = output.strip().splitlines() or [""]
        return "\n".join(lines).strip() if code == "0" else None

    def _answers(self, questions: Sequence[Question[T]]) -> list[T | NoAnswerError]:
        try:
            if self._connection is None:
                self._connection = _Connection(_dial(self.docker_host, self._seconds, self._errors))
            self._connection.send(questions)
            answers = [self._connection.answer(question.method) for question in questions]
        except (OSError, http.client.HTTPException) as error:
            self._close()
            return [NoAnswerError(self._reason(error))] * len(questions)
        if self._connection.ended:
            self._close()
        return list(map(_meaning, questions, answers))

    def _close(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    def _reason(self, error: Exception) -> str:
        message = ""
        if self._errors:
            self._errors.seek(0)
            message = self._errors.read().decode(errors="replace").strip()
        if message:
            return message.splitlines()[-1].strip()
        return getattr(error, "strerror", None) or str(error) or type(error).__name__


class _Connection:
    """A connection on which questions, and so answers, follow one another (HTTP pipelining)."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._file = _Shared(connected.makefile("rb", buffering=0))
        self.ended = False

    def send(self, questions: Sequence[Question[Any]]) -> None:
        self._socket.sendall(b"".join(map(_request, questions)))

    def answer(self, method: str) -> _Answer:
        answer = http.client.HTTPResponse(self, method=method)  # type: ignore[arg-type]
        answer.begin()
        self.ended = answer.will_close
        return _Answer(answer.status, answer.headers, answer.read())

    def makefile(self, mode: str) -> "_Shared":
        """What an answer is read from."""
        return self._file

    def close(self) -> None:
        self._file.raw.close()
        self._socket.close()


class _Shared(io.BufferedReader):
    """The file of all answers on a connection: the end of one does not close it."""

    def close(self) -> None:
        pass


def _request(question: Question[Any]) -> bytes:
    head = f"{question.method} {question.path} HTTP/1.1\r\nHost: docker\r\n"
    if question.body is None:
        return f"{head}\r\n".encode()
    body = json.dumps(question.body).encode()
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _meaning(question: Question[T], answer: _Answer) -> T | NoAnswerError:
    if answer.status == _MISSING:
        return question.means(None)
    if answer.status >= http.client.BAD_REQUEST:
        return NoAnswerError(answer.content.decode(errors="replace").strip())
    return question.means(answer)


def _time(answer: _Answer | None) -> datetime | None:
    if answer is None:
        return None
    stat = json.loads(base64.b64decode(answer.headers["X-Docker-Container-Path-Stat"]))
    return datetime.fromisoformat(stat["mtime"])


def _text(answer: _Answer | None) -> str | None:
    if answer is None:
        return None
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        file = archive.extractfile(archive.getmembers()[0])
        return file.read().decode(errors="replace") if file else ""


def _output(answer: _Answer | None) -> str:
    return answer.content.decode(errors="replace") if answer else ""


def _dial(docker_host: str, seconds: float, errors: IO[bytes] | None) -> socket.socket:
    url = urlsplit(docker_host)
    if url.scheme == "unix":
        ours = socket.socket(socket.AF_UNIX)
        ours.settimeout(seconds)
        ours.connect(url.path)
        return ours
    if url.scheme == "tcp":
        plain = socket.create_connection((url.hostname, url.port), seconds)
        return tls_files.context(docker_host).wrap_socket(plain, server_hostname=url.hostname)
    ours, theirs = socket.socketpair()
    ours.settimeout(seconds)
    # It ends when our end of the pair is closed, at the latest with this process.
    with theirs:
        subprocess.Popen(
            ssh_command(docker_host),
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=errors or subprocess.DEVNULL,
            start_new_session=True,
        )
    return ours


def ssh_command(docker_host: str) -> list[str]:
    """The command that connects its standard input and output to the daemon at an ssh:// URL."""
    options = ["-o", "BatchMode=yes", "-o", f"ConnectTimeout={_CONNECT_SECONDS}"]
    return ["ssh", *options, *ssh.target(docker_host), "docker", "system", "dial-stdio"]


def _archive(container: str, path: str) -> str:
    return f"/containers/{container}/archive?path={quote(path)}"
