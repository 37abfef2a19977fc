"""fatectl open: where a page is, and the tunnel that leads there."""

import os
import re
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from fate_components.cli import open_
from fate_components.cli.__main__ import app
from fate_components.cli.open_ import OpenError, _free, port_of, tunnel
from fate_components.operate import fleet
from fate_components.operate.fleet import Fleet, Member
from fate_components.operate.stack import Stack
from fate_components.operate.target import Target
from fate_components.settings import openssh
from fate_components.stack_file import parse
from tests.support.bad_stack_files import GOOD, GOOD_2
from tests.support.containers import missing
from tests.support.stack_files import as_engine

BOARD = replace(missing("fateboard"), id="1", state="running", ports=("127.0.0.1:8080",))


@pytest.mark.parametrize(
    ("written", "where"),
    [("127.0.0.1:8080", ("127.0.0.1", 8080)), ("8080", ("0.0.0.0", 8080))],
)
def test_where_a_service_is_published(written: str, where: tuple[str, int]) -> None:
    assert port_of(replace(BOARD, ports=(written,))) == where


def test_a_service_that_is_not_published() -> None:
    with pytest.raises(OpenError, match="fate-dev-9999-fateboard has no port on Docker host a"):
        port_of(replace(BOARD, ports=()))


def test_the_same_port_is_used_here_if_it_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert _free(port) != port
    assert _free(port) == port


@pytest.fixture
def ssh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Path]:
    """Puts a Python script on PATH as the ssh command; it tells its arguments to a file."""

    def put(script: str) -> Path:
        command = tmp_path / "ssh"
        command.write_text(
            f"#!{sys.executable}\nimport sys\nopen('{tmp_path}/asked', 'w').write(' '.join("
            f"sys.argv[1:]))\n{script}\n"
        )
        command.chmod(0o755)
        return tmp_path / "asked"

    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return put


LISTEN = """
import re, socket, time
port = int(re.search(r"127.0.0.1:([0-9]+):", " ".join(sys.argv)).group(1))
server = socket.create_server(("127.0.0.1", port))
while True:
    server.accept()
"""


def test_a_tunnel(ssh: Callable[[str], Path]) -> None:
    asked = ssh(LISTEN)
    with suppress(KeyboardInterrupt), tunnel("ssh://me@b1:2222", "127.0.0.1", 1) as local:
        text = asked.read_text()
        raise KeyboardInterrupt
    assert f"-L 127.0.0.1:{local}:127.0.0.1:1 " in text
    assert text.endswith("-l me -p 2222 -- b1")
    with socket.socket() as attempt:
        assert attempt.connect_ex(("127.0.0.1", local)) != 0, "the tunnel must be closed"


def test_a_tunnel_that_cannot_be_dug(ssh: Callable[[str], Path]) -> None:
    ssh("sys.exit('ssh: Connection refused')")
    words = "no ssh tunnel to ssh://b1: ssh: Connection refused"
    with pytest.raises(OpenError, match=words), tunnel("ssh://b1", "127.0.0.1", 1):
        pass


@pytest.mark.parametrize(
    ("docker_host", "ports", "said"),
    [
        ("unix:///d", "127.0.0.1:8080", "http://127.0.0.1:8080\n"),
        ("unix:///d", "0.0.0.0:8080", "http://127.0.0.1:8080\n"),
        ("ssh://b1", "0.0.0.0:8080", "http://b1.example.org:8080\n"),
        ("tcp://b1:2376", "127.0.0.1:8080", "run `ssh -L` to that machine"),
    ],
)
def test_the_address_of_a_page(
    docker_host: str, ports: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = replace(BOARD, docker_host=docker_host, ports=(ports,))
    shown = opened(monkeypatch, [board])
    assert said in shown
    assert (shown == said) is said.startswith("http")


@pytest.mark.parametrize(
    ("there", "what", "words"),
    [
        ([BOARD, replace(BOARD, service="client", ports=("1",))], [], r"http://127\.0\.0\.1:8080"),
        ([replace(BOARD, service="client", ports=("1",))], [], r"http://127\.0\.0\.1:1\n"),
        ([BOARD], ["notebook"], "party 9999 has no service client; its services: fateboard"),
        ([BOARD], ["door"], "'door' is not one of"),
    ],
)
def test_what_is_opened(
    there: list[Member], what: list[str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = [replace(one, docker_host="unix:///d") for one in there]
    assert re.search(words, opened(monkeypatch, local, *what))


@pytest.mark.parametrize(
    ("release", "said"),
    [
        (GOOD, "fatectl: fateboard of FATE 1.3.0 has no log-in: whoever reaches its port can"),
        (GOOD_2, ""),
    ],
)
def test_a_board_without_a_login_is_told(
    release: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = Stack("dev", *parse(as_engine(release), {"fate:masterSecret"}, "dev"))
    board = replace(BOARD, docker_host="unix:///d")
    shown = opened(monkeypatch, [board], stack=stack)
    assert "http://127.0.0.1:8080\n" in shown
    assert said in shown
    assert ("log-in" in shown) is bool(said)


def opened(
    monkeypatch: pytest.MonkeyPatch, there: list[Member], *what: str, stack: Stack | None = None
) -> str:
    monkeypatch.setattr(fleet, "look", lambda *_: Fleet(tuple(there), {}))
    monkeypatch.setattr(open_, "target", lambda *_: Target("dev", {}, stack=stack))
    monkeypatch.setattr(openssh, "host_name", lambda _: "b1.example.org")
    done = CliRunner().invoke(app, ["open", "9999", *what])
    return done.stdout + done.stderr
