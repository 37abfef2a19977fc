"""A release line that nothing but its own package and its release file knows."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from fate_components import lines
from fate_components.checks import preflight, reread_files
from fate_components.cli.__main__ import app
from fate_components.docker.client.containers import Containers
from fate_components.docker.inspect.survey import Survey
from fate_components.operate import flow
from fate_components.operate.backup.writing import manifest_of
from fate_components.operate.fleet import Fleet
from fate_components.operate.stack import Stack
from fate_components.operate.target import Target
from fate_components.releases import catalogue
from fate_components.settings import SettingsError
from fate_components.stack_file import parse
from tests import toy_line
from tests.support.program import COMMAND, CONTAINER, run
from tests.support.stack_files import as_engine

HOST = {"docker": "unix:///var/run/docker.sock", "address": "10.0.0.1"}
CONFIG: dict[str, Any] = {
    "fate:release": "0.1.0",
    "fate:hosts": {"a": HOST},
    "fate:parties": [
        {"id": 9999, "host": "a"},
        {"id": 10000, "host": "a", "training": {"publish": {"redis": 6380}}},
    ],
    "fate:peers": [],
    "fate:verify": True,
    "fate:masterSecret": "correct-horse-battery-staple",
}


@pytest.fixture(autouse=True)
def release(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The release file, among those that there are."""
    folder = tmp_path / "releases"
    shutil.copytree(catalogue.RELEASES, folder)
    shutil.copy(Path(toy_line.__file__).with_name("release.yaml"), folder / "0.1.0.yaml")
    monkeypatch.setattr(catalogue, "RELEASES", folder)


def stack() -> Stack:
    settings, release = parse(as_engine(CONFIG), {"fate:masterSecret"}, "dev")
    return Stack("dev", settings, release)


def test_it_is_deployed_and_verified() -> None:
    recorder = run(CONFIG)
    containers = recorder.of(CONTAINER)
    assert set(containers) == {
        f"fate-dev-{party}-{service}" for party in (9999, 10000) for service in ("mysql", "redis")
    }
    (port,) = containers["fate-dev-10000-redis"].get("ports") or [{}]
    assert port == {}, "the toy's Redis publishes nothing"
    job = next(one.inputs for one in recorder.resources if one.name == "verify-9999-10000")
    assert "-m tests.toy_line.toy_job --stack dev" in job["create"]
    assert [one.name for one in recorder.resources if one.typ == COMMAND]


def test_its_hosts_are_checked_and_its_files_are_known() -> None:
    found = stack()
    plan = lines.plan(found.settings, found.release, "dev")
    report = preflight.findings(found.settings, plan, found.line, "dev", {"a": Survey()})
    assert (report.errors, report.warnings) == ([], [])
    assert list(reread_files.of(plan, found.settings, found.line, "dev")) == []


def test_it_has_no_exchange() -> None:
    with pytest.raises(SettingsError, match=r"fate:exchange: FATE 0\.1\.0 has none"):
        parse(as_engine({**CONFIG, "fate:exchange": {"host": "a"}}), {"fate:masterSecret"}, "dev")


def test_its_jobs_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    found, row = stack(), {"job_id": "1", "role": "guest", "party_id": "9999", "status": "success"}
    party = Containers("dev", "9999", "unix:///var/run/docker.sock")

    def answer(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 0, json.dumps([row]), "")

    monkeypatch.setattr(Containers, "run", answer)
    monkeypatch.setattr(Target, "look", lambda _: Fleet((), {}))
    monkeypatch.setattr(
        "fate_components.cli.jobs.target",
        lambda *_: Target("dev", {}, (), found),
    )
    monkeypatch.setattr(flow, "find", lambda *_: (found.line, party))
    done = CliRunner().invoke(app, ["jobs", "9999", "--json"])
    (job,) = json.loads(done.stdout)["jobs"]
    assert (job["name"], job["status"]) == ("1", "success")


def test_it_is_backed_up() -> None:
    manifest = manifest_of(stack(), "9999", "dev", "MySQL", {"redis": "redis"})
    assert [member.image for member in manifest.members] == ["mysql:8", "redis:5"]
    assert manifest.release == "0.1.0"
