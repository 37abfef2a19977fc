"""What fatectl doctor finds in RabbitMQ, from what its management API answers (3.10.8)."""

import json
import os
import shlex
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from fate_components.checks import connections as ways
from fate_components.checks import doctor
from fate_components.docker.client.containers import Containers
from fate_components.docker.inspect.survey import Survey
from fate_components.lines.fate2 import flow_client as fate2
from fate_components.lines.fate2 import job_queues
from tests.support.bad_stack_files import GOOD_2
from tests.support.doctor import INFO, running, stack

NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
JOB, SESSION = "202611250900000000010", "202611250900000000010_sshe_lr_0_1"
VHOST = f"{SESSION}-guest-9999-host-10000"
SENDS, RECEIVES = "guest-9999-host-10000", "host-10000-guest-9999"
STARTED = NOW - timedelta(minutes=20)
TASK = {
    "job_id": JOB, "task_name": "sshe_lr_0", "task_version": "1", "status": "running",
    "start_time": int(STARTED.timestamp() * 1000),
}  # fmt: skip
TASKS = {SESSION: job_queues.Task(JOB, "sshe_lr_0", STARTED)}
PARTY = Containers("dev", "9999", "unix:///d")
LONG_AGO, JUST_NOW = "2026-11-25T09:10:00.000+00:00", "2026-11-25T09:29:50.000+00:00"


def receive(name: str, vhost: str = VHOST) -> str:
    return f"receive-{vhost.rsplit('-', 4)[0]}-{RECEIVES}-{name}"


def upstream(name: str, vhost: str = VHOST) -> dict[str, Any]:
    queue = receive(name, vhost)
    uri = f"amqp://{SESSION}:{SESSION}@10.0.0.2:5672"
    return {
        "value": {"queue": queue.replace("receive", "send", 1), "uri": uri},
        "vhost": vhost, "component": "federation-upstream", "name": queue,
    }  # fmt: skip


def policy(name: str, vhost: str = VHOST) -> dict[str, Any]:
    queue = receive(name, vhost)
    return {
        "vhost": vhost, "name": queue, "pattern": f"^{queue}$", "apply-to": "queues",
        "definition": {"federation-upstream": queue}, "priority": 0,
    }  # fmt: skip


def link(name: str, status: str = "running", **more: str) -> dict[str, Any]:
    queue = receive(name)
    return {
        "node": "rabbit@localhost", "queue": queue, "type": "queue", "vhost": VHOST,
        "upstream_queue": queue.replace("receive", "send", 1), "upstream": queue,
        "consumer_tag": f"federation-link-{queue}", "id": "6b1b6f7f", "status": status,
        "uri": "amqp://10.0.0.2:5672", "timestamp": "2026-11-25 9:29:55", **more,
    }  # fmt: skip


def queue(name: str, since: str | None = LONG_AGO, **more: int) -> dict[str, Any]:
    row = {"consumers": 1, "messages": 0, "name": name, "vhost": VHOST, **more}
    return row if since is None else {**row, "idle_since": since}


def broker(
    upstreams: job_queues.Rows = (),
    policies: job_queues.Rows = (),
    links: job_queues.Rows = (),
    queues: job_queues.Rows = (),
) -> job_queues.Broker:
    return job_queues.Broker(upstreams, policies, links, queues)


def found(
    now: job_queues.Broker, earlier: job_queues.Broker | None = None, tasks: Any = TASKS
) -> tuple[list[str], list[str]]:
    return job_queues.findings(now, earlier or now, tasks, PARTY, NOW)


def test_a_task_at_work_has_no_findings() -> None:
    assert found(
        broker(
            [upstream("a")],
            [policy("a"), {**policy("a"), "name": "by-hand", "definition": {"max-length": 9}}],
            [link("a")],
            [
                queue(receive("a")),
                queue(f"send-{SESSION}-{SENDS}-a", JUST_NOW, messages=3, consumers=0),
                queue(f"send-{SESSION}-{SENDS}-b", None, messages=3, consumers=0),
                queue(f"send-{SESSION}-{SENDS}-c", messages=0, consumers=0),
            ],
        )
    ) == ([], [])


def test_an_upstream_without_a_policy() -> None:
    lost = broker([upstream("a"), upstream("b"), upstream("c")], [policy("b")])
    ((error,), warnings) = found(lost)
    assert error.startswith(
        "RabbitMQ of party 9999 does not fetch what party 10000 sends to it for task sshe_lr_0 of "
        f"job {JOB}, and 1 more like it: queue {receive('a')} in virtual host {VHOST} has an "
        "upstream, and no policy. "
    )
    command = shlex.split(error.rpartition("it goes on: `")[2].removesuffix("`."))
    assert command == [
        "docker", "exec", "fate-dev-9999-rabbitmq", "rabbitmqctl", "set_policy", "-p", VHOST,
        "--apply-to", "queues", receive("a"), f"^{receive('a')}$",
        json.dumps(policy("a")["definition"]),
    ]  # fmt: skip
    assert warnings == []


def test_what_is_about_to_get_a_policy_is_no_finding() -> None:
    assert found(broker([upstream("b")]), earlier=broker([upstream("a")])) == ([], [])


@pytest.mark.parametrize(
    ("links", "state"),
    [
        ([], "does not exist"),
        ([link("b"), link("a", "starting")], "is starting"),
        ([link("a", "error", error="{auth_failure,...}")], "is error ({auth_failure,...})"),
    ],
)
def test_a_link_that_does_not_run(links: list[dict[str, Any]], state: str) -> None:
    ((error,), _) = found(broken(links))
    assert f"the link of queue {receive('a')} in virtual host {VHOST} {state}. Check" in error
    assert "cannot fetch what party 10000 sends to it for task sshe_lr_0" in error


def broken(links: job_queues.Rows, since: str | None = None, **more: int) -> job_queues.Broker:
    """A broker with a link that does not run, which is never idle because it is tried again."""
    return broker([upstream("a")], [policy("a")], links, [queue(receive("a"), since, **more)])


def test_a_link_that_nobody_waits_for_is_no_finding() -> None:
    """The other party may have ended its part."""
    assert found(broken([link("a", "error")], consumers=0)) == ([], [])


def test_a_link_that_has_only_begun_is_no_finding() -> None:
    assert found(broken([link("a")]), earlier=broken([link("a", "starting")])) == ([], [])
    begun = {SESSION: job_queues.Task(JOB, "sshe_lr_0", NOW - timedelta(seconds=20))}
    assert found(broken([link("a", "error")]), tasks=begun) == ([], [])


# As RabbitMQ 3.10 and 3.8 write it.
@pytest.mark.parametrize("since", [LONG_AGO, "2026-11-25 9:10:00"])
def test_messages_that_nobody_fetches(since: str) -> None:
    rows = [
        queue(f"send-{SESSION}-{SENDS}-{name}", since, messages=2, consumers=0)
        for name in ("a", "b-1")
    ]
    errors, (warning,) = found(broker(queues=rows))
    assert errors == []
    assert "RabbitMQ of party 9999 has messages to party 10000 for task sshe_lr_0" in warning
    assert ", and 1 more like it: queue send-" in warning


def test_what_a_task_has_left_that_has_ended_is_no_finding() -> None:
    left = broker([upstream("a")], (), (), [queue("send-x", messages=1, consumers=0)])
    assert found(left, tasks={}) == ([], [])


# The whole way, with the real script


class Management(BaseHTTPRequestHandler):
    """A management API."""

    pages: dict[str, Any]
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        body = json.dumps(self.pages.get(self.path.removeprefix("/api/"), {})).encode()
        self.send_response(200 if self.path.removeprefix("/api/") in self.pages else 401)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def management(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[int]:
    """The port of a management API; all containers are this machine."""
    docker = tmp_path / "docker"
    docker.write_text('#!/bin/sh\nshift 3\nexec "$@"\n')
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(job_queues, "_PAUSE", 0)
    monkeypatch.setattr(fate2, "request", lambda *_: {"code": 0, "data": [TASK]})
    Management.asked = []
    Management.pages = dict(zip(job_queues._PATHS, ([], [], [], []), strict=True))
    server = HTTPServer(("127.0.0.1", 0), Management)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_broker_is_asked(management: int) -> None:
    assert job_queues._stuck(PARTY, management, NOW) == ([], [])
    assert [path.removeprefix("/api/") for path in Management.asked] == [*job_queues._PATHS]


def test_an_upstream_without_a_policy_is_looked_at_twice(management: int) -> None:
    Management.pages["parameters/federation-upstream"] = [upstream("a")]
    errors, _ = job_queues._stuck(PARTY, management, NOW)
    assert len(errors) == 1
    assert len(Management.asked) == 8


def test_without_running_tasks_nobody_is_asked(
    management: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # FATE Flow has no data then, and an error code.
    monkeypatch.setattr(fate2, "request", lambda *_: {"code": 1003, "message": "no found task"})
    assert job_queues._stuck(PARTY, management, NOW) == ([], [])
    assert Management.asked == []


def test_a_broker_that_refuses_is_told(management: int) -> None:
    Management.pages = {}
    with pytest.raises(
        job_queues.UnknownError, match=r"RabbitMQ of party 9999 says .HTTP/1.0 401 "
    ):
        job_queues._stuck(PARTY, management, NOW)


def test_doctor_asks_brokers_that_run(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def stuck(party: Containers, port: int, _: datetime) -> tuple[list[str], list[str]]:
        asked.append((party.id, port))
        if party.id == "10000":
            raise job_queues.UnknownError("RabbitMQ of party 10000 says 'no'")
        return ["an error"], ["a warning"]

    monkeypatch.setattr(job_queues, "_stuck", stuck)
    monkeypatch.setattr(doctor, "_outdated_tables", lambda *_: iter(()))
    monkeypatch.setattr(ways, "follow", lambda *_: [])
    there = [f"fate-dev-{party}-{name}" for party in (9999, 10000) for name in ("rabbitmq",)]
    there.append("fate-dev-9999-fateflow")
    surveys = {"a": Survey(info=INFO, disk=50 << 30, containers=running(*there)), "b": Survey()}
    found = stack(**GOOD_2)
    report = doctor.examine(found, surveys, [], NOW)
    assert asked == [("9999", 15672)]
    assert "an error" in report.errors
    assert "a warning" in report.warnings
    surveys["a"].containers.update(running("fate-dev-10000-fateflow"))  # type: ignore[attr-defined]
    report = doctor.examine(found, surveys, [], NOW)
    assert "RabbitMQ of party 10000 says 'no': nobody knows" in report.warnings[-1]
