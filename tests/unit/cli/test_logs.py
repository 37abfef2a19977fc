"""fatectl logs and exec, with a docker command that only looks like it."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from fate_components.cli import logs
from fate_components.cli.__main__ import app
from fate_components.cli.logs import LogsError, Printer, Source, after, followed, last, line, merged
from fate_components.operate import fleet
from tests.support.containers import EGG, Docker, missing

ROLL, EGG_2 = missing("roll"), missing("egg-2")
TIME = "2026-11-25T09:30:0"


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Puts a shell script on PATH as the docker command."""

    def put(script: str) -> None:
        command = tmp_path / "docker"
        command.write_text(f"#!/bin/sh\nfor name; do :; done\n{script}\n")
        command.chmod(0o755)

    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return put


def test_lines_begin_with_their_time() -> None:
    assert line(b"2026-11-25T09:30:00.12Z text \xff\r\n") == (f"{TIME}0.120000000Z", b"text \xff")
    assert line(b"2026-11-25T09:30:00Z \n") == (f"{TIME}0.000000000Z", b"")
    assert line(b"Error: No such container: x\n") is None


def test_the_next_time_at_which_something_can_be_written() -> None:
    assert after(f"{TIME}0.120000000Z") == f"{TIME}0.120000001Z"
    assert after(f"{TIME}9.999999999Z") == "2026-11-25T09:30:10.000000000Z"


def test_services_are_interleaved_by_time(docker: Callable[[str], None]) -> None:
    docker(f"""case $name in
        *roll) echo {TIME}1Z r1; echo {TIME}0.5Z r2 >&2; echo {TIME}4Z r3;;
        *) echo {TIME}2Z e1; echo {TIME}3.5Z e2;;
    esac""")
    found = [
        (member.service, text) for member, text in merged([Source(ROLL, ""), Source(EGG_2, "")])
    ]
    assert found == [
        ("roll", b"r1"), ("roll", b"r2"), ("egg-2", b"e1"), ("egg-2", b"e2"), ("roll", b"r3"),
    ]  # fmt: skip


def test_a_log_that_cannot_be_read(docker: Callable[[str], None]) -> None:
    docker("echo 'invalid value for \"since\"' >&2; exit 1")
    with pytest.raises(
        LogsError, match='fate-dev-9999-roll cannot be read: invalid value for "since"'
    ):
        list(merged([Source(ROLL, "abc")]))


def test_the_last_lines_in_the_order_of_time(docker: Callable[[str], None], tmp_path: Path) -> None:
    docker(f"""echo "$@" > {tmp_path}/asked
        echo {TIME}2Z two >&2; echo {TIME}1Z one; echo {TIME}3Z three""")
    assert [text for _, text in last(ROLL, 20)] == [b"one", b"two", b"three"]
    asked = (tmp_path / "asked").read_text()
    assert asked == "logs --timestamps --tail 20 fate-dev-9999-roll\n"
    docker("echo 'No such container' >&2; exit 1")
    with pytest.raises(LogsError, match="fate-dev-9999-roll cannot be read: No such container"):
        last(ROLL, 20)


def test_following_goes_on_where_the_past_has_ended(
    docker: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "_AGAIN", 0)
    # The container is replaced: docker ends, cannot find it, and goes on with the new one.
    docker(f"""echo "$@" >> {tmp_path}/asked
        case $(wc -l < {tmp_path}/asked) in
            1) echo {TIME}1Z past;;
            2) echo {TIME}2Z old;;
            3) echo "no such container"; exit 1;;
            4) echo {TIME}3Z new;;
            *) exec sleep 60;;
        esac""")
    source = Source(ROLL, "5m")
    assert [text for _, text in merged([source])] == [b"past"]
    lines = followed([source])
    assert [next(lines)[1], next(lines)[1]] == [b"old", b"new"]
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[0] == "logs --timestamps --since 5m fate-dev-9999-roll"
    assert asked[1] == f"logs --timestamps --follow --since {TIME}1.000000001Z fate-dev-9999-roll"
    assert f"--since {TIME}2.000000001Z" in asked[3]


@pytest.mark.parametrize(
    ("console", "written"),
    [
        (Console(force_terminal=False, highlight=False), b"roll  | a\negg-2 | b\n"),
        (Console(force_terminal=True, no_color=True, highlight=False), b"roll  | a\negg-2 | b\n"),
        (
            Console(force_terminal=True, color_system="standard", highlight=False),
            b"\x1b[36mroll  |\x1b[0m a\n\x1b[33megg-2 |\x1b[0m b\n",
        ),
    ],
)
def test_lines_are_coloured_on_a_terminal_only(
    console: Console, written: bytes, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    printer = Printer([ROLL, EGG_2], console)
    printer.write(ROLL, b"a")
    printer.write(EGG_2, b"b", flush=True)
    sys.stdout.flush()
    assert capfdbinary.readouterr().out == written


def test_one_service_alone_is_not_named(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    Printer([ROLL], Console(force_terminal=False)).write(ROLL, b"a", flush=True)
    assert capfdbinary.readouterr().out == b"a\n"


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> None:
    Docker.answers = {
        "/containers/json?all=1": [{"Id": "e2"}],
        "/containers/e2/json": EGG,
    }
    monkeypatch.setattr(fleet, "Daemon", Docker)


@pytest.mark.usefixtures("found")
def test_logs_of_a_party(docker: Callable[[str], None]) -> None:
    docker(f"echo {TIME}1Z $name")
    done = CliRunner().invoke(app, ["logs", "9999", "--host", "ssh://here"])
    assert (done.exit_code, done.stdout) == (0, "fate-dev-9999-egg-2\n"), done.stderr
    done = CliRunner().invoke(app, ["logs", "9999", "roll", "--host", "ssh://here"])
    assert done.exit_code == 1
    assert "party 9999 has no service roll; its services: egg-2" in done.stderr


@pytest.mark.usefixtures("found")
@pytest.mark.parametrize(
    ("given", "run"), [(["--", "env", "-u", "A"], ["env", "-u", "A"]), ([], ["sh", "-c"])]
)
def test_a_command_in_a_container(
    given: list[str],
    run: list[str],
    docker: Callable[[str], None],
    capfd: pytest.CaptureFixture[str],
) -> None:
    docker('echo "$DOCKER_HOST $@"; exit 7')
    done = CliRunner().invoke(app, ["exec", "9999", "egg-2", "--host", "ssh://here", *given])
    assert done.exit_code == 7, done.output
    said = capfd.readouterr().out
    assert said.startswith(f"ssh://here exec -i e2 {' '.join(run)}"), said
