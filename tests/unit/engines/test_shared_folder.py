"""The folder with the tables of a party on several Docker hosts: whether all of them see it."""

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from fate_components.docker.client import cli
from fate_components.engines.spark.shared_folder import FolderError, marked, verify

ROOT = "/mnt/fate"
FOLDER = f"{ROOT}/prod/9999"

Mount = Callable[[Path | None], None]
"""Makes a folder what the Docker host has at ROOT; None if it has nothing there."""


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Mount:
    """Stands in for a Docker host: the commands of containers really run, on its file system."""
    mounted: list[Path | None] = []

    def run(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        (mount,) = [one for one in arguments if one.startswith("--mount=")]
        source = mount.partition("source=")[2].partition(",")[0]
        root = mounted[-1]
        folder = root and root / source.removeprefix(ROOT).removeprefix("/")
        if folder is None or not folder.is_dir():
            said = f"docker: invalid mount config: bind source path does not exist: {source}."
            return subprocess.CompletedProcess(arguments, 125, "", said)
        command = ["sh", *arguments[-2:]]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    monkeypatch.setattr(cli, "run", run)
    monkeypatch.setenv("IMAGE", "sha256:1b47")
    monkeypatch.setenv("STACK", "prod")
    return mounted.append


def test_the_folder_is_created_once_and_seen_by_all(at: Mount, tmp_path: Path) -> None:
    at(tmp_path)
    mark = marked(ROOT, FOLDER)
    assert len(mark) == 16
    (tmp_path / "prod/9999/table").touch()
    assert marked(ROOT, FOLDER) == mark, "a second time changes nothing"
    assert (tmp_path / "prod/9999/table").exists()
    verify(ROOT, FOLDER, mark)


def test_a_folder_that_was_there_before_gets_a_mark(at: Mount, tmp_path: Path) -> None:
    (tmp_path / "prod/9999/table").mkdir(parents=True)
    at(tmp_path)
    verify(ROOT, FOLDER, marked(ROOT, FOLDER))


@pytest.mark.parametrize("own", [None, "", "prod/9999"])
def test_a_host_that_has_not_mounted_it_is_refused(
    at: Mount, tmp_path: Path, own: str | None
) -> None:
    at(tmp_path)
    mark = marked(ROOT, FOLDER)
    local = tmp_path / "local"
    # Docker or somebody may have created a folder of the host's own there.
    (local / (own or "")).mkdir(parents=True)
    at(None if own is None else local)
    with pytest.raises(FolderError, match=r"Mount the file system that they share at /mnt/fate"):
        verify(ROOT, FOLDER, mark)


def test_a_first_host_that_has_not_mounted_it_is_noticed_by_the_others(
    at: Mount, tmp_path: Path
) -> None:
    shared, local = tmp_path / "shared", tmp_path / "local"
    for folder in (shared, local):
        folder.mkdir()
    at(shared)
    marked(ROOT, FOLDER)
    at(local)
    mark = marked(ROOT, FOLDER)
    at(shared)
    with pytest.raises(FolderError, match="is not the folder that the party's first Docker host"):
        verify(ROOT, FOLDER, mark)


def test_a_file_system_that_is_missing_is_not_created(at: Mount) -> None:
    at(None)
    with pytest.raises(FolderError, match="there is no folder /mnt/fate"):
        marked(ROOT, FOLDER)


def test_other_errors_are_passed_on(at: Mount, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(arguments, 1, "", "sh: Permission denied")

    monkeypatch.setattr(cli, "run", run)
    with pytest.raises(FolderError, match="/mnt/fate/prod/9999 cannot be used: sh: Permission"):
        marked(ROOT, FOLDER)
