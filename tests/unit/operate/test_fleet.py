"""What is on Docker hosts: containers found by their labels, and what they use."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml
from typer.testing import CliRunner

from fate_components import lines
from fate_components.cli import stack as stacks
from fate_components.cli.__main__ import app
from fate_components.cli.stack import StateError, read_file
from fate_components.cli.status import ago, grouped, size
from fate_components.cli.target import target
from fate_components.lines import fate1_3
from fate_components.operate import fleet, flow
from fate_components.operate.fleet import Fleet, Usage
from fate_components.operate.stack import StackError
from fate_components.operate.target import Target, TargetError, service, services
from fate_components.stack_file import parse
from tests.support.bad_stack_files import GOOD
from tests.support.containers import EGG, LABELS, Docker, missing
from tests.support.stack_files import as_engine

NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
STATS = {
    "read": "2026-11-25T09:30:00.000000000Z",
    "memory_stats": {"usage": 300 << 20, "stats": {"inactive_file": 100 << 20}},
    "cpu_stats": {"cpu_usage": {"total_usage": 2_000_000_000}},
    "preread": "2026-11-25T09:29:58.000000000Z",
    "precpu_stats": {"cpu_usage": {"total_usage": 1_000_000_000}},
}


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    Docker.answers = {
        "/containers/json?all=1": [{"Id": "e2"}, {"Id": "gone"}],
        "/containers/e2/json": EGG,
        "/containers/e2/stats?stream=0": STATS,
        "/images/json": [{"Id": EGG["Image"], "RepoTags": ["federatedai/egg:1"]}],
    }
    monkeypatch.setattr(fleet, "Daemon", Docker)
    return Docker.answers


def test_a_container_is_found_by_its_labels(docker: dict[str, Any]) -> None:
    (egg,) = fleet.look({"a": "here"}, "dev").members
    assert (egg.party, egg.service, egg.host, egg.id) == ("9999", "egg-2", "a", "e2")
    assert (egg.state, egg.health, egg.restarts, egg.well) == ("running", "healthy", 3, True)
    assert egg.since == datetime(2026, 11, 25, 7, 30, 0, 123456, tzinfo=UTC)
    assert egg.image == "federatedai/egg:1"
    assert egg.ports == ("127.0.0.1:9000", "9001")


@pytest.mark.parametrize(
    ("state", "well"),
    [
        ({}, True),
        ({"Health": {"Status": "starting"}}, False),
        ({"Health": {"Status": "unhealthy"}}, False),
        ({"Health": None}, True),
        ({"Status": "paused"}, False),
        ({"Status": "exited", "FinishedAt": "2026-11-25T09:00:00Z"}, False),
        ({"Status": "created"}, False),
    ],
)
def test_who_is_well(docker: dict[str, Any], state: dict[str, Any], well: bool) -> None:
    docker["/containers/e2/json"] = {**EGG, "State": {**EGG["State"], **state}}
    (egg,) = fleet.look({"a": "here"}, "dev").members
    assert egg.well is well


def test_an_image_that_has_lost_its_name_has_its_id(docker: dict[str, Any]) -> None:
    docker["/images/json"] = [{"Id": EGG["Image"], "RepoTags": None}]
    (egg,) = fleet.look({"a": "here"}, "dev").members
    assert egg.image == "0123456789ab"


def test_what_is_missing_shows_unless_its_host_does_not_answer(docker: dict[str, Any]) -> None:
    wanted = [missing("roll"), missing("egg-2"), missing("egg-3", "b")]
    found = fleet.look({"a": "here", "b": "there"}, "dev", wanted)
    assert [(one.service, one.state) for one in found.members] == [
        ("roll", "missing"), ("egg-2", "running"),
    ]  # fmt: skip
    assert found.silent == {"b": "connection refused"}


def test_services_are_listed_by_party_in_the_stack_files_order(docker: dict[str, Any]) -> None:
    wanted = [missing("roll", party="10000"), missing("roll")]
    found = fleet.look({"a": "here"}, "dev", wanted)
    listed = {party: [one.service for one in members] for party, members in found.parties.items()}
    assert listed == {"10000": ["roll"], "9999": ["roll", "egg-2"]}


@pytest.mark.parametrize(
    ("stats", "usage"),
    [
        (STATS, Usage(200 << 20, 0.5)),
        ({**STATS, "preread": "0001-01-01T00:00:00Z"}, Usage(200 << 20, None)),
        ({**STATS, "memory_stats": {}}, None),
        (None, None),
    ],
)
def test_what_a_container_uses(docker: dict[str, Any], stats: Any, usage: Usage | None) -> None:
    docker["/containers/e2/stats?stream=0"] = stats
    found = fleet.measure(fleet.look({"a": "here"}, "dev").members)
    assert found == ({"e2": usage} if usage else {})


def test_only_running_containers_are_measured(docker: dict[str, Any]) -> None:
    docker["/containers/e2/json"] = {**EGG, "State": {**EGG["State"], "Status": "paused"}}
    assert fleet.measure(fleet.look({"a": "here"}, "dev").members) == {}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (200000, "2 d")],
)
def test_how_long_something_lasts(seconds: int, text: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == text


def test_ports_in_a_row_are_one() -> None:
    ports = ["127.0.0.1:9000", "127.0.0.1:9001", "10.0.0.7:26010", "10.0.0.7:26011",
             "10.0.0.7:26012", "8080"]  # fmt: skip
    assert grouped(ports) == ["127.0.0.1:9000", "127.0.0.1:9001", "10.0.0.7:26010-26012", "8080"]


def test_sizes() -> None:
    assert [size(300 << 20), size(3 << 29)] == ["300 MiB", "1.5 GiB"]


# The command


def run(*command: str, **environment: str) -> Any:
    # A terminal would colour it, and cut it to its width.
    with mock.patch.dict(os.environ, environment):
        return CliRunner().invoke(app, command)


@pytest.mark.usefixtures("docker")
def test_status_without_a_stack_file() -> None:
    done = run("status", "--host", "ssh://here")
    assert done.exit_code == 0, done.output
    title, header, egg = done.stdout.splitlines()
    assert title == "party 9999: 1 healthy"
    assert header.split()[:3] == ["service", "host", "state"]
    assert egg.split()[:4] == ["egg-2", "ssh://here", "running", "healthy"]
    assert "200 MiB" in done.stdout
    assert "\x1b" not in done.stdout


def test_status_as_a_document(docker: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Docker, "refuses", "ssh://there")
    done = run("status", "--json", "--host", "ssh://here", "--host", "ssh://there")
    assert done.exit_code == 3
    found = json.loads(done.stdout)
    assert (found["stack"], found["healthy"]) == ("dev", False)
    (party,) = found["parties"]
    (service,) = party["services"]
    assert service["memoryBytes"] == 200 << 20
    assert service["since"] == "2026-11-25T07:30:00+00:00"
    assert found["unreachable"] == [
        {"host": "ssh://there", "parties": [], "reason": "connection refused"}
    ]


def test_nothing_at_all_is_not_healthy(docker: dict[str, Any]) -> None:
    docker["/containers/json?all=1"] = []
    done = run("status", "--host", "ssh://here")
    assert (done.exit_code, done.stdout) == (3, "there are no containers\n")


def test_two_stacks_on_a_docker_host(docker: dict[str, Any]) -> None:
    config = {"Labels": {**LABELS, "fate.stack": "prod"}}
    docker["/containers/gone/json"] = {**EGG, "Name": "/fate-prod-9999-egg-2", "Config": config}
    done = run("status", "--host", "ssh://here")
    assert done.exit_code == 1
    assert "stacks dev, prod: choose one with --stack" in done.stderr


def test_a_url_of_no_docker_host() -> None:
    done = run("status", "--host", "b1.example.org")
    assert done.exit_code == 1
    assert "--host: b1.example.org must be" in done.stderr


def test_commands_are_completed_by_the_shell() -> None:
    completed = subprocess.run(
        [sys.executable, "-m", "fate_components.cli"],
        env={
            **os.environ, "_FATECTL_COMPLETE": "complete_bash", "COMP_WORDS": "fatectl sta",
            "COMP_CWORD": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert completed.stdout.split() == ["status"], completed.stderr


# Without the state


@pytest.fixture
def out_of_reach(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    def read(_: str | None) -> None:
        raise StateError("no route to the backend")

    (tmp_path / "Pulumi.yaml").write_text((stacks.PROJECT / "Pulumi.yaml").read_text())
    monkeypatch.setattr(stacks, "PROJECT", tmp_path)
    monkeypatch.setattr("fate_components.cli.target.read", read)
    monkeypatch.setattr("fate_components.settings.openssh.names", lambda _: ({}, []))
    config = {**GOOD, "fate:masterSecret": {"secure": "v1:x:y"}}
    (tmp_path / "Pulumi.prod.yaml").write_text(json.dumps({"config": config}))
    return tmp_path


@pytest.mark.usefixtures("out_of_reach")
def test_the_stack_file_is_enough() -> None:
    said: list[str] = []
    found = target("prod", None, said.append)
    assert found.docker_hosts == {
        "a": "unix:///var/run/docker.sock",
        "b": "ssh://root@b.example.org:22",
    }
    assert {one.party for one in found.wanted} == {"9999", "10000"}
    assert found.parties_on("a") == ["9999", "10000"]
    assert "the state is out of reach (no route to the backend)" in said[0]


@pytest.mark.usefixtures("out_of_reach")
def test_without_the_state_nobody_knows_which_stack_is_selected() -> None:
    with pytest.raises(StackError, match="use --stack or --host"):
        target(None, None, print)
    with pytest.raises(StackError, match=r"no stack file Pulumi\.other\.yaml"):
        target("other", None, print)


def test_secrets_in_the_stack_file_are_not_needed(out_of_reach: Path) -> None:
    config = {**GOOD, "fate:masterSecret": {"secure": "v1:x:y"}}
    party = {"id": 9999, "host": "a", "training": {"redis": {"password": {"secure": "v1:x:y"}}}}
    config["fate:parties"] = [party]
    (out_of_reach / "Pulumi.prod.yaml").write_text(json.dumps({"config": config}))
    assert [one.id for one in read_file("prod").settings.parties] == [9999]


@pytest.mark.parametrize(("name", "registry"), [("fate", "registry.example.org"), ("another", "")])
def test_what_stacks_share_is_known_without_the_state(
    name: str, registry: str, out_of_reach: Path
) -> None:
    file = out_of_reach / "Pulumi.yaml"
    project = yaml.safe_load(file.read_text())
    project["name"] = name
    project["config"]["registry"]["default"] = "registry.example.org"
    file.write_text(yaml.safe_dump(project))
    assert read_file("prod").settings.registry == registry


# One party, one service


def known(silent: dict[str, str] | None = None) -> tuple[Target, Fleet]:
    settings, release = parse(as_engine(GOOD), {"fate:masterSecret"}, "dev")
    hosts = {name: host.docker for name, host in settings.hosts.items()}
    wanted = fleet.declared(lines.plan(settings, release, "dev"), "dev", hosts)
    there = [] if silent else wanted
    return Target("dev", hosts, wanted), Fleet(tuple(there), silent or {})


def test_a_party_that_is_not_there() -> None:
    with pytest.raises(TargetError, match="stack dev has no party 1; its parties: 9999, 10000"):
        services(*known(), "1")


def test_a_party_whose_host_does_not_answer() -> None:
    words = "Docker host a, which runs parties 9999, 10000, does not answer: refused"
    with pytest.raises(TargetError, match=words):
        services(*known({"a": "refused"}), "9999")


def test_a_service_that_is_not_there() -> None:
    with pytest.raises(TargetError, match="has no service rol; its services: mysql, redis, "):
        service(*known(), "9999", "rol")
    with pytest.raises(TargetError, match="fate-dev-9999-roll is missing on Docker host a: run"):
        service(*known(), "9999", "roll")


# The toy job


def flows(docker: dict[str, Any], service: str, state: str = "running") -> None:
    """Let party 9999 have FATE Flow, in a service of this name."""
    name = f"/fate-dev-9999-{service}"
    there = {**EGG, "Name": name, "State": {**EGG["State"], "Status": state}}
    docker["/containers/e2/json"] = there
    tag = "federatedai/python:1.3.0-release"
    docker["/images/json"] = [{"Id": EGG["Image"], "RepoTags": [tag]}]


def test_a_toy_job_without_a_training_cluster(docker: dict[str, Any]) -> None:
    flows(docker, "egg")
    done = run("toy", "9999", "10000", "--host", "ssh://here")
    assert done.exit_code == 1
    assert "party 9999 has no training cluster" in done.stderr


def test_a_toy_job_without_fate_flow(docker: dict[str, Any]) -> None:
    flows(docker, "python", "exited")
    done = run("toy", "9999", "10000", "--host", "ssh://here")
    assert done.exit_code == 1
    assert "FATE Flow of party 9999 does not run: fate-dev-9999-python is exited" in done.stderr


@pytest.mark.parametrize(
    ("script", "code"), [("print(1)", 0), ("import sys; sys.exit('a hop: 100:')", 1)]
)
def test_what_a_toy_job_says(
    docker: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, code: int
) -> None:
    flows(docker, "python")
    (tmp_path / "job.py").write_text(
        f"import os; print(os.environ['GUEST'], os.environ['HOST'], flush=True); {script}"
    )
    job = replace(fate1_3.LINE, toy_job="job")
    monkeypatch.setattr(flow, "line_of", lambda *_: job)
    monkeypatch.setattr("fate_components.cli.toy.PROJECT", tmp_path)
    done = run("toy", "9999", "10000", "--host", "ssh://here")
    assert done.exit_code == code
    assert done.stdout.startswith("9999 10000\n")
    healthy = "Party 9999 is healthy."
    assert done.stderr == (f"fatectl: a hop: 100:\n{healthy}\n" if code else "")
