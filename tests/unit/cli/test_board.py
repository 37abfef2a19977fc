"""fatectl board: what the page shows, and who may ask for it."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from typer.testing import CliRunner

from fate_components import lines
from fate_components.cli.__main__ import app
from fate_components.cli.board import command, live
from fate_components.cli.board.checks import Check, checks
from fate_components.cli.board.document import document
from fate_components.cli.board.live import Live, Seen
from fate_components.cli.board.server import Server
from fate_components.cli.stack import StateError
from fate_components.docker.client.containers import Containers
from fate_components.jobs.fate_flow import JobsError
from fate_components.jobs.table import Work
from fate_components.operate import fleet, logs
from fate_components.operate.fleet import Fleet, Member
from fate_components.operate.logs import LogsError
from fate_components.operate.stack import Stack
from fate_components.operate.target import Target, TargetError
from fate_components.security.redaction import HIDDEN, Redactor
from fate_components.stack_file import parse
from tests.support.bad_stack_files import GOOD
from tests.support.stack_files import as_engine

NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
CHANGE: dict[str, Any] = {
    "fate:parties": [{"id": 9999, "host": "a"}, {"id": 10000, "host": "b"}],
    "fate:hosts": {
        "a": {"docker": "unix:///var/run/docker.sock", "address": "10.0.0.1"},
        "b": {"docker": "ssh://root@b.example.org:22"},
    },
}


def targeted(**change: Any) -> Target:
    """A stack with party 9999 on Docker host a, and party 10000 on b."""
    return _targeted(json.dumps({**GOOD, **CHANGE, **change}))


@cache
def _targeted(written: str) -> Target:
    config = json.loads(written)
    settings, release = parse(as_engine(config), {"fate:masterSecret"}, "dev")
    hosts = {name: host.docker for name, host in settings.hosts.items()}
    wanted = fleet.declared(lines.plan(settings, release, "dev"), "dev", hosts)
    return Target("dev", hosts, wanted, Stack("dev", settings, release), True)


def up(members: list[Member]) -> list[Member]:
    return [replace(one, id=one.name, state="running", health="healthy") for one in members]


def all_up(target: Target) -> Fleet:
    return Fleet(tuple(up([*target.wanted])), {})


def shown(seen: Seen, target: Target | None = None, secrets: tuple[str, ...] = ()) -> Any:
    found = document(Live(target or targeted(), Redactor(secrets), ["a note"]), seen, NOW)
    return json.loads(json.dumps(found))


def test_all_is_well() -> None:
    found = shown(Seen(all_up(targeted())))
    assert (found["stack"], found["release"], found["healthy"]) == ("dev", "FATE 1.3.0", True)
    assert [party["title"] for party in found["parties"]] == ["Party 9999", "Party 10000"]
    words = {one["word"] for party in found["parties"] for one in party["services"]}
    assert words == {"healthy"}
    assert found["notes"] == ["a note"]
    assert [host["silence"] for host in found["hosts"]] == [None, None]
    assert 'class="service well"' in found["picture"]
    assert 'class="service ill"' not in found["picture"]


def test_a_service_that_is_missing() -> None:
    found = all_up(targeted())
    roll = next(one for one in found.members if one.service == "roll")
    gone = replace(roll, id="", state="missing", health="")
    members = tuple(gone if one is roll else one for one in found.members)
    page = shown(Seen(replace(found, members=members)))
    assert not page["healthy"]
    services = {one["service"]: one for one in page["parties"][0]["services"]}
    assert (services["roll"]["word"], services["roll"]["condition"]) == ("missing", "ill")
    assert 'class="service ill"><title>roll: missing</title>' in page["picture"]
    # The services stay in the order of the release, whatever becomes of them.
    assert list(services)[:4] == ["mysql", "redis", "meta-service", "roll"]


def test_a_docker_host_that_does_not_answer() -> None:
    target = targeted()
    there = tuple(one for one in all_up(target).members if one.host == "a")
    page = shown(Seen(Fleet(there, {"b": "timed out"}), answered={"b": NOW}))
    assert not page["healthy"]
    a, b = page["hosts"]
    assert (a["silence"], b["silence"], b["parties"]) == (None, "timed out", ["10000"])
    assert b["answered"] == NOW.isoformat()
    first, second = page["parties"]
    assert {one["condition"] for one in first["services"]} == {"well"}
    assert {one["condition"] for one in second["services"]} == {"unknown"}
    assert 'class="service unknown"' in page["picture"]
    assert 'class="service well"' in page["picture"]


def test_addresses_that_cannot_be_reached_from_here_say_so() -> None:
    page = shown(Seen(all_up(targeted())))
    of = [{one["name"]: one for one in party["addresses"]} for party in page["parties"]]
    assert of[0]["fateboard"] == {
        "name": "fateboard", "address": "http://127.0.0.1:8080", "onlyOn": None,
    }  # fmt: skip
    assert of[1]["fateboard"]["onlyOn"] == "b"
    assert of[1]["proxy"] == {"name": "proxy", "address": "b.example.org:9370", "onlyOn": None}


def test_the_exchange_is_on_the_page() -> None:
    target = targeted(**{"fate:exchange": {"host": "a"}})
    page = shown(Seen(all_up(target)), target)
    exchange = page["parties"][-1]
    assert (exchange["party"], exchange["title"]) == ("exchange", "Exchange")
    assert [one["address"] for one in exchange["addresses"]] == ["10.0.0.1:9371"]
    assert "<title>exchange: healthy</title>" in page["picture"]


def test_without_the_stack_file_there_is_what_the_labels_say() -> None:
    bare = Target("dev", {"ssh://b": "ssh://b"})
    member = replace(targeted().wanted[0], host="ssh://b", state="running", id="1")
    page = shown(Seen(Fleet((member,), {})), bare)
    assert (page["picture"], page["release"]) == (None, None)
    assert page["parties"][0]["services"][0]["word"] == "running"
    assert "only with the stack file" in page["checksNote"]


def work(name: str, role: str, party: str, status: str, **more: Any) -> Work:
    return Work(name, role, party, status, **{"started": NOW, "seconds": 5.0, **more})


def test_a_job_is_one_whoever_tells_of_it() -> None:
    before = NOW - timedelta(minutes=1)
    told = {
        "9999": [work("2", "guest", "9999", "success"), work("1", "guest", "9999", "failed")],
        "10000": [
            work("2", "host", "10000", "success", started=before, seconds=65.0),
            work("1", "host", "10000", "running", started=before),
            work("3", "guest", "10000", "waiting", started=None, seconds=None),
        ],
    }
    jobs = shown(Seen(all_up(targeted()), jobs=told))["jobs"]
    other = dict(reversed(told.items()))  # 10000 has answered first
    assert shown(Seen(all_up(targeted()), jobs=other))["jobs"] == jobs
    assert [(job["job"], job["status"], job["condition"]) for job in jobs] == [
        ("3", "waiting", "changing"), ("2", "success", "well"), ("1", "failed", "ill"),
    ]  # fmt: skip
    assert (jobs[1]["started"], jobs[1]["seconds"]) == (before.isoformat(), 65)
    assert [(one["role"], one["party"]) for one in jobs[1]["parties"]] == [
        ("guest", "9999"), ("host", "10000"),
    ]  # fmt: skip


def test_what_there_is_to_say_about_a_job_is_on_the_page_without_secrets() -> None:
    note = "waits for cores: 8 of 8 in use by hunter2"
    told = {"10000": [work("1", "host", "10000", "waiting", note=note)]}
    seen = Seen(all_up(targeted()), jobs=told)
    page = document(Live(targeted(), Redactor(["hunter2"])), seen, NOW)
    assert [one["note"] for one in page["jobs"][0]["parties"]] == [note.replace("hunter2", HIDDEN)]


def test_jobs_that_nobody_has_told_yet_are_not_known_to_be_none() -> None:
    seen = Seen(all_up(targeted()), jobs={"9999": []})
    assert shown(seen)["jobsAsked"]
    assert not shown(replace(seen, job_faults={"10000": "no answer"}))["jobsAsked"]
    assert not shown(replace(seen, jobs={"9999": [], "10000": []}))["jobsAsked"]


def test_only_the_latest_jobs_are_shown() -> None:
    many = [work(str(n), "guest", "9999", "success") for n in range(103)]
    page = shown(Seen(all_up(targeted()), jobs={"9999": many}))
    assert (len(page["jobs"]), page["olderJobs"]) == (100, 3)


# The last checks

URN = "urn:pulumi:dev::fate::command:local:Command::"


def resource(name: str, **more: Any) -> dict[str, Any]:
    return {
        "urn": URN + name,
        "type": "command:local:Command",
        "inputs": {"triggers": ["c1", "c2"]},
        "outputs": {"stdout": "toy job\nsuccess to calculate secure_sum\n"},
        "modified": "2026-11-25T09:00:00.123456789Z",
        **more,
    }


def test_checks_are_read_from_the_state() -> None:
    toy, serving = checks(
        [
            {"urn": "urn:pulumi:dev::fate::pulumi:pulumi:Stack::fate-dev", "type": "pulumi:Stack"},
            resource("9999-health"),
            resource("verify-9999-10000"),
            resource("verify-9999-10001", delete=True),
            resource("verify-serving-9999", inputs={}, outputs={}, modified=None),
        ]
    )
    assert toy.title == "Toy job of party 9999 with party 10000"
    assert toy.said == "success to calculate secure_sum"
    assert toy.when == datetime(2026, 11, 25, 9, 0, 0, 123456, tzinfo=UTC)
    assert toy.containers == {"c1", "c2"}
    assert serving == Check("Serving of party 9999", "", None, frozenset())


@pytest.mark.parametrize(
    ("containers", "silent", "outdated"),
    [
        ({"fate-dev-9999-roll"}, {}, False),
        ({"fate-dev-9999-roll", "replaced since"}, {}, True),
        ({"fate-dev-9999-roll", "nobody knows"}, {"b": "timed out"}, False),
    ],
)
def test_a_check_is_outdated_once_a_container_was_replaced(
    containers: set[str], silent: dict[str, str], outdated: bool
) -> None:
    check = Check("Toy job", "success", NOW, frozenset(containers))
    found = replace(all_up(targeted()), silent=silent)
    (told,) = shown(Seen(found, checks=[check]))["checks"]
    assert told["outdated"] is outdated


@pytest.mark.parametrize(
    ("verify", "fault", "words"),
    [
        (True, "", "No check has succeeded yet"),
        (False, "", "fate:verify is not set"),
        (True, "no passphrase", "The stack's state cannot be read: no passphrase"),
    ],
)
def test_why_there_are_no_checks(verify: bool, fault: str, words: str) -> None:
    target = targeted(**{"fate:verify": verify})
    seen = Seen(all_up(target), checks_fault=fault)
    assert words in shown(replace(seen, checks=[]), target)["checksNote"]
    assert ("is being read" in shown(seen, target)["checksNote"]) == (not fault)


def test_no_secret_is_on_the_page() -> None:
    secret = "swordfish"
    check = Check("Toy job", f"with {secret}", NOW, frozenset())
    seen = Seen(
        Fleet((), {"a": f"refused {secret}"}),
        job_faults={"9999": f"no answer to {secret}"},
        checks=[check],
        checks_fault=f"not with {secret}",
    )
    text = json.dumps(shown(seen, secrets=(secret,)), ensure_ascii=False)
    assert secret not in text
    assert text.count(HIDDEN) == 4


# Asking again and again


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    """A stack whose Docker host b does not answer until the end of the test."""
    target, end = targeted(), threading.Event()

    def ask(host: str, docker_host: str, stack: str | None) -> fleet.Answer:
        if host == "b":
            end.wait()
        return up([one for one in target.wanted if one.host == host])

    monkeypatch.setattr(fleet, "ask", ask)
    monkeypatch.setattr(fleet, "measure", lambda _: {})
    monkeypatch.setattr(Live, "read_checks", lambda _: None)
    monkeypatch.setattr(Live, "ask_jobs", lambda *_: None)
    found = Live(target, Redactor(["swordfish"]))
    yield found
    end.set()


def until(condition: Callable[[], bool]) -> None:
    deadline = datetime.now(UTC) + timedelta(seconds=30)
    while not condition():
        assert datetime.now(UTC) < deadline


def test_one_docker_host_holds_up_no_other(watched: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_PATIENCE", float("inf"))
    first = document(watched, watched.view(), NOW)
    assert all(host["asked"] or not host["silence"] for host in first["hosts"])
    until(lambda: "9999" in watched.view().fleet.parties)
    seen = watched.seen()
    assert "b" in seen.fleet.silent
    assert document(watched, seen, NOW)["hosts"][1]["asked"]
    monkeypatch.setattr(live, "_PATIENCE", -1)
    assert watched.seen().fleet.silent["b"].startswith("no answer for ")


def test_what_was_known_before_somebody_looks_again_is_not_shown(
    watched: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched, "_repeat", lambda *_: None)
    monkeypatch.setattr(live, "_VIEWED", float("inf"))
    for expected in ({"a", "b"}, {"b"}):
        watched.look("a")
        assert "9999" in watched.seen().fleet.parties
        assert set(watched.view().fleet.silent) == expected


def test_a_fault_in_one_question_does_not_end_it(
    watched: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("State")

    monkeypatch.setattr(fleet, "ask", broken)
    watched.look("a")
    assert watched.seen().fleet.silent["a"] == "KeyError: 'State'"


def test_jobs_that_a_party_has_told_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    target = targeted()
    found = Live(target, Redactor())
    answers: list[Any] = [[work("1", "guest", "9999", "success")], JobsError("no answer"), {}]

    def ask(_: str, party: Containers) -> Any:
        assert party.id == "9999"
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr("fate_components.jobs.table.of_party", ask)
    monkeypatch.setattr(found, "_fleet", lambda: all_up(target))
    found.ask_jobs("9999")
    assert [one.name for one in found.seen().jobs["9999"]] == ["1"]
    found.ask_jobs("9999")
    assert [one.name for one in found.seen().jobs["9999"]] == ["1"]
    assert found.seen().job_faults == {"9999": "no answer"}
    found.ask_jobs("9999")
    assert found.seen().job_faults == {}
    found.ask_jobs("12345")
    assert "has no party 12345" in found.seen().job_faults["12345"]


def test_a_state_out_of_reach_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def workspace(_: str | None) -> None:
        raise StateError("no route to the backend")

    monkeypatch.setattr(live, "workspace", workspace)
    found = Live(targeted(), Redactor())
    found.read_checks()
    assert found.seen().checks_fault == "no route to the backend"


def test_a_log_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    target = targeted()
    found = Live(target, Redactor(["swordfish"]))
    monkeypatch.setattr(found, "_fleet", lambda: all_up(target))
    written = [("2026-11-25T09:30:00.000000000Z", b"password: swordfish \xff")]
    monkeypatch.setattr(logs, "last", lambda member, count: written)
    assert found.log("9999", "roll") == [(written[0][0], f"password: {HIDDEN} \ufffd")]


def test_the_log_of_a_service_on_a_docker_host_that_is_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = Live(targeted(), Redactor())
    monkeypatch.setattr(found, "_fleet", lambda: Fleet((), {"b": "timed out"}))
    with pytest.raises(TargetError, match="Docker host b, which runs party 10000, does not answer"):
        found.log("10000", "roll")


# The server


class Still(Live):
    """A stack of which all is known."""

    def view(self) -> Seen:
        return Seen(all_up(self.target))

    def log(self, party: str, name: str) -> list[tuple[str, str]]:
        if (party, name) == ("9999", "roll"):
            return [("2026-11-25T09:30:00.000000000Z", "<b>started</b>")]
        if name == "gone":
            raise LogsError("the log cannot be read: swordfish")
        raise TargetError("there is no such service")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(Still(targeted(), Redactor(["swordfish"])), 0) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield found
        found.shutdown()


def ask(server: Server, path: str, method: str = "GET", **headers: str) -> tuple[int, str, Any]:
    at = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=30)
    at.putrequest(method, path, skip_host="Host" in headers)
    for name, value in headers.items():
        at.putheader(name, value)
    at.endheaders()
    answer = at.getresponse()
    return answer.status, answer.read().decode(), answer.headers


def test_the_page_and_its_parts(server: Server) -> None:
    kinds = {"/": "text/html", "/page.css": "text/css", "/page.js": "text/javascript"}
    for path, kind in kinds.items():
        status, body, headers = ask(server, path)
        assert (status, headers["Content-Type"]) == (200, f"{kind}; charset=utf-8")
        assert "://" not in body, "nothing may come from elsewhere"
        assert headers["Content-Security-Policy"].startswith(
            "default-src 'none'; script-src 'self'"
        )
    status, body, headers = ask(server, "/live.json")
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert json.loads(body)["stack"] == "dev"
    assert headers["Server"] == "fatectl"
    assert "Access-Control-Allow-Origin" not in headers


def test_it_is_bound_to_loopback(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"
    assert server.url == f"http://127.0.0.1:{server.server_address[1]}"


def test_a_port_that_is_taken(server: Server) -> None:
    with Server(server.live, server.server_address[1]) as other:
        assert other.server_address[1] != server.server_address[1]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8900", "LOCALHOST:1"])
def test_names_of_this_machine(server: Server, host: str) -> None:
    assert ask(server, "/live.json", Host=host)[0] == 200


@pytest.mark.parametrize(
    "host", ["evil.example.org", "evil.example.org:8900", "127.0.0.1.example.org", "", "localhost."]
)
def test_a_name_that_somebody_has_led_here_is_refused(server: Server, host: str) -> None:
    status, body, _ = ask(server, "/live.json", Host=host)
    assert status == 403
    assert "9999" not in body


def test_what_is_no_url(server: Server) -> None:
    assert ask(server, "/", Host="[")[0] == 400


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_it_can_only_be_read(server: Server, method: str) -> None:
    status, _, headers = ask(server, "/live.json", method)
    assert (status, headers["Allow"]) == (405, "GET")


@pytest.mark.parametrize(
    "path",
    ["/../server.py", "/%2e%2e/server.py", "/..%2fserver.py", "//etc/passwd", "/server.py",
     "/page.css/", "/page.html", "/live.json/..", "/board/page.css"],
)  # fmt: skip
def test_nothing_else_can_be_read(server: Server, path: str) -> None:
    assert ask(server, path)[0] == 404


@pytest.mark.parametrize(
    ("query", "status", "answer"),
    [
        (
            "?party=9999&service=roll",
            200,
            {"lines": [["2026-11-25T09:30:00.000000000Z", "<b>started</b>"]]},
        ),
        ("?party=9999&service=../roll", 404, {"error": "there is no such service"}),
        ("", 404, {"error": "there is no such service"}),
        ("?service=gone", 502, {"error": f"the log cannot be read: {HIDDEN}"}),
    ],
)
def test_logs(server: Server, query: str, status: int, answer: Any) -> None:
    found, body, _ = ask(server, f"/log.json{query}")
    assert (found, json.loads(body)) == (status, answer)


# The command


def test_the_command_prints_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Live] = []

    class Short(Server):
        def serve_forever(self, poll_interval: float = 0.5) -> None:
            served.append(self.live)
            raise KeyboardInterrupt

    monkeypatch.setattr(command, "target", lambda *_: targeted())
    monkeypatch.setattr(command, "Server", Short)
    done = CliRunner().invoke(app, ["board"])
    assert done.exit_code == 130
    assert done.stdout.startswith("http://127.0.0.1:")
    assert served[0].redact(GOOD["fate:masterSecret"]) == HIDDEN
    assert served[0].notes == []


def test_secrets_that_cannot_be_known_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[str] = []

    def serve(live: Live) -> None:
        notes.extend(live.notes)
        raise KeyboardInterrupt

    def read(name: str | None, urls: object, say: Callable[[str], object]) -> Target:
        say("the state is out of reach")
        return replace(targeted(), secrets_known=False)

    monkeypatch.setattr(command, "target", read)
    monkeypatch.setattr(command, "Server", serve)
    done = CliRunner().invoke(app, ["board"])
    assert notes[0] == "the state is out of reach"
    assert "because the stack's secrets are unknown" in notes[1]
    assert "because the stack's secrets are unknown" in done.stderr


def test_one_stack_is_shown_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def several(*_: object) -> Fleet:
        raise TargetError("there are containers of the stacks dev, prod: choose one with --stack")

    monkeypatch.setattr(Target, "look", several)
    done = CliRunner().invoke(app, ["board", "--host", "ssh://here"])
    assert done.exit_code == 1
    assert "choose one with --stack" in done.stderr
