"""fatectl logs and exec, with a docker command that only looks like it."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from fate_components.cli.__main__ import app
from fate_components.cli.logs import Printer
from fate_components.operate import fleet
from tests.support import docker_command
from tests.support.containers import EGG, Docker, missing

ROLL, EGG_2 = missing("roll"), missing("egg-2")
TIME = "2026-11-25T09:30:0"


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Puts a shell script on PATH as the docker command."""
    return docker_command.instead(monkeypatch, tmp_path)


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
