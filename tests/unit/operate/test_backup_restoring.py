"""A restore that is cut off at any step can be undone, in volumes and in the database."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fate_components.operate.backup import volumes
from fate_components.operate.backup.database import Database
from fate_components.party.deployed import Deployed, Found

OLD = {"a": "1", "both": "old", "old dir/.x": "2", ".hidden": "3", "-n": "4"}
NEW = {"b": "5", "both": "new", "new 'dir'/y": "6", ".hidden": "7", ".other/z": "8"}
CHANGES = ("mv", "rm", "mkdir", "rmdir")


class Folder:
    """A volume, and the programs that its scripts change it with, which stop working at a moment.

    Args:
        path: an empty folder.
    """

    def __init__(self, path: Path) -> None:
        self.data, self._bin, self._count = path / "data", path / "bin", path / "count"
        self._bin.mkdir()
        for name in CHANGES:
            program = self._bin / name
            program.write_text(
                f'#!/bin/sh\necho >> {self._count}\n[ "$(wc -l < {self._count})" -le "$LIVES" ]'
                f' && exec {shutil.which(name)} "$@"\n'
            )
            program.chmod(0o755)
        self.write(OLD, self.data)
        self.write(NEW, self.data / ".fate-restore")

    def write(self, files: dict[str, str], to: Path) -> None:
        for name, text in files.items():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            (to / name).write_text(text)

    def files(self) -> dict[str, str]:
        return {
            str(file.relative_to(self.data)): file.read_text()
            for file in self.data.rglob("*")
            if file.is_file()
        }

    def run(self, script: str, lives: int = 1000) -> bool:
        """Run a script that is cut off after some changes; returns whether it ended well."""
        self._count.write_text("")
        env = {**os.environ, "PATH": f"{self._bin}:{os.environ['PATH']}", "LIVES": str(lives)}
        command = ["sh", "-c", f"set -e\n{script}"]
        done = subprocess.run(command, cwd=self.data, env=env, capture_output=True, check=False)
        return done.returncode == 0


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_files_are_switched_and_put_back(folder: Folder) -> None:
    assert folder.run(volumes._SWITCH)
    kept = {f".fate-before/{name}": text for name, text in OLD.items()}
    assert folder.files() == NEW | kept
    assert folder.run(volumes._PUT_BACK)
    assert folder.files() == OLD


def test_files_can_be_kept(folder: Folder) -> None:
    assert folder.run(volumes._SWITCH)
    assert folder.run(volumes._CLEAR)
    assert folder.files() == NEW


@pytest.mark.parametrize("lives", range(14))
def test_a_switch_that_is_cut_off_is_put_back(folder: Folder, lives: int) -> None:
    finished = folder.run(volumes._SWITCH, lives)
    assert finished == (lives == 13), "every step must be cut off once"
    if list(folder.data.glob(".fate-before*/both")):
        folder.write({"both": "written by a service since then"}, folder.data)
    assert folder.run(volumes._PUT_BACK)
    assert folder.files() == OLD


@pytest.mark.parametrize("lives", range(10))
def test_putting_back_can_be_cut_off_and_repeated(folder: Folder, lives: int) -> None:
    folder.run(volumes._SWITCH, 9)
    folder.run(volumes._PUT_BACK, lives)
    folder.run(volumes._PUT_BACK, lives)
    assert folder.run(volumes._PUT_BACK)
    assert folder.files() == OLD


class Server(Database):
    """A database whose server is played by the test."""

    def __init__(self) -> None:
        container = Found("mysql", "1", "mysql", "image", "running", (), "unix:///x")
        super().__init__(Deployed("dev", "9999", (container,)), container)
        self.databases: dict[str, set[str]] = {"fate": {"t_job old", "node old"}}
        self.fails = ""

    def _run(self, statements: str, database: str = "") -> str:
        for statement in statements.split("; "):
            self._do(statement)
        if statements == "SHOW DATABASES":
            return "\n".join(self.databases)
        if found := re.fullmatch("SHOW TABLES FROM (.*)", statements):
            return "\n".join(self.databases[found[1]])
        return ""

    def _do(self, statement: str) -> None:
        if self.fails and self.fails in statement:
            raise ConnectionError
        if found := re.match("CREATE DATABASE (?:IF NOT EXISTS )?(.*)", statement):
            self.databases.setdefault(found[1], set())
        elif found := re.match("DROP DATABASE IF EXISTS (.*)", statement):
            self.databases.pop(found[1], None)
        elif statement.startswith("RENAME TABLE"):
            for move in re.finditer("(\\w+)\\.`(.*?)` TO (\\w+)\\.`(.*?)`", statement):
                self.databases[move[1]].remove(move[2])
                assert move[4] not in self.databases[move[3]]
                self.databases[move[3]].add(move[4])

    def loaded(self) -> "Server":
        self.databases["fate_restore"] = {"t_job new", "extra new"}
        return self


@pytest.mark.parametrize("fails", ["", "CREATE", "RENAME"])
def test_tables_are_put_back_however_far_a_switch_got(fails: str) -> None:
    server = Server().loaded()
    server.fails = fails
    try:
        server.switch()
        assert server.databases["fate"] == {"t_job new", "extra new"}
    except ConnectionError:
        pass
    server.fails = ""
    server.put_back()
    server.put_back()
    assert server.databases["fate"] == {"t_job old", "node old"}
    server.clear()
    assert set(server.databases) == {"fate"}


def test_tables_stay_where_they_are_if_none_were_loaded() -> None:
    server: Any = Server()
    server.put_back()
    assert server.databases == {"fate": {"t_job old", "node old"}}
