"""Docker commands whose input or output is of any size."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fate_components.docker.client import cli
from fate_components.docker.client.cli import CommandError


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A docker command that runs its last argument as a script."""
    program = tmp_path / "docker"
    program.write_text('#!/bin/bash\nexec bash -c "${@: -1}"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


def test_output_is_read_while_it_is_written(docker: Path) -> None:
    blocks = list(cli.output(["run", "head -c 3000000 /dev/zero"], {}))
    assert sum(map(len, blocks)) == 3_000_000
    assert len(blocks) == 3


def test_a_command_that_fails_says_why(docker: Path) -> None:
    with pytest.raises(CommandError, match="no space left"):
        list(cli.output(["run", "echo half; echo no space left >&2; exit 1"], {}))
    with pytest.raises(CommandError, match="docker run: exit code 3"):
        list(cli.output(["run", "exit 3"], {}))


def test_a_command_is_fed(docker: Path) -> None:
    blocks = (bytes(1 << 20) for _ in range(5))
    cli.feed(["run", f"wc -c > {docker}/size"], {"NAME": "value"}, blocks)
    assert int((docker / "size").read_text()) == 5 << 20


def test_a_command_that_stops_reading_says_why(docker: Path) -> None:
    blocks = (bytes(1 << 20) for _ in range(5))
    with pytest.raises(CommandError, match="no space left"):
        cli.feed(["run", "head -c 10 > /dev/null; echo no space left >&2; exit 1"], {}, blocks)


def test_a_command_is_ended_when_its_input_cannot_be_read(docker: Path) -> None:
    def blocks() -> Iterator[bytes]:
        yield b"begin"
        raise ValueError("damaged")

    with pytest.raises(ValueError, match="damaged"):
        cli.feed(["run", f"cat > /dev/null; touch {docker}/ended"], {}, blocks())
    assert not (docker / "ended").exists()
