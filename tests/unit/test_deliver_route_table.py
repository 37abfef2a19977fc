"""The script that brings a route table into a running proxy, with a docker of our own."""

import os
import subprocess
from pathlib import Path

import pytest

from fate_components import fate1

SCRIPT = Path(fate1.__file__).with_name("deliver_route_table.sh").read_text()

# A container is a directory here; everything asked of docker is written down.
DOCKER = """#!/bin/sh
echo "$*" >> "$HOST/asked"
case $1 in
  exec)
    while [ "$1" != "$CONTAINER" ]; do shift; done
    shift
    exec "$@" ;;
  restart) ;;
  inspect) echo healthy ;;
  *) exit 64 ;;
esac
"""


class Proxy:
    """A running proxy: its route table, and what was done to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "docker").write_text(DOCKER)
        (folder / "docker").chmod(0o755)
        self.table = folder / "route_table.json"
        self.table.write_text("old\n")

    def deliver(self, table: str, before: str | None) -> str:
        environment = {
            **os.environ,
            "PATH": f"{self.folder}:{os.environ['PATH']}",
            "HOST": str(self.folder),
            "CONTAINER": "c1",
            "FILE": str(self.table),
        }
        if before is not None:
            environment["PULUMI_COMMAND_STDOUT"] = before
        return subprocess.run(
            ["sh", "-c", SCRIPT],
            input=table,
            env=environment,
            text=True,
            capture_output=True,
            check=True,
        ).stdout.strip()

    @property
    def restarted(self) -> bool:
        return "restart c1" in (self.folder / "asked").read_text()


@pytest.fixture
def proxy(tmp_path: Path) -> Proxy:
    return Proxy(tmp_path)


def test_a_changed_table_reaches_a_known_container_without_a_restart(proxy: Proxy) -> None:
    assert proxy.deliver("new\n", before="c1") == "c1"
    assert proxy.table.read_text() == "new\n"
    assert not proxy.restarted


def test_a_new_container_that_started_with_an_old_table_is_restarted(proxy: Proxy) -> None:
    proxy.deliver("new\n", before="c0")
    assert proxy.table.read_text() == "new\n"
    assert proxy.restarted


@pytest.mark.parametrize("before", [None, "c0", "c1"])
def test_a_right_table_is_left_alone(proxy: Proxy, before: str | None) -> None:
    proxy.deliver("old\n", before)
    assert proxy.table.read_text() == "old\n"
    assert not proxy.restarted
