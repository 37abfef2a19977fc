"""Questions to a Docker daemon, answered by one that only looks like it."""

import asyncio
import base64
import io
import json
import os
import socketserver
import tarfile
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from fate_components.docker.client import daemon
from fate_components.docker.client.daemon import Daemon, NoAnswerError, Question, document
from fate_components.docker.client.queries import Queries
from fate_components.docker.inspect import local, survey
from fate_components.docker.ports import Published
from tests.support.asynchronous import awaited

CONTAINER = {
    "Id": "c1",
    "Name": "/fate-dev-roll",
    "Config": {"Labels": {"fate.stack": "dev"}},
    "State": {"Status": "restarting"},
    "HostConfig": {"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "9001"}]}},
}
INFO = {"ServerVersion": "20.10.24", "DockerRootDir": "/"}
LISTED = [
    {
        "Id": "c1",
        "Names": ["/fate-dev-roll"],
        "Labels": {"fate.stack": "dev"},
        "ImageID": "sha256:a",
    },
    {
        "Id": "c2",
        "Names": ["/webserver"],
        "Labels": {},
        "Ports": [
            {"IP": "127.0.0.1", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
            {"PrivatePort": 81, "Type": "tcp"},
            {"IP": "::", "PrivatePort": 82, "PublicPort": 8082, "Type": "tcp"},
        ],
    },
]


class Docker(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections: set[int]

    def log_message(self, *_: object) -> None:
        pass

    def address_string(self) -> str:
        return ""

    def setup(self) -> None:
        super().setup()
        self.connections.add(id(self))

    def do_GET(self) -> None:
        match self.path:
            case "/containers/json?all=1":
                self._answer(json.dumps(LISTED).encode())
            case "/containers/c1/json":
                self._answer(json.dumps(CONTAINER).encode())
            case "/images/sha256:a/json":
                self._answer(json.dumps({"RepoTags": ["fate-lab/roll:1"]}).encode())
            case "/info":
                INFO["SystemTime"] = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
                self._answer(json.dumps(INFO).encode())
            case "/networks":
                self._answer(b"[]")
            case "/volumes?filters=%7B%22label%22%3A%20%5B%22fate.stack%3Ddev%22%5D%7D":
                self._answer(b'{"Volumes": [{"Name": "fate-dev-9999-egg"}]}')
            case "/containers/c1/archive?path=/etc/a%20file":
                archive = io.BytesIO()
                with tarfile.open(fileobj=archive, mode="w") as target:
                    member = tarfile.TarInfo("a file")
                    member.size = len(b"content\n")
                    target.addfile(member, io.BytesIO(b"content\n"))
                self._answer(archive.getvalue())
            case "/broken":
                self._answer(b"no space left", status=500)
            case _:
                self._answer(b"no such thing", status=404)

    def do_HEAD(self) -> None:
        if "missing" in self.path:
            return self._answer(b"", status=404)
        stat = json.dumps({"name": "a file", "mtime": "2026-11-25T01:49:39.953761739Z"})
        return self._answer(b"", stat=base64.b64encode(stat.encode()).decode())

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/exec"):
            self.server.script = asked["Cmd"][-1]  # type: ignore[attr-defined]
            return self._answer(b'{"Id": "e1"}', status=201)
        # The output of a command ends with the connection.
        failed = "false" in self.server.script  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"1\r\n2\r\n\r\n" + (b"1\r\n" if failed else b"0\r\n"))
        return None

    def _answer(self, content: bytes, status: int = 200, stat: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if stat:
            self.send_header("X-Docker-Container-Path-Stat", stat)
        self.end_headers()
        self.wfile.write(content)


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    script = ""


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    Docker.connections = set()
    with Server(str(tmp_path / "docker.sock"), Docker) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"unix://{tmp_path}/docker.sock"
        server.shutdown()
        thread.join()


def test_questions_share_a_connection(url: str) -> None:
    docker = Daemon(url)
    assert docker.get("/containers/c1/json") == CONTAINER
    assert docker.get("/containers/c9/json") is None
    assert docker.read("c1", "/etc/a file") == "content\n"
    assert docker.read("c1", "/missing") is None
    assert docker.modified("c1", "/missing") is None
    written = docker.modified("c1", "/etc/a file")
    assert written == datetime(2026, 11, 25, 1, 49, 39, 953761, tzinfo=UTC)
    assert len(Docker.connections) == 1


def test_answers_to_questions_that_are_asked_together_are_told_apart(url: str) -> None:
    docker = Daemon(url)
    some = ["/containers/c1/json", "/broken", "/missing", "/networks"]
    found, broken, missing, networks = docker.answers([document(path) for path in some])
    assert (found, missing, networks) == (CONTAINER, None, [])
    assert isinstance(broken, NoAnswerError)
    paths = ["/containers/c1/json", "/networks"] * 100
    assert docker.ask(*map(document, paths)) == [CONTAINER, []] * 100
    assert len(Docker.connections) == 1


def test_what_is_asked_at_the_same_time_is_sent_together(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    answers = Daemon.answers

    def counted(self: Daemon, questions: Sequence[Question[Any]]) -> list[Any]:
        asked.append(len(questions))
        return answers(self, questions)

    monkeypatch.setattr(Daemon, "answers", counted)
    questions = Queries(Daemon(url))

    async def ask() -> list[object]:
        first = questions.modified("c1", "/etc/a file"), questions.read("c1", "/missing")
        told = await asyncio.gather(*first)
        return [*told, await questions.read("c1", "/etc/a file"), await questions.run("c1", "seq")]

    written, missing, content, output = awaited(ask())
    assert isinstance(written, datetime)
    assert (missing, content, output) == (None, "content\n", "1\n2")
    assert asked[:2] == [2, 1]


def test_a_daemon_that_ends_gives_no_answer_to_all_who_wait(tmp_path: Path) -> None:
    questions = Queries(Daemon(f"unix://{tmp_path}/nobody/listens.sock"))

    async def ask() -> list[object]:
        asked = (questions.read("c1", path) for path in ("/a", "/b"))
        return await asyncio.gather(*asked, return_exceptions=True)

    assert [type(told) for told in awaited(ask())] == [NoAnswerError] * 2


def test_a_command_says_its_output_unless_it_fails(url: str) -> None:
    docker = Daemon(url)
    assert docker.run("c1", "seq 2") == "1\n2"
    assert docker.run("c1", "false") is None
    assert docker.get("/networks") == []


def test_what_is_no_answer(url: str) -> None:
    docker = Daemon(url)
    with pytest.raises(NoAnswerError, match="no space left"):
        docker.get("/broken")
    with pytest.raises(NoAnswerError):
        Daemon("unix:///nobody/listens.sock").get("/networks")


def test_a_host_is_seen_with_what_others_have_there(url: str) -> None:
    found = survey.take({"a": url, "b": "unix:///nobody/listens.sock"}, "dev")
    assert found["b"] == survey.Survey(error="No such file or directory")
    assert found["a"].info == INFO
    assert found["a"].clock == pytest.approx(3600, abs=60)
    assert found["a"].disk, "it is on this machine"
    assert dict(found["a"].containers) == {"fate-dev-roll": CONTAINER}
    assert set(found["a"].others) == {"webserver"}
    assert set(found["a"].volumes) == {"fate-dev-9999-egg"}
    held = found["a"].holders["container webserver"]
    assert [(where.ip, where.port) for where in held] == [("127.0.0.1", 8080), ("0.0.0.0", 8082)]
    assert found["a"].images == {"fate-lab/roll:1"}
    assert found["a"].has_image("fate-lab/roll:1")
    assert not found["a"].has_image("missing")


@pytest.mark.parametrize(
    ("status", "holders"),
    [
        ("restarting", {survey.LOST: [9002], "a process on that machine": [9003]}),
        ("created", {survey.LOST: [9001, 9002], "a process on that machine": [9003]}),
    ],
)
def test_who_listens_for_no_container(
    url: str, status: str, holders: dict[str, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    listeners = [Published(port) for port in (8080, 9001, 9002, 9003)]
    monkeypatch.setattr(local, "listeners", lambda _: listeners)
    monkeypatch.setattr(local, "proxied", lambda _: {8080, 9001, 9002})
    monkeypatch.setitem(CONTAINER, "State", {"Status": status})
    found = dict(survey.take({"a": url}, "dev")["a"].holders)
    del found["container webserver"]
    assert {who: [where.port for where in held] for who, held in found.items()} == holders


def test_a_remote_daemon_without_an_answer_gives_the_reason_of_ssh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ssh = tmp_path / "ssh"
    ssh.write_text("#!/bin/sh\necho 'a banner' >&2\necho 'ssh: connect: refused' >&2\nexit 255\n")
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")
    (found,) = survey.take({"a": "ssh://b.example.org"}, "dev").values()
    assert found == survey.Survey(error="ssh: connect: refused")


@pytest.mark.parametrize(
    ("url", "arguments"),
    [
        ("ssh://root@b.example.org:2222", "-l root -p 2222 -- b.example.org"),
        ("ssh://b.example.org", "-- b.example.org"),
    ],
)
def test_a_remote_daemon_is_reached_like_the_docker_command_does(url: str, arguments: str) -> None:
    command = " ".join(daemon.ssh_command(url))
    assert command.startswith("ssh -o BatchMode=yes")
    assert command.endswith(f"{arguments} docker system dial-stdio")
