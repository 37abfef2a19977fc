"""fatectl repair: which locks it releases, which processes it ends, what it clears."""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from pulumi import automation as auto

from fate_components.operate import repair
from fate_components.operate.repair import Lock, RepairError

HERE = socket.gethostname()
GONE = 2**22 + 1  # above the highest process id


def lock(pid: int, hostname: str = HERE) -> Lock:
    return Lock(pid, "ada", hostname, "2026-11-24T21:00:00Z")


@contextmanager
def process(name: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process with a name of our choice, running in a folder."""
    program = folder / name
    shutil.copy(shutil.which("sleep") or "", program)
    running = subprocess.Popen([str(program), "60"], cwd=folder)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


@pytest.mark.parametrize(
    ("clone", "path"),
    [
        ("fate", "fate"),
        ("it's a clone", "it's a clone"),
        # As env.sh writes them, and as others may.
        ("100% #1?", "100%25 %231%3F"),
        ("a b", "a%20b?no_tmp_dir=true"),
    ],
)
def test_the_locks_of_a_stack_are_read(clone: str, path: str, tmp_path: Path) -> None:
    folder = tmp_path / clone / ".pulumi/locks/organization/fate/dev"
    folder.mkdir(parents=True)
    (folder / "4711.json").write_text(
        '{"pid": 7, "username": "ada", "hostname": "vm", "timestamp": "2026-11-24"}'
    )
    url = f"file://{tmp_path}/{path}"
    assert list(repair.locks(url, "fate", "dev")) == [Lock(7, "ada", "vm", "2026-11-24")]
    assert list(repair.locks(url, "fate", "prod")) == []
    assert list(repair.locks("https://backend.example.org", "fate", "dev")) == []


def test_attributes_that_were_not_written_completely_are_found(tmp_path: Path) -> None:
    stacks, held = (
        tmp_path / ".pulumi" / folder for folder in ("stacks/fate", "locks/organization/fate/dev")
    )
    for folder in (stacks, held):
        folder.mkdir(parents=True)
    cut = {stacks / "dev.json.attrs", held / "1.json.attrs"}
    for file in cut:
        file.write_text("")
    for name in ("dev.json.bak.attrs", "prod.json.attrs"):
        (stacks / name).write_text('{"md5":"AAAA"}' if "dev" in name else "")
    (stacks / "dev.json").write_text("")
    assert set(repair.cut_off(f"file://{tmp_path}", "fate", "dev")) == cut
    assert repair.cut_off("https://backend.example.org", "fate", "dev") == []


def test_the_lock_of_a_running_pulumi_is_never_released(tmp_path: Path) -> None:
    with process("pulumi", tmp_path) as running:
        for other_machine in (False, True):
            with pytest.raises(RepairError, match="which is running"):
                repair.check([lock(running.pid)], other_machine)


def test_the_lock_of_a_dead_pulumi_is_released(tmp_path: Path) -> None:
    repair.check([lock(GONE)], other_machine=False)
    with process("sleep", tmp_path) as other:
        repair.check([lock(other.pid)], other_machine=False)  # its id was used again


def test_the_lock_of_another_machine_is_released_only_when_told_to() -> None:
    with pytest.raises(RepairError, match="fatectl repair --other-machine"):
        repair.check([lock(GONE, "elsewhere")], other_machine=False)
    repair.check([lock(GONE, "elsewhere")], other_machine=True)


def test_plugins_without_an_engine_are_ended(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with (
        process("pulumi-resource-docker", tmp_path) as orphan,
        process("pulumi-resource-docker", other),
        process("something-else", tmp_path),
    ):
        found = repair.orphans(tmp_path)
        assert [one.pid for one in found] == [orphan.pid], "only those of this project"
        repair.end(found)
        assert not psutil.pid_exists(orphan.pid) or orphan.poll() is not None


def test_unfinished_operations_are_cleared_and_named() -> None:
    urn = "urn:pulumi:dev::fate::docker:index/container:Container::9999-roll"
    pending = [{"type": "creating", "resource": {"urn": urn}}]
    state: dict[str, Any] = {"resources": [], "pending_operations": pending}
    imported: list[auto.Deployment] = []

    class Workspace:
        def export_stack(self, stack: str) -> auto.Deployment:
            return auto.Deployment(version=3, deployment=json.loads(json.dumps(state)))

        def import_stack(self, stack: str, deployment: auto.Deployment) -> None:
            imported.append(deployment)

    workspace: Any = Workspace()
    assert repair.clear_pending(workspace, "dev") == ["creating 9999-roll"]
    assert imported[0].deployment == {"resources": []}
    state.pop("pending_operations")
    assert repair.clear_pending(workspace, "dev") == []
    assert len(imported) == 1
