"""fatectl doctor: what it finds, and what it says to do about it."""

import dataclasses
import json
import os
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from fate_components.checks import connections, doctor, reread_files
from fate_components.checks.connections import Connection, TriedConnection
from fate_components.cli.__main__ import app
from fate_components.crypto import pki
from fate_components.docker.client.daemon import NoAnswerError
from fate_components.docker.inspect import survey
from fate_components.docker.inspect.survey import Survey
from fate_components.lines.fate1_3 import proxy
from fate_components.operate.fleet import Fleet, Member
from fate_components.operate.stack import Stack
from fate_components.operate.target import Target
from fate_components.party import edge_check
from fate_components.plan.endpoints import Endpoint
from fate_components.releases import catalogue
from tests.support.containers import missing
from tests.support.doctor import INFO, NOW, running, stack

PROXY = "fate-dev-9999-proxy"


class Daemon:
    """A daemon whose containers have these files and say this to a command."""

    files: dict[tuple[str, str], str]
    recorded: datetime | None = None
    says: str | None = None

    def __init__(self, _: str = "") -> None:
        pass

    def read(self, container: str, path: str) -> str | None:
        return self.files.get((container, path))

    def modified(self, container: str, path: str) -> datetime | None:
        assert path == proxy.OUTDATED
        return self.recorded if container == PROXY else None

    def run(self, container: str, script: str) -> str | None:
        return self.says


@pytest.fixture(autouse=True)
def daemon(monkeypatch: pytest.MonkeyPatch) -> None:
    found = stack()
    Daemon.files = {
        (one.container, one.file.path): one.file.content
        for one in reread_files.of(found.plan, found.settings, found.line, "dev")
    }
    Daemon.says = Daemon.recorded = None
    monkeypatch.setattr(doctor, "Daemon", Daemon)
    monkeypatch.setattr(
        connections, "follow", lambda found, _: [TriedConnection(way, 0.001) for way in found]
    )


def examine(
    found: doctor.Stack, members: Sequence[Member] = (), *names: str, **more: Any
) -> doctor.Report:
    here = Survey(info=INFO, disk=50 << 30, containers=running(*names))
    surveys = {"a": dataclasses.replace(here, **more), "b": Survey(info=INFO)}
    return doctor.examine(found, surveys, members, NOW)


def test_nothing_is_wrong() -> None:
    report = examine(stack(), [], PROXY, "fate-dev-10000-proxy")
    assert (report.errors, report.warnings) == ([], [])
    reached = {(one.way.party, one.way.to, one.way.at.host) for one in report.reached}
    assert reached == {
        ("9999", "10000", "fate-dev-10000-proxy"), ("9999", "10001", "fate.example.org"),
        ("10000", "9999", "fate-dev-9999-proxy"), ("10000", "10001", "fate.example.org"),
    }  # fmt: skip


def test_ways_begin_in_containers_that_run() -> None:
    assert {one.way.party for one in examine(stack(), [], PROXY).reached} == {"9999"}


@pytest.mark.parametrize(
    ("member", "words"),
    [
        ({}, "fate-dev-9999-roll on Docker host a is missing. Run `pulumi up`"),
        ({"id": "1", "state": "exited"}, "is exited. See why with `fatectl logs 9999 roll"),
        (
            {"id": "1", "state": "running", "health": "unhealthy"},
            "is running (unhealthy). See why with `fatectl logs 9999 roll --since 1h`.",
        ),
    ],
)
def test_a_service_that_is_not_well(member: dict[str, Any], words: str) -> None:
    (error,) = examine(stack(), [dataclasses.replace(missing("roll"), **member)]).errors
    assert words in error


def test_what_preflight_finds_is_a_finding() -> None:
    report = examine(stack(), info=INFO | {"ServerVersion": "19.03.1", "NCPU": 8})
    assert "Install 20.10 or newer" in report.errors[0]


@pytest.mark.parametrize(("says", "warned"), [("overlay 9 9 1048576 9% /", True), ("", False)])
def test_the_disk_of_a_host_elsewhere_is_seen_in_a_container(says: str, warned: bool) -> None:
    Daemon.says = says
    report = examine(stack(), [], PROXY, disk=None, daemon=Daemon())
    assert [text for text in report.warnings if "1024 MiB of free disk space" in text] == (
        report.warnings if warned else []
    )
    assert bool(report.warnings) is warned


@pytest.mark.parametrize("content", [None, "{}"])
def test_a_route_table_that_is_not_that_of_the_stack_file(content: str | None) -> None:
    (place,) = [place for place in Daemon.files if place[0] == PROXY]
    del Daemon.files[place]
    if content is not None:
        Daemon.files[place] = content
    (error,) = examine(stack(), [], PROXY).errors
    assert f"in {PROXY} is not the one that follows from the stack file. Run `pulumi up`" in error


@pytest.mark.parametrize(("later", "errors"), [(1, 1), (-1, 0)])
def test_a_proxy_that_was_started_before_its_routes_changed(later: int, errors: int) -> None:
    Daemon.recorded = NOW + timedelta(seconds=later)
    Daemon.files[PROXY, proxy.OUTDATED] = "default\n10000"
    found = examine(stack(), [], PROXY, "fate-dev-10000-proxy").errors
    assert found == [
        f"{PROXY} was started before its route to party 10000 and its default route changed, and "
        "may keep the old one: jobs hang. Run `pulumi up`, which restarts it."
    ] * errors  # fmt: skip


def test_a_way_that_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        connections,
        "follow",
        lambda found, _: [TriedConnection(way, None, "Connection refused") for way in found],
    )
    error = examine(stack(), [], PROXY).errors[1]
    assert error.startswith(
        f"{PROXY} cannot reach party 10001 at fate.example.org:9370: Connection refused. Check "
    )


@pytest.mark.parametrize(
    ("days", "errors", "warnings"),
    [(0, 0, 0), (720, 0, 1), (800, 1, 0)],
)
def test_certificates_that_were_delivered(
    days: int, errors: int, warnings: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge_check, "broken", lambda *_: iter(()))
    found = stack(**{"fate:tls": {"enabled": True}, "fate:peers": []})
    issued = pki.Authority(SecretStr("s")).issue("party-9999", [], NOW)
    Daemon.says = issued.certificate.replace("\n", "\r\n")
    Daemon.files = {
        (one.container, one.file.path): one.file.content
        for one in reread_files.of(found.plan, found.settings, found.line, "dev")
    }
    surveys = {"a": Survey(info=INFO, containers=running("fate-dev-9999-edge")), "b": Survey()}
    report = doctor.examine(found, surveys, [], issued.expires - timedelta(days=730 - days))
    assert (len(report.errors), len(report.warnings)) == (errors, warnings), report
    for text in [*report.errors, *report.warnings]:
        assert "The certificate in fate-dev-9999-edge expires on " in text
        assert "Run `pulumi up`, which issues a new one." in text


def test_an_edge_that_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    Daemon.says = pki.Authority(SecretStr("s")).issue("party-9999", [], NOW).certificate
    monkeypatch.setattr(edge_check, "broken", lambda *_: iter(["edge cannot"]))
    found = stack(**{"fate:tls": {"enabled": True}, "fate:peers": []})
    surveys = {"a": Survey(info=INFO, containers=running("fate-dev-9999-edge")), "b": Survey()}
    report = doctor.examine(found, surveys, [], NOW)
    assert report.errors == ["edge cannot. See docs/tls.md for what both sides must agree on."]


# Ways, followed by the real script


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A docker command whose containers are this machine."""
    command = tmp_path / "docker"
    command.write_text('#!/bin/sh\nshift 3\nexec "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")


@pytest.mark.usefixtures("docker")
def test_a_way_is_followed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        reached = connections._follow(
            Connection("1", "a", "c", "2", Endpoint("127.0.0.1", port)), "unix:///d"
        )
        assert reached.seconds is not None
        assert 0 <= reached.seconds < 60
    refused = connections._follow(
        Connection("1", "a", "c", "2", Endpoint("127.0.0.1", port)), "unix:///d"
    )
    assert (refused.seconds, refused.why) == (None, "Connection refused")


# The command


def test_findings_are_shown_with_an_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    found = stack()
    known = Target(
        "dev", {"a": "ssh://a"}, (), Stack("dev", found.settings, catalogue.load("1.3.0"))
    )
    report = doctor.Report(
        {"a": Survey(info=INFO, disk=3 << 30, clock=-1.25), "b": Survey(error="refused")},
        [
            TriedConnection(Connection("9999", "a", PROXY, "10000", Endpoint("x", 1)), 0.0123),
            TriedConnection(
                Connection("9999", "a", PROXY, "exchange", Endpoint("y", 2)), None, "refused"
            ),
        ],
        ["an error"],
        ["a warning"],
    )
    monkeypatch.setattr("fate_components.cli.doctor.target", lambda *_: known)
    monkeypatch.setattr(survey, "take", lambda *_: {})
    monkeypatch.setattr(Target, "look", lambda _: Fleet((), {}))
    monkeypatch.setattr(doctor, "examine", lambda *_: report)
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == 3, done.output
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["a", "20.10.24", "3", "GiB", "-1.2", "s"] in rows
    assert ["b", "-", "-", "-"] in rows
    assert ["party", "9999", "party", "10000", "x:1", "12.3", "ms"] in rows
    assert ["party", "9999", "exchange", "y:2", "not"] in rows
    assert done.stdout.endswith("error: an error\nwarning: a warning\n")
    document = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)
    assert document["errors"] == ["an error"]
    assert document["ways"][1] == {
        "from": "9999", "to": "exchange", "at": "y:2", "seconds": None,
    }  # fmt: skip
    report.errors.clear()
    report.warnings.clear()
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == 0
    assert "nothing is wrong" in done.stdout


def test_no_answer_is_not_a_second_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object) -> None:
        raise NoAnswerError("gone")

    monkeypatch.setattr(Daemon, "read", silent)
    assert examine(stack(), [], PROXY).errors == []
