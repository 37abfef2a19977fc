"""fatectl jobs, with the containers of two parties played by the test.

The scripts that read logs are run, on folders laid out as FATE lays them out.
"""

import json
import os
import subprocess
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner

from fate_components.cli.__main__ import app
from fate_components.docker.client.containers import Containers
from fate_components.jobs.table import QUIET_MINUTES, works
from fate_components.jobs.waits import for_cores, for_turn
from fate_components.operate import fleet
from tests.support.containers import EGG, Docker

NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
P = "/data/projects/fate"
PARTIES = ("9999", "10000")
TASK = "hetero_lr_0"
# The head of an ERROR line, and where a release line keeps FATE's code and a task's errors.
OLD = '"2026-11-25 09:30:0{at},123 - task_executor.py[line:131] - ERROR: {text}"'
NEW = "[ERROR][2026-11-25 09:30:0{at},123][77][execute_cli.execute][line:143]: {text}"
LINES = {
    "python": (OLD, f"{P}/python/logs", f"{P}/python/federatedml/model.py", "ERROR.log", "std.log"),
    "fateflow": (
        NEW, f"{P}/fate_flow/logs", f"{P}/fate/python/fate/ml/model.py", "root/ERROR",
        "stdout/task_execute_std.log",
    ),
}  # fmt: skip


def at(seconds: float) -> int:
    return round((NOW + timedelta(seconds=seconds)).timestamp() * 1000)


def row(name: str, status: str = "success", **more: Any) -> dict[str, Any]:
    found = {"job_id": name, "role": "guest", "party_id": "9999", "status": status}
    return {**found, "create_time": at(-90), "start_time": at(-60), "elapsed": None, **more}


def task(name: str, status: str, role: str, party: str) -> dict[str, Any]:
    names = {"component_name": TASK, "task_name": TASK}
    return row(name, status, role=role, party_id=party, **names)


def test_how_long_jobs_take_or_have_taken() -> None:
    rows = [
        row("done", elapsed=5500, start_time=at(-600)),
        row("running", "running"),
        row("failed at once", "failed", start_time=at(-120)),
        row("waiting", "waiting", start_time=None, create_time=at(-30)),
        row("unborn", "waiting", start_time=None, create_time=None),
    ]
    found = works(rows, "job_id", NOW)
    assert [(one.name, one.seconds) for one in found] == [
        ("unborn", None), ("waiting", 30), ("running", 60), ("failed at once", None), ("done", 5.5),
    ]  # fmt: skip
    assert [one.name for one in found if one.failed] == ["failed at once"]


class Flow:
    """What the containers of parties 9999 and 10000 answer.

    Args:
        service: the one in which FATE Flow runs.
        folder: an empty folder for the files in them.
    """

    def __init__(self, service: str, folder: Path) -> None:
        self.service, self.folder = service, folder
        self.head, self.logs, self.code, self.errors, self.printed = LINES[service]
        self.jobs: dict[str, list[dict[str, Any]]] = {party: [] for party in PARTIES}
        self.tasks: dict[str, list[dict[str, Any]]] = {party: [] for party in PARTIES}
        self.silent = False

    def run(
        self, party: Containers, service: str, script: str, stdin: str = "", timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        assert service == self.service
        if self.silent:
            return subprocess.CompletedProcess([], 1, "", "Connection refused")
        asked = script + stdin
        if "service_conf.yaml" in script:
            conf = {
                "fateflow": {"host": "10.0.0.13", "http_port": 9380},
                "default_engines": {"computing": "standalone"},
                "computing": {"standalone": {"cores": 8}},
            }
            said = json.dumps(conf)
        elif "/task/query" in asked:
            said = self.answer(self.tasks[party.id], script, stdin)
        elif "/job/query" in asked:
            said = self.answer(self.jobs[party.id], script, stdin)
        elif "settings.py" in script:
            said = "5\n"
        else:
            command = ["bash", "-c", script.replace(P, str(self.folder / party.id))]
            return subprocess.run(command, capture_output=True, text=True, check=False)
        return subprocess.CompletedProcess([], 0, said, "")

    def answer(self, rows: Sequence[dict[str, Any]], script: str, stdin: str) -> str:
        """The rows that FATE Flow finds, which has a code of its own for none."""
        if self.service == "python":
            filters, empty = json.loads(stdin), {"retcode": 101, "retmsg": "find job failed"}
        else:
            query = parse_qs(urlsplit(stdin.split()[1]).query)
            filters = {name: values[0] for name, values in query.items()}
            empty = {"code": 1004, "message": "job no found"}
        assert filters, "FATE 1.3 finds nothing without a filter"
        found = [row for row in rows if all(row[name] == is_ for name, is_ in filters.items())]
        if self.service == "python":
            old = [{f"f_{key}": value for key, value in row.items()} for row in found]
            return json.dumps({"retcode": 0, "data": old} if found else empty)
        return f"HTTP/1.0 200 OK\n\n{json.dumps({'code': 0, 'data': found} if found else empty)}"

    def log(self, party: str, name: str, text: str) -> Path:
        """Write a file below the folder of the jobs' logs."""
        path = Path(f"{self.folder / party}{self.logs.removeprefix(P)}/{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def fails(self, party: str, role: str, second: int, error: str, what: str = "") -> None:
        """Have a task of job 1 log an error in the ninth second after something else, or not."""
        lines = [
            self.head.format(at=second, text=error.partition(": ")[2]),
            "Traceback (most recent call last):",
            f'  File "{self.code}", line 12, in fit',
            "    self.step(batch)",
            '  File "/usr/lib/python3/dist-packages/pika/channel.py", line 7, in step',
            "    raise ValueError()",
            error,
            self.head.format(at=9, text="the scheduler's last word"),
        ]
        self.log(party, f"1/{role}/{party}/{TASK}/{what or self.errors}", "\n".join(lines))

    @property
    def frame(self) -> str:
        """The own frame of an error in the output."""
        return f'  File "{self.code}", line 12, in fit\n    self.step(batch)\n'

    def failed(self) -> None:
        """Have both parties know that job 1 failed."""
        roles = {"guest": ["9999"], "host": ["10000"]}
        parties = [{"role": role, "party_id": ids} for role, ids in roles.items()]
        both = {"roles": json.dumps(roles)} if self.service == "python" else {"parties": parties}
        self.jobs["9999"] = [row("1", "failed", **both)]
        self.jobs["10000"] = [row("1", "failed", role="host", party_id="10000", **both)]
        guest, host = task("1", "failed", "guest", "9999"), task("1", "failed", "host", "10000")
        self.tasks = {"9999": [guest, host], "10000": [host]}


@pytest.fixture(params=list(LINES))
def played(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Flow:
    found = Flow(request.param, tmp_path)
    tag = {"python": "1.3.0-release", "fateflow": "2.2.0-release"}[request.param]
    image = {"Id": EGG["Image"], "RepoTags": [f"federatedai/{request.param}:{tag}"]}
    Docker.answers = {
        "/containers/json?all=1": [{"Id": party} for party in PARTIES],
        "/images/json": [image],
    }
    for party in PARTIES:
        labels = {"fate.stack": "dev", "fate.party": party, "fate.service": found.service}
        name = f"/fate-dev-{party}-{found.service}"
        one = {**EGG, "Id": party, "Name": name, "Config": {"Labels": labels}}
        Docker.answers[f"/containers/{party}/json"] = one
    monkeypatch.setattr(fleet, "Daemon", Docker)
    monkeypatch.setattr(Containers, "run", lambda *args, **more: found.run(*args, **more))
    return found


def jobs(*arguments: str, party: str = "9999") -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["jobs", party, "--host", "ssh://here", *arguments])
    return done.exit_code, done.stdout, done.stderr


def listed() -> dict[str, dict[str, Any]]:
    """The jobs of party 9999, by their ids."""
    return {one["name"]: one for one in json.loads(jobs("--json")[1])["jobs"]}


def test_jobs_are_listed(played: Flow) -> None:
    played.jobs["9999"] = [row("1", elapsed=61000), row("2", "failed", start_time=at(0))]
    code, said, _ = jobs()
    assert code == 0
    rows = [line.split() for line in said.splitlines()]
    assert rows[0] == ["job", "role", "party", "status", "started", "took"]
    assert [line[:4] for line in rows[1:]] == [
        ["2", "guest", "9999", "failed"], ["1", "guest", "9999", "success"],
    ]  # fmt: skip
    assert rows[2][-2:] == ["61", "s"]


def test_uploads_are_listed_and_explained_like_other_jobs(played: Flow) -> None:
    upload = task("1", "failed", "local", "0")
    played.jobs["9999"] = [row("2"), row("1", "failed", role="local", party_id="0")]
    played.tasks["9999"] = [upload]
    assert listed().keys() == {"1", "2"}
    played.log(
        "9999", f"1/local/0/{TASK}/{played.errors}", played.head.format(at=1, text="no file")
    )
    assert f"\n{TASK} (local) failed:\nno file\n" in jobs("1")[1]


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


def test_the_first_error_of_a_task_and_where_in_fate_it_is(played: Flow) -> None:
    played.failed()
    played.fails("9999", "guest", 1, "ValueError: bad batch")
    code, said, _ = jobs("1")
    assert code == 0
    assert f"\n{TASK} (guest) failed:\nValueError: bad batch\n{played.frame}" in said
    assert "last word" not in said
    assert f"{TASK} (host)" not in said, "that is for the host to tell"


def test_a_party_that_only_followed_names_the_one_that_failed(played: Flow) -> None:
    played.failed()
    played.fails("10000", "host", 1, "ValueError: bad batch")
    reason = f"party 10000's task failed:\nValueError: bad batch\n{played.frame}"
    said = jobs("1")[1]
    assert f"\n{TASK} (guest) failed:\nended because {reason}" in said
    # An error that the clean-up caused is not the reason, and not hidden either.
    played.fails("9999", "guest", 5, "ConnectionError: the vhost is gone")
    said = jobs("1")[1]
    assert f"ended because {reason}\nits own first error, after that:\nConnectionError" in said
    host = jobs("1", party="10000")[1]
    assert f"\n{TASK} (host) failed:\nValueError: bad batch\n{played.frame}" in host


def test_a_party_that_followed_somebody_elses(played: Flow) -> None:
    played.failed()
    Docker.answers["/containers/json?all=1"] = [{"Id": "9999"}]
    said = jobs("1")[1]
    assert "a task of another party failed" in said
    assert "`fatectl jobs 10000 1`" in said


def test_a_task_that_failed_before_it_could_log(played: Flow) -> None:
    played.failed()
    played.fails("9999", "guest", 1, "OSError: no roll", played.printed)
    assert f"{TASK} (guest) failed:\nOSError: no roll\n{played.frame}" in jobs("1")[1]


def test_a_log_that_was_continued_in_another_file(played: Flow) -> None:
    played.failed()
    played.fails("9999", "guest", 1, "ValueError: bad batch")
    log = played.log("9999", f"1/guest/9999/{TASK}/{played.errors}", "")
    log.rename(f"{log}.2026-11-25")
    played.fails("9999", "guest", 1, "ValueError: bad batch")
    os.rename(log, f"{log}.2026-11-25")
    played.fails("9999", "guest", 2, "OSError: the next day")
    long_ago = time.time() - 90_000
    os.utime(f"{log}.2026-11-25", (long_ago, long_ago))
    assert f"{TASK} (guest) failed:\nValueError: bad batch\n" in jobs("1")[1]


def test_why_a_job_failed_before_its_first_task(played: Flow) -> None:
    played.jobs["9999"] = [row("1", "failed")]
    document = json.loads(jobs("1", "--json")[1])
    assert document["reasons"] == {"job 1": ["it has logged no error"]}
    name = "error.log" if played.service == "python" else "fate_flow_schedule_error.log"
    played.log("9999", f"1/{name}", played.head.format(at=1, text="no such component"))
    assert "\njob 1 failed:\nno such component\n" in jobs("1")[1]


def test_for_what_jobs_wait(played: Flow) -> None:
    busy = {"cores": 4, "resource_in_use": True, "is_initiator": 1}
    running = [row(name, "running", **busy) for name in "12345"]
    if played.service == "fateflow":
        running = running[:2]
    idle = {"cores": 4, "resource_in_use": False, "is_initiator": 1}
    played.jobs["9999"] = [*running, row("6", "waiting", start_time=None, **idle)]
    note = {
        "python": "waits for its turn: 5 of 5 jobs at a time run: 1, 2, 3, 4, 5",
        "fateflow": "waits for cores: 8 of 8 in use by 1, 2",
    }[played.service]
    assert listed()["6"]["note"] == note
    assert "note" in jobs()[1].splitlines()[0].split()
    assert note in jobs("6")[1]


def test_a_job_that_waits_for_another_party(played: Flow) -> None:
    played.failed()
    for party in PARTIES:
        played.jobs[party] = [
            {**one, "status": "waiting", "start_time": None, "create_time": at(0), "cores": 4}
            for one in played.jobs[party]
        ]
    held = {"cores": 6, "resource_in_use": True, "is_initiator": 1}
    other = {"role": "host", "party_id": "10000"} | held
    played.jobs["10000"] += [row(name, "running", **other) for name in "7"]
    if played.service == "python":
        played.jobs["10000"][0]["is_initiator"] = 1
        played.jobs["10000"] += [row(name, "running", **other) for name in "2345"]
        note = "waits for its turn: 5 of 5 jobs at a time run: 2, 3, 4, 5, 7"
    else:
        note = "waits for cores: 6 of 8 in use by 7; it needs 4"
    assert listed()["1"]["note"] == f"at party 10000: {note}"


def test_only_the_oldest_waiting_job_waits_for_cores_that_are_free() -> None:
    jobs = [
        row("2", "waiting", cores=2, create_time=2),
        row("1", "waiting", cores=9, create_time=1),
        row("3", "waiting", cores=2, create_time=1, scheduler_party_id="10000"),
        row("4", "running", cores=4, resource_in_use=True),
    ]
    assert {key[0]: note for key, note in for_cores(jobs, 8).items()} == {
        "1": "waits for cores: 4 of 8 in use by 4; it needs 9",
        "2": "waits behind 1",
    }


def test_a_queue_that_nobody_takes_jobs_from() -> None:
    jobs = [row("1", "waiting", is_initiator=1), row("2", "waiting", is_initiator=0)]
    assert for_turn(jobs, 5, at(-60)) == {}, "it has just been submitted"
    notes = for_turn(jobs, 5, at(0))
    assert [key[0] for key in notes] == ["1"], "a host knows nothing of the queue"
    assert "only 0 of 5 jobs at a time run" in notes["1", "guest", "9999"]


def test_a_job_whose_tasks_log_nothing_is_marked(played: Flow) -> None:
    played.jobs["9999"] = [row(name, "running") for name in ("quiet", "busy", "new")]
    played.jobs["9999"].append(row("ended"))
    quiet_since = time.time() - (QUIET_MINUTES + 2) * 60
    for job in ("quiet", "busy", "ended"):
        log = played.log("9999", f"{job}/guest/9999/{TASK}/INFO.log", "")
        if job != "busy":
            os.utime(log, (quiet_since, quiet_since))
        # What FATE Flow itself says about a job does not count.
        played.log("9999", f"{job}/fate_flow_schedule.log", "")
    notes = {name: one["note"] for name, one in listed().items()}
    assert notes == {
        "quiet": f"no log line for {QUIET_MINUTES + 2} min", "busy": "", "new": "", "ended": "",
    }  # fmt: skip


def test_fate_flow_that_gives_no_answer(played: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    played.silent = True
    monkeypatch.setattr(Containers, "state", lambda *_: "running (unhealthy)")
    code, _, why = jobs()
    assert code == 1
    assert "FATE Flow of party 9999" in why
