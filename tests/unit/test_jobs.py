"""fatectl jobs, with FATE Flow played by the test."""

import json
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from fate_components.cli.__main__ import app
from fate_components.cli.jobs import works
from fate_components.docker.client.containers import Containers
from fate_components.operate import fleet
from tests.unit.test_fleet import EGG, Docker

NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)


def at(seconds: float) -> int:
    return round((NOW + timedelta(seconds=seconds)).timestamp() * 1000)


def row(name: str, status: str = "success", **more: Any) -> dict[str, Any]:
    found = {"job_id": name, "role": "guest", "party_id": "9999", "status": status}
    return {**found, "create_time": at(-90), "start_time": at(-60), "elapsed": None, **more}


def old(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows as FATE 1.3 names their columns."""
    return [{f"f_{key}": value for key, value in row.items()} for row in rows]


@pytest.mark.parametrize("named", [list, old])
def test_how_long_jobs_take_or_have_taken(named: Any) -> None:
    rows = [
        row("done", elapsed=5500, start_time=at(-600)),
        row("running", "running"),
        row("failed at once", "failed", start_time=at(-120)),
        row("waiting", "waiting", start_time=None, create_time=at(-30)),
        row("unborn", "waiting", start_time=None, create_time=None),
    ]
    found = works(named(rows), "job_id", NOW)
    assert [(one.name, one.seconds) for one in found] == [
        ("unborn", None), ("waiting", 30), ("running", 60), ("failed at once", None), ("done", 5.5),
    ]  # fmt: skip
    assert [one.name for one in found if one.failed] == ["failed at once"]


class Flow:
    """What the containers of party 9999 answer.

    Args:
        service: the one in which FATE Flow runs.
    """

    def __init__(self, service: str) -> None:
        self.service = service
        self.jobs: list[dict[str, Any]] = []
        self.tasks: list[dict[str, Any]] = []
        self.logs = ""
        self.scripts: list[str] = []
        self.asked: list[str] = []

    def run(
        self, _: Containers, service: str, script: str, stdin: str = "", timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        assert service == self.service
        self.scripts.append(script)
        said = self.logs
        if "service_conf.yaml" in script:
            said = json.dumps({"fateflow": {"host": "10.0.0.13", "http_port": 9380}})
        elif "task/query" in script + stdin:
            said = self.answer(self.tasks, stdin)
        elif "job/query" in script + stdin:
            said = self.answer(self.jobs, stdin)
        return subprocess.CompletedProcess([], 0, said, "")

    def answer(self, rows: list[dict[str, Any]], stdin: str) -> str:
        self.asked.append(stdin)
        if self.service == "python":
            empty = {"retcode": 101, "retmsg": "find job failed"}
            return json.dumps({"retcode": 0, "data": old(rows)} if rows else empty)
        empty = {"code": 1004, "message": "job no found"}
        return f"HTTP/1.0 200 OK\n\n{json.dumps({'code': 0, 'data': rows} if rows else empty)}"


@pytest.fixture(params=["python", "fateflow"])
def played(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Flow:
    found = Flow(request.param)
    Docker.answers = {
        "/containers/json?all=1": [{"Id": "e2"}],
        "/containers/e2/json": {**EGG, "Name": f"/fate-dev-9999-{found.service}"},
    }
    monkeypatch.setattr(fleet, "Daemon", Docker)
    monkeypatch.setattr(Containers, "run", lambda *args, **more: found.run(*args, **more))
    return found


def jobs(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["jobs", "9999", "--host", "ssh://here", *arguments])
    return done.exit_code, done.stdout, done.stderr


def test_jobs_are_listed(played: Flow) -> None:
    played.jobs = [row("1", elapsed=61000), row("2", "failed", start_time=at(0))]
    code, said, _ = jobs()
    assert code == 0
    rows = [line.split() for line in said.splitlines()]
    assert rows[0] == ["job", "role", "party", "status", "started", "took"]
    assert [line[:4] for line in rows[1:]] == [
        ["2", "guest", "9999", "failed"], ["1", "guest", "9999", "success"],
    ]  # fmt: skip
    assert rows[2][-2:] == ["61", "s"]
    asked = played.asked[0] + played.scripts[-1]
    assert '{"party_id": "9999"}' in asked or "GET /v2/job/query?party_id=9999 HTTP" in asked


@pytest.mark.usefixtures("played")
def test_a_party_without_jobs() -> None:
    assert jobs() == (0, "there are no jobs\n", "")
    assert json.loads(jobs("--json")[1]) == {"jobs": []}


@pytest.mark.usefixtures("played")
def test_a_job_that_nobody_knows() -> None:
    code, _, why = jobs("20261125")
    assert (code, why) == (
        1,
        "fatectl: FATE Flow of party 9999 knows no job 20261125; `fatectl jobs 9999` lists them\n",
    )


@pytest.mark.usefixtures("played")
def test_an_id_that_would_be_a_command() -> None:
    code, _, why = jobs("$(reboot)")
    assert code == 1
    assert "'$(reboot)' is not the id of a job" in why


def test_the_tasks_of_a_job_and_why_one_failed(played: Flow) -> None:
    named = {"component_name": "intersect_0", "task_name": "intersect_0"}
    first = {"component_name": "reader_0", "task_name": "reader_0"}
    played.jobs = [row("1", "failed")]
    played.tasks = [
        row("1", "failed", **named),
        row("1", **first, start_time=at(-80)),
        # What the guest knows about the host's task; its log is not here.
        row("1", "failed", **named, role="host") | {"party_id": "10000"},
    ]
    played.logs = "no route: UNAVAILABLE\n"
    code, said, _ = jobs("1")
    assert code == 0
    assert said.index("reader_0") < said.index("intersect_0")
    assert (
        "\nintersect_0 (guest) failed; the last lines of its log:\nno route: UNAVAILABLE\n" in said
    )
    assert "(host)" not in said
    assert "'*/guest/9999/*intersect_0*'" in played.scripts[-1]


def test_why_a_job_failed_before_its_first_task(played: Flow) -> None:
    played.jobs = [row("1", "failed")]
    document = json.loads(jobs("1", "--json")[1])
    assert document["reasons"] == {"job 1": []}
    assert "job 1 failed; the last lines of its log:\nit has none\n" in jobs("1")[1]


def test_fate_flow_that_gives_no_answer(played: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing: Sequence[str] = ()
    silent = subprocess.CompletedProcess(nothing, 1, "", "Connection refused")
    monkeypatch.setattr(Containers, "run", lambda *_, **__: silent)
    monkeypatch.setattr(Containers, "state", lambda *_: "running (unhealthy)")
    code, _, why = jobs()
    assert code == 1
    assert "FATE Flow of party 9999" in why
