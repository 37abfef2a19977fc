"""fatectl backup and restore: what they ask, what they refuse, and what they say."""

import gc
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from fate_components.cli import backup, passphrase, restore
from fate_components.cli.__main__ import app
from fate_components.cli.new_file import FileError, new_file
from fate_components.cli.passphrase import PassphraseError
from fate_components.docker.client import cli
from fate_components.operate.backup import archive
from fate_components.operate.backup.archive import DATABASE, Member
from fate_components.operate.backup.writing import BackupError, manifest
from fate_components.operate.restore import RestoreError, check
from fate_components.operate.stack import Stack, StackError
from fate_components.party.deployed import Deployed, Found
from fate_components.stack_file import parse
from tests.support.bad_stack_files import GOOD
from tests.support.stack_files import as_engine

HOST = "unix:///var/run/docker.sock"


def stack(**config: Any) -> Stack:
    settings, release = parse(as_engine({**GOOD, **config}), {"fate:masterSecret"}, "dev")
    return Stack("dev", settings, release)


def container(service: str, *volumes: str, status: str = "running") -> Found:
    names = tuple(f"fate-dev-9999-{volume}" for volume in volumes)
    return Found(f"fate-dev-9999-{service}", service, service, "image", status, names, HOST)


PARTY = Deployed(
    "dev",
    "9999",
    (
        container("mysql", "mysql"),
        container("fateboard", "python-logs"),
        container("python", "python-logs", "python-jobs"),
        container("egg", "egg"),
        container("egg", "egg-2"),
        Found("r", "r", "redis", "i", "running", ("fate-dev-9999-redis", "0a1b2c"), HOST),
    ),
)


def test_every_volume_is_backed_up_but_mysqls_and_nameless_ones() -> None:
    owners = {part: volume.owner.service for part, volume in PARTY.volumes.items()}
    assert owners == {
        "python-logs": "python",
        "python-jobs": "python",
        "egg": "egg",
        "egg-2": "egg",
        "redis": "redis",
    }


def test_the_manifest_tells_what_the_backup_is_of() -> None:
    found = manifest(stack(), PARTY, "MySQL")
    assert (found.line, found.release, found.party) == ("fate1_3", "1.3.0", 9999)
    assert found.members[0] == Member(name=DATABASE, service="mysql", image="mysql:8")
    assert found.members[1].name == "volumes/python-logs.tar.gz"
    assert found.members[1].image == "federatedai/python:1.3.0-release"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"party": 10000}, "it is of party 10000, and FATE's data contains the party's id"),
        ({"release": "1.3.1"}, "set fate:release to 1.3.1"),
        ({"database": "MariaDB"}, "is from MariaDB, and party 9999 runs MySQL"),
        (
            {"members": (Member(name="x", service="egg", image="", volume="egg-3"),)},
            "it has data for egg-3, and party 9999 has no such volume",
        ),
    ],
)
def test_a_backup_that_does_not_suit_is_refused(change: dict[str, Any], says: str) -> None:
    good = manifest(stack(), PARTY, "MySQL")
    check(good, stack(), PARTY, "MySQL")
    with pytest.raises(RestoreError, match=says):
        check(good.model_copy(update=change), stack(), PARTY, "MySQL")


def test_a_party_without_a_database_takes_no_dump() -> None:
    with pytest.raises(RestoreError, match="party 9999 has no database"):
        check(manifest(stack(), PARTY, "MySQL"), stack(), PARTY, None)


def test_the_nodes_of_the_target_are_written_into_the_loaded_tables() -> None:
    parties = [{"id": 9999, "host": "a", "training": {"eggs": 2}}]
    found = stack(**{"fate:parties": parties})
    assert found.line.adapt_tables
    sql = found.line.adapt_tables(found.settings, found.release, found.party(9999))
    assert "('egg-2', 7778, 'STORAGE', 'HEALTHY')" in sql
    assert "egg-3" not in sql


def test_the_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    path, part = tmp_path / "backup", tmp_path / "backup.part"
    part.write_text("left by a backup that was killed")
    with new_file(path) as file:
        file.write(b"data")
        assert stat.S_IMODE(part.stat().st_mode) == 0o600
        assert not path.exists()
    assert path.read_bytes() == b"data"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not part.exists()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("error", [KeyboardInterrupt, BackupError])
def test_nothing_is_left_of_a_file_that_is_not_completed(
    tmp_path: Path, error: type[BaseException]
) -> None:
    wanted = manifest(stack(), PARTY, "MySQL")
    with (
        pytest.raises(error),
        new_file(tmp_path / "backup") as file,
        archive.writing(file, wanted, None),
    ):
        raise error
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "backup"
    path.write_text("precious")
    with pytest.raises(FileError, match="exists: choose another name"), new_file(path):
        pass
    assert path.read_text() == "precious"


def test_a_folder_that_does_not_exist_is_told(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "backup"
    with pytest.raises(FileError, match="cannot be written: No such file"), new_file(path):
        pass


def test_where_the_passphrase_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(passphrase.VARIABLE, raising=False)
    assert passphrase.given(None) is None
    monkeypatch.setenv(passphrase.VARIABLE, "from the environment")
    assert passphrase.given(None) == "from the environment"
    file = tmp_path / "passphrase"
    file.write_text("from the file \r\n")
    assert passphrase.given(file) == "from the file "
    file.write_text("\n")
    with pytest.raises(PassphraseError, match=f"the first line of {file} is empty"):
        passphrase.given(file)
    with pytest.raises(PassphraseError, match="cannot be read"):
        passphrase.given(tmp_path / "missing")


def fatectl(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, arguments)
    return done.exit_code, done.output


@pytest.fixture
def no_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    """No Docker host may be asked for anything."""
    for module in (backup, restore):
        monkeypatch.setattr(module, "read", lambda name: stack())

    def run(*arguments: object, **more: object) -> subprocess.CompletedProcess[str]:
        raise AssertionError(arguments)

    monkeypatch.setattr(cli, "run", run)


@pytest.mark.usefixtures("no_docker")
@pytest.mark.parametrize("command", ["backup", "restore"])
def test_an_unknown_party_is_told(command: str, tmp_path: Path) -> None:
    code, said = fatectl(command, "4711", str(tmp_path / "backup"))
    assert code == 1
    assert "stack dev has no party 4711; its parties: 9999" in said


@pytest.mark.parametrize("arguments", [[], ["file", "--abort"]])
def test_a_restore_needs_a_file_or_abort(arguments: list[str]) -> None:
    code, said = fatectl("restore", "9999", *arguments)
    assert code == 1
    assert "name the file of a backup, or use --abort" in said


def test_without_a_terminal_nobody_is_asked() -> None:
    code, said = fatectl("backup", "9999", "file", "--encrypt")
    assert code == 1
    assert "use --passphrase-file or FATECTL_PASSPHRASE" in said


def test_a_restore_without_a_terminal_needs_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restore, "read", lambda name: stack())
    monkeypatch.setattr("fate_components.operate.restore.deployed", lambda *arguments: PARTY)
    code, said = fatectl("restore", "9999", "file")
    assert code == 1
    assert "no terminal to ask whether to replace all data of party 9999 of stack dev: " in said
    assert "use --yes" in said


def test_a_party_that_is_not_deployed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "read", lambda name: stack())
    nothing = subprocess.CompletedProcess([], 0, "", "")
    monkeypatch.setattr(cli, "run", lambda *arguments, **more: nothing)
    code, said = fatectl("backup", "9999", "file")
    assert code == 1
    assert "party 9999 of stack dev has no containers on its Docker host: run `pulumi up`" in said
    with pytest.raises(StackError):
        stack().docker_hosts(1)
