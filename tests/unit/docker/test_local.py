"""What is seen of a Docker host that is this machine."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from fate_components.docker.inspect import local


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


def process(proc: Path, pid: int, parent: int, *command: str) -> None:
    (proc / str(pid)).mkdir()
    (proc / str(pid) / "status").write_text(f"Name:\tx\nPid:\t{pid}\nPPid:\t{parent}\nUid:\t0\n")
    (proc / str(pid) / "cmdline").write_text("".join(f"{word}\0" for word in command))


def test_the_ports_where_a_daemon_listens_for_its_containers(here: str, tmp_path: Path) -> None:
    proc, daemon = tmp_path / "proc", os.getpid()
    proc.mkdir()
    docker_proxy = ("/usr/bin/docker-proxy", "-proto", "tcp", "-host-ip", "127.0.0.1", "-host-port")
    process(proc, 1, 0, "/sbin/init")
    process(proc, 2, 0)
    process(proc, 3, daemon, *docker_proxy, "9902", "-container-port", "9360")
    process(proc, 4, daemon, *docker_proxy, "9903")
    process(proc, 5, 77, *docker_proxy, "9904")
    process(proc, 6, daemon, "runc", "-host-port", "9905")
    (proc / "7").mkdir()
    assert local.proxied(here, proc) == {9902, 9903}
    assert local.proxied("ssh://root@b1.example.org", proc) == set()
