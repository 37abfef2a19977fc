"""The toy jobs: how long that of FATE 2 may take, why they fail, and when one is run once more."""

import itertools
import subprocess
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from fate_components.docker.client.containers import Containers
from fate_components.lines.fate1_3 import toy_job as fate1
from fate_components.lines.fate2.jobs import FATE_FLOW
from fate_components.party.toy_job import finish, reasons, watch


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, str]]:
    """Runs a job on a clock that only the waits move."""

    def run(lines: Callable[[], str], seconds: float) -> dict[str, str]:
        clock = [0.0]
        monkeypatch.setattr("time.monotonic", lambda: clock[0])
        monkeypatch.setattr("time.sleep", lambda pause: clock.__setitem__(0, clock[0] + pause))
        party = Containers.__new__(Containers)
        return watch(
            {"guest": party, "host": party},
            lambda *_: "success" if clock[0] >= seconds else "running",
            lambda _: [lines()],
        )

    return run


def test_a_job_that_logs_something_is_waited_for(ended: Callable[..., dict[str, str]]) -> None:
    counter = itertools.count()
    assert ended(lambda: str(next(counter)), 1200) == {"guest": "success", "host": "success"}


def test_a_job_that_logs_nothing_more_is_given_up(ended: Callable[..., dict[str, str]]) -> None:
    found = ended(lambda: "waits for the other party", 1200)
    assert found == {"guest": "running after 362 s", "host": "running after 362 s"}


def test_a_job_that_logs_for_ever_is_given_up(ended: Callable[..., dict[str, str]]) -> None:
    counter = itertools.count()
    found = ended(lambda: str(next(counter)), 7200)
    assert set(found.values()) == {"running after 1826 s"}


# FATE 1.3

RULE = "java.lang.IllegalStateException: The attempt resulted in a result. There is no exception"
MISSING = "FileNotFoundError: [Errno 2] No such file or directory: '.../ERROR.log'"
ID = 'stdout:{\n    "jobId": "20261125",\n'
FRAME = '  File "/data/projects/fate/python/federatedml/toy_example/secure_add.py", line 98, in run'


class Played:
    """The containers of both parties, for the job's runs one after the other."""

    def __init__(self) -> None:
        self.runs: list[str] = []  # what the example prints
        self.errors: dict[str, str] = {}  # in the ERROR.log of a party's task, by its id
        self.egg: dict[str, str] = {}  # what the egg of a party logs, by its id
        # How many seconds ago a party's proxy got another route table, by its id.
        self.ages: dict[str, str] = {}

    def run(
        self, party: Containers, service: str, script: str, stdin: str = "", timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        if service == "proxy":
            assert "-nt /etc/hostname" in script
            return subprocess.CompletedProcess([], 0, self.ages.get(party.id, ""), "")
        assert service == "python"
        if "run_toy_example.py" in script:
            assert party.id == "9999"
            return subprocess.CompletedProcess([], 0, self.runs.pop(0), "")
        said = self.errors.get(party.id, "") if "ERROR.log*" in script else ""
        return subprocess.CompletedProcess([], 0, said, "")

    def docker(self, arguments: Sequence[str], *_: object, **__: object) -> Any:
        name = arguments[-1]
        if arguments[0] == "ps":
            (party,) = [word.rpartition("=")[2] for word in arguments if "fate.party=" in word]
            return subprocess.CompletedProcess([], 0, f"egg-of-{party}\n", "")
        assert "--since" in arguments
        return subprocess.CompletedProcess([], 0, self.egg.get(name.rpartition("-")[2], ""), "")


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> Played:
    found = Played()
    monkeypatch.setenv("GUEST", "9999")
    monkeypatch.setenv("HOST", "10000")
    monkeypatch.setenv("GUEST_DOCKER", "ssh://here")
    monkeypatch.setenv("HOST_DOCKER", "ssh://there")
    monkeypatch.setattr("sys.argv", ["fate1", "--stack", "dev"])
    monkeypatch.setattr(Containers, "run", lambda *args, **more: found.run(*args, **more))
    monkeypatch.setattr("fate_components.docker.client.cli.run", found.docker)
    monkeypatch.setattr(fate1, "routes_are_new", lambda _: False)
    monkeypatch.setattr("fate_components.party.edge_check.broken", lambda *_: [])
    return found


def error(text: str) -> str:
    head = '"2026-11-25 09:30:01,001 - task_executor.py[line:131] - ERROR: "'
    return f"{head}\nTraceback (most recent call last):\n{FRAME}\n    check()\n{text}\n"


def test_it_waits_until_proxies_have_read_their_routes(
    old: Played, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    old.runs = ["success to calculate secure_sum, it is 2000.0"]
    old.ages = {"9999": "60\n", "10000": "25\n"}
    fate1.main()
    assert slept == [40]
    assert "read their new routes within 40 s" in capsys.readouterr().out
    old.runs, old.ages = ["success to calculate secure_sum, it is 2000.0"], {"9999": "300\n"}
    fate1.main()
    assert slept == [40], "they have"


def test_the_host_s_reason_is_told_when_the_guest_only_followed(old: Played) -> None:
    old.runs, old.errors = [f"{ID}{MISSING}"], {"10000": error("ValueError: no data")}
    with pytest.raises(SystemExit) as ended:
        fate1.main()
    assert str(ended.value).splitlines() == [
        "the toy job of party 9999 with party 10000 failed:",
        "party 10000's task (host) failed: ValueError: no data",
        FRAME,
        "    check()",
        "party 9999's task (guest) ended because of it",
    ]


def test_fate_s_5_s_rule_is_named_and_the_job_run_once_more(
    old: Played, capsys: pytest.CaptureFixture[str]
) -> None:
    old.runs = [f"{ID}{MISSING}", "success to calculate secure_sum, it is 2000.0"]
    old.egg = {"10000": f"[INFO] check result: false\n{RULE}\n"}
    fate1.main()
    said = capsys.readouterr().out
    assert "party 10000: FATE's 5 s rule" in said
    assert "is run once more" in said
    assert said.endswith("it is 2000.0\n")


def test_fate_s_5_s_rule_twice_fails_with_the_remedy(old: Played) -> None:
    old.runs, old.errors = [f"{ID}{MISSING}"] * 2, {"9999": error(f"RpcError: {RULE}")}
    with pytest.raises(SystemExit) as ended:
        fate1.main()
    assert "party 9999: FATE's 5 s rule" in str(ended.value)
    assert "Use fewer `processors`" in str(ended.value)
    assert old.runs == []


def test_lost_rows_are_run_once_more(old: Played, capsys: pytest.CaptureFixture[str]) -> None:
    old.runs = [ID, "success to calculate secure_sum, it is 2000.0"]
    old.errors = {"9999": error("AssertionError")}
    fate1.main()
    assert "the sum was wrong" in capsys.readouterr().out


def test_a_job_that_was_not_submitted_shows_what_the_example_says(old: Played) -> None:
    old.runs, old.errors = ["failed to exec task, status:100"], {"9999": error("an earlier job's")}
    with pytest.raises(SystemExit) as ended:
        fate1.main()
    assert str(ended.value).splitlines()[1:] == [
        "its last lines:",
        "failed to exec task, status:100",
    ]


def test_a_peer_s_log_is_not_here(old: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST_DOCKER", "")
    old.runs = [f"{ID}{MISSING}"]
    with pytest.raises(SystemExit) as ended:
        fate1.main()
    assert str(ended.value).splitlines()[-2:] == [MISSING, "The log of party 10000 is on that side"]


# FATE 2


def test_the_reason_of_a_failed_job_is_that_of_the_party_whose_task_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run(party: Containers, service: str, script: str) -> subprocess.CompletedProcess[str]:
        assert service == "fateflow"
        head = "[ERROR][2026-11-25 09:30:01,001][7][execute_cli.execute][line:143]: no data"
        found = head if party.id == "10000" and "root/ERROR" in script else ""
        return subprocess.CompletedProcess([], 0, found, "")

    monkeypatch.setattr(Containers, "run", run)
    both = {"guest": Containers("dev", "9999", "x"), "host": Containers("dev", "10000", "x")}
    assert reasons(FATE_FLOW, both, "1", "toy_example_0") == [
        "party 10000's task (host) failed: no data",
        "party 9999's task (guest) ended because of it",
    ]


def test_how_a_job_has_ended_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 0, "", "")

    monkeypatch.setattr(Containers, "run", run)
    both = {"guest": Containers("dev", "9999", "x"), "host": Containers("dev", "10000", "x")}
    job = ("toy job", FATE_FLOW, both, "1", "toy_example_0")
    finish(*job, lambda *_: "success", lambda: ["a broken hop"])
    assert capsys.readouterr().out == "toy job: success on both parties\n"
    with pytest.raises(SystemExit) as ended:
        finish(*job, lambda _, role: {"guest": "failed", "host": "success"}[role], lambda: ["hop"])
    assert str(ended.value).splitlines()[:2] == [
        "the toy job (1) did not succeed: guest is failed, host is success",
        "hop",
    ]
