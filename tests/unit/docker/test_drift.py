"""Which changes made by hand are seen, and how they are registered."""

import copy
import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pulumi
import pytest

from fate_components.docker import delivery
from fate_components.docker.client.daemon import NoAnswerError
from fate_components.docker.client.queries import Queries
from fate_components.docker.inspect import drift
from fate_components.docker.inspect.deployed import Deployed
from fate_components.docker.inspect.survey import Survey
from fate_components.docker.networks import Attachment, Network
from fate_components.docker.service import File
from fate_components.releases import catalogue
from tests.support.asynchronous import awaited
from tests.support.deployed import State
from tests.support.program import COMMAND, CONTAINER, labels, run

CREATED = datetime(2026, 1, 1, 12, tzinfo=UTC)
WANTED = [Attachment(Network("dev-1", IPv4Network("10.0.1.0/24")), "10.0.1.13", ("roll",))]
NETWORKS = {"dev-1": {"Id": "n1"}}
FOUND: dict[str, Any] = {
    "Id": "c1",
    "Name": "/roll",
    "Created": "2026-01-01T12:00:00.123456789Z",
    "State": {"Paused": False},
    "Config": {"Labels": {"fate.stack": "dev"}},
    "HostConfig": {"Memory": 0, "MemorySwap": -1, "CpusetCpus": "", "PidsLimit": None},
    "NetworkSettings": {
        "Networks": {
            "dev-1": {
                "NetworkID": "n1",
                "IPAMConfig": {"IPv4Address": "10.0.1.13"},
                "Aliases": ["roll", "c1"],
            }
        }
    },
}


class Files(Queries):
    """Questions about files in containers: by path, their content and when it was written."""

    def __init__(self, files: Mapping[str, tuple[str, datetime]], said: str | None = None) -> None:
        self._files = files
        self._said = said

    async def modified(self, container: str, path: str) -> datetime | None:
        return self._files[path][1] if path in self._files else None

    async def read(self, container: str, path: str) -> str | None:
        return self._files[path][0] if path in self._files else None

    async def run(self, container: str, script: str) -> str | None:
        return self._said


class Silent(Files):
    """Questions to a daemon that answers nothing more."""

    async def modified(self, container: str, path: str) -> datetime | None:
        raise NoAnswerError

    read = modified  # type: ignore[assignment]


NOTHING: dict[str, Any] = {}
UNTOLD = State(None)


def differences(path: str = "", value: object = None) -> list[str]:
    found: Any = copy.deepcopy(FOUND)
    if path:
        *parents, last = path.split("/")
        parent = found
        for key in parents:
            parent = parent[key]
        parent[last] = value
    return list(drift.differences(found, WANTED, NETWORKS))


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("State/Paused", True, "it is paused"),
        ("HostConfig/Memory", 1 << 29, "Memory is limited to 536870912"),
        ("HostConfig/CpusetCpus", "0", "CpusetCpus is limited to 0"),
        ("NetworkSettings/Networks", {}, "it is not connected to network dev-1"),
        ("NetworkSettings/Networks/dev-1/NetworkID", "n0", "network dev-1 was removed"),
        ("NetworkSettings/Networks/dev-1/IPAMConfig", None, "its address in network dev-1 is not"),
        ("NetworkSettings/Networks/dev-1/Aliases", None, "it is not called roll in network dev-1"),
        ("NetworkSettings/Networks/bridge", {}, "it is connected to network bridge"),
    ],
)
def test_a_change_is_seen_and_named(path: str, value: object, says: str) -> None:
    (change,) = differences(path, value)
    assert change.startswith(says)


STOPPED = {"Running": False, "Status": "exited", "Error": "", "StartedAt": FOUND["Created"]}


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({}, []),
        ({"Running": True, "Error": "of an earlier start"}, []),
        (
            {"Error": "task c1: already exists"},
            ["Docker could not start it: task c1: already exists"],
        ),
        ({"Status": "dead"}, ["Docker could not remove it"]),
        (
            {"Status": "created", "StartedAt": "0001-01-01T00:00:00Z"},
            ["it was created but never started"],
        ),
    ],
)
def test_what_docker_cannot_start_is_replaced_and_what_was_stopped_is_not(
    state: dict[str, object], says: list[str]
) -> None:
    assert differences("State", {**STOPPED, **state}) == says


def test_a_container_that_nobody_changed_is_as_it_was_created() -> None:
    assert differences() == []


HALF = {"CpuPeriod": 100_000, "CpuQuota": 50_000}


@pytest.mark.parametrize(
    ("host_config", "says"),
    [
        ({"Memory": 1 << 29, "MemorySwap": 1 << 30, **HALF}, []),
        ({"Memory": 1 << 29, "MemorySwap": -1, **HALF}, []),
        (
            {"Memory": 1 << 28, "MemorySwap": 1 << 30, **HALF},
            ["Memory is limited to 268435456, not 536870912"],
        ),
        (
            {"Memory": 1 << 29, "MemorySwap": 1 << 29, **HALF},
            ["MemorySwap is limited to 536870912, not 1073741824"],
        ),
        (
            {"Memory": 1 << 29, "MemorySwap": 1 << 30, **HALF, "CpuQuota": 0, "CpuShares": 2},
            ["CpuQuota is limited to 0, not 50000", "CpuShares is limited to 2"],
        ),
    ],
)
def test_limits_are_compared_with_those_at_creation(
    host_config: dict[str, int], says: list[str]
) -> None:
    """Whatever the stack file says by now: its changes are not changes by hand."""
    egg = catalogue.load("1.3.0").services["egg"].model_copy(update={"cpus": 0.5, "memory": 512})
    found = copy.deepcopy(FOUND)
    found["Config"]["Labels"][drift.LIMITS] = json.dumps(drift.limits(egg))
    found["HostConfig"] = host_config
    assert list(drift.differences(found, WANTED, NETWORKS)) == says


def counted(count: Callable[[], pulumi.Output[int]]) -> int:
    async def value() -> int:
        found = await count().future()
        assert found is not None
        return found

    return awaited(value())


FILES = [File("/conf", "a\n"), File("/table", "t\n", reread=True)]
AS_WANTED = {
    "networksAdvanced": [{"name": "dev-1", "ipv4Address": "10.0.1.13", "aliases": ["roll"]}],
    "uploads": [{"file": file.path, "content": file.content} for file in FILES],
}


def generation(
    files: Files,
    label: str = "",
    deployed: Deployed = UNTOLD,
    wanted: Sequence[Attachment] = WANTED,
) -> int:
    found = copy.deepcopy(FOUND)
    if label:
        found["Config"]["Labels"][drift.GENERATION] = label
    there = {"roll": found}
    survey = Survey(containers=there, networks=NETWORKS, questions=files, deployed=deployed)
    return counted(lambda: drift.generation(survey, "roll", wanted, FILES))


def repairs(survey: Survey, wrong: bool) -> int:
    async def is_wrong(*_: object) -> bool:
        return wrong

    return counted(lambda: drift.repairs(survey, "roll", "routes", "1-routes", "new", is_wrong))


TABLE = ("delivered later", CREATED + timedelta(days=1))


@pytest.mark.parametrize(
    ("content", "written", "edited"),
    [
        ("a\n", CREATED + timedelta(days=1), False),
        ("b\n", CREATED + timedelta(days=1), True),
        ("b\n", CREATED - timedelta(days=1), True),
        # Written by the provider or by the service's first start: only the stack file has changed.
        ("b\n", CREATED + timedelta(seconds=5), False),
        ("b\n", datetime(1970, 1, 1, tzinfo=UTC), False),
    ],
)
def test_an_edited_file_is_told_from_a_changed_setting(
    content: str, written: datetime, edited: bool
) -> None:
    files = Files({"/conf": (content, written), "/table": TABLE})
    assert generation(files) == int(edited)
    assert generation(files, label="4") == 4 + int(edited)


def test_what_a_service_adds_to_its_own_file_is_not_an_edit() -> None:
    file = File("/conf", "a\n", extended=True)
    assert [file.expects(text) for text in ("a\n", "a\nb\n", "b\n", "")] == [
        True,
        True,
        False,
        False,
    ]


def test_a_missing_file_is_seen_whether_it_was_removed_or_the_stack_file_changed() -> None:
    assert generation(Files({"/table": TABLE})) == 1
    assert generation(Files({"/conf": ("a\n", CREATED)})) == 1
    assert awaited(drift.edits(Files({}), FOUND, FILES[:1])) == ["it has no /conf"]


def test_what_cannot_be_seen_changes_nothing() -> None:
    assert generation(Silent({}), label="2") == 2
    assert counted(lambda: drift.generation(Survey(), "roll", WANTED, [])) == 0
    assert repairs(Survey(), wrong=True) == 0
    assert repairs(Survey(containers={"roll": FOUND}, questions=Silent({})), wrong=True) == 0


@pytest.mark.parametrize(
    ("wrong", "state", "count"),
    [
        (False, None, 3),
        (True, None, 4),
        (True, {"stdin": "new"}, 4),
        # The stack file asks for something else than before: the command is run again anyway.
        (True, {"stdin": "old"}, 3),
        (True, NOTHING, 3),
    ],
)
def test_repairs_are_counted_in_the_container(
    wrong: bool, state: dict[str, Any] | None, count: int
) -> None:
    files = Files({"/var/lib/fate/routes": ("3\n", CREATED)})
    survey = Survey(containers={"roll": FOUND}, questions=files, deployed=State(state))
    assert repairs(survey, wrong) == count


OTHER = [Attachment(Network("dev-2", IPv4Network("10.0.2.0/24")), "10.0.2.13", ("roll",))]
MOVED = {"networksAdvanced": [{"name": "dev-2", "ipv4Address": "10.0.2.13"}]}
LATER = CREATED + timedelta(days=1)


@pytest.mark.parametrize(
    ("wanted", "files", "deployed", "count"),
    [
        (OTHER, {}, AS_WANTED, 0),
        (OTHER, {}, AS_WANTED | MOVED, 1),
        (WANTED, {"/conf": ("edited", LATER)}, AS_WANTED, 1),
        # A file that is new in the stack, and one whose content is.
        (WANTED, {"/conf": None}, AS_WANTED | {"uploads": []}, 0),
        (
            WANTED,
            {"/conf": ("old\n", LATER)},
            AS_WANTED | {"uploads": [{"file": "/conf", "content": "old\n"}]},
            0,
        ),
        (WANTED, {"/conf": None}, AS_WANTED, 1),
        # An update was killed before it recorded the container.
        (WANTED, {"/conf": None}, NOTHING, 0),
    ],
)
def test_a_container_is_compared_with_what_was_deployed_last(
    wanted: list[Attachment],
    files: dict[str, tuple[str, datetime] | None],
    deployed: dict[str, Any],
    count: int,
) -> None:
    there = {"/conf": ("a\n", CREATED), "/table": ("t\n", CREATED)} | files
    found = Files({path: file for path, file in there.items() if file})
    assert generation(found, deployed=State(deployed), wanted=wanted) == count


def test_the_state_is_read_once_and_only_if_something_differs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[object] = []

    async def invoke(token: str, arguments: object) -> dict[str, Any]:
        asked.append(arguments)
        outputs = {"name": "roll", **AS_WANTED}
        urn = "urn:pulumi:dev::fate::docker:index/container:Container::1-roll"
        of = {"type": "docker:index/container:Container", "outputs": outputs}
        return {"outputs": {urn: of}}

    monkeypatch.setattr(pulumi.runtime, "invoke_async", invoke)
    monkeypatch.setattr(pulumi, "get_organization", lambda: "us")
    monkeypatch.setattr(pulumi, "get_project", lambda: "fate")
    monkeypatch.setattr(pulumi, "get_stack", lambda: "dev")
    there = {"/conf": ("a\n", CREATED), "/table": ("t\n", CREATED)}
    deployed = Deployed()
    assert generation(Files(there), deployed=deployed) == 0
    assert asked == []

    async def twice() -> list[object]:
        return [await deployed.container("roll"), await deployed.command("1-routes")]

    assert awaited(twice()) == [{"name": "roll", **AS_WANTED}, None]
    assert asked == [{"stackName": "us/fate/dev"}]


def found_in_full(name: str, service: str) -> dict[str, Any]:
    """A paused container, without the networks that it should have."""
    owner = {"fate.stack": "dev", "fate.service": service}
    return FOUND | {"Name": f"/{name}", "State": {"Paused": True}, "Config": {"Labels": owner}}


def test_only_what_was_changed_is_registered_differently() -> None:
    before = run()
    name = "fate-dev-9999-roll"
    there = {name: found_in_full(name, "roll")}
    after = run(found={"a": Survey(containers=there, questions=Files({}), deployed=UNTOLD)})
    was, now = before.of(CONTAINER), after.of(CONTAINER)
    assert {one for one in was if was[one] != now[one]} == {name}
    assert labels(now[name]) == labels(was[name]) | {"fate.generation": "1"}
    assert before.of(COMMAND) == after.of(COMMAND)


def test_lost_nodes_are_set_again() -> None:
    name = "fate-dev-9999-mysql"
    there = {name: found_in_full(name, "mysql")}
    questions = Files({}, said="roll\t8011\tROLL")
    found = {"a": Survey(containers=there, questions=questions, deployed=UNTOLD)}
    nodes = run(found=found).of(COMMAND)["9999-nodes"]
    assert nodes["environment"]["REPAIRS"] == "1"
    assert nodes["stdin"] == run().of(COMMAND)["9999-nodes"]["stdin"]


@pytest.mark.parametrize("fails", [False, True])
def test_a_repair_that_failed_is_not_counted(tmp_path: Path, fails: bool) -> None:
    docker = tmp_path / "docker"
    docker.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n')
    docker.chmod(0o755)
    script = f"(\n{'false; exit 3' if fails else 'true'}\n){delivery._COUNT}"
    environment = {
        "PATH": f"{tmp_path}:/bin:/usr/bin",
        "CONTAINER": "c1",
        "REPAIRS": "1",
        "REPAIRED": "x",
    }
    done = subprocess.run(["sh", "-c", script], env=environment, check=False)
    assert done.returncode == (3 if fails else 0)
    assert (tmp_path / "calls").exists() != fails
