"""What is seen of a Docker host that is this machine."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from fate_components.docker import local


@pytest.fixture
def here(tmp_path: Path) -> Iterator[str]:
    """A daemon on this machine."""
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.bind(str(path))
        daemon.listen()
        yield f"unix://{path}"


def test_what_the_processors_of_this_machine_can_do(here: str, tmp_path: Path) -> None:
    one = "processor\t: 0\nflags\t\t: fpu sse4_2 avx2\nbugs\t\t: spectre_v1\n"
    (tmp_path / "cpuinfo").write_text(f"{one}\n{one}")
    assert local.cpu_flags(here, tmp_path) == frozenset({"fpu", "sse4_2", "avx2"})
    assert local.cpu_flags("ssh://root@b1.example.org", tmp_path) is None


def test_processors_that_list_nothing_of_the_kind(here: str, tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nFeatures\t: fp asimd\n")
    assert local.cpu_flags(here, tmp_path) is None
