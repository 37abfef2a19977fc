"""What is found of a party that KubeFATE runs, and when its data cannot be taken over."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from fate_components.docker.client import cli
from fate_components.docker.client.daemon import Daemon
from fate_components.kubefate import running, takeover
from fate_components.lines.fate1_3.kubefate import FROM_KUBEFATE
from fate_components.operate.stack import Stack
from fate_components.party import deployed
from fate_components.party.deployed import PartyError
from fate_components.stack_file import parse
from tests.support.bad_stack_files import GOOD, GOOD_2
from tests.support.stack_files import as_engine

HOST, OTHER = "unix:///var/run/docker.sock", "ssh://root@b1.example.org:22"
CONFS, SERVING = "confs-9999", "serving-9999"
DIR = "/data/projects/fate"
DATA = FROM_KUBEFATE.data


def container(project: str, service: str, *mounts: dict[str, str]) -> dict[str, Any]:
    labels = {"com.docker.compose.project": project, "com.docker.compose.service": service}
    return {
        "Name": f"/{project}_{service}_1",
        "Id": f"{project}-{service}",
        "Image": f"image of {service}",
        "Config": {"Labels": labels, "Image": f"federatedai/{service}:1.3.0-release"},
        "State": {"Status": "running"},
        "Mounts": mounts,
    }


def folder(source: str, path: str) -> dict[str, str]:
    return {"Type": "bind", "Source": source, "Destination": path}


LOGS = {"Type": "volume", "Name": f"{CONFS}_fate_flow_logs", "Source": "/var/lib/docker/x",
        "Destination": f"{DIR}/python/logs"}  # fmt: skip
CONTAINERS = {
    HOST: [
        container(CONFS, "mysql", folder("/x", "/var/lib/mysql")),
        container(CONFS, "redis", folder("/x", "/data")),
        container(CONFS, "egg", folder(f"/d/{CONFS}/confs/egg/data-dir", f"{DIR}/data-dir")),
        container(CONFS, "python", LOGS),
    ],
    OTHER: [container(SERVING, "serving-server", folder("/d/s/.fate", "/root/.fate"))],
}


@pytest.fixture(autouse=True)
def docker(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(host: str, command: str, *arguments: str) -> str:
        there = {one["Id"]: one for one in CONTAINERS.get(host, [])}
        if command == "ps":
            project = arguments[-1].rpartition("=")[2]
            return "\n".join(id for id in there if id.startswith(f"{project}-"))
        assert command == "inspect"
        return json.dumps([there[id] for id in arguments])

    monkeypatch.setattr(running, "docker", run)

    def modified(self: Daemon, id: str, path: str) -> datetime | None:
        return datetime.now(UTC) if path.endswith("/jobs") else None

    monkeypatch.setattr(Daemon, "modified", modified)


def test_a_party_of_kubefate_is_found_with_its_data() -> None:
    found = running.find(9999, [HOST, OTHER, HOST], DATA)
    assert {(one.part, one.owner.docker_host, one.mount) for one in found.data} == {
        ("egg", HOST, f"/d/{CONFS}/confs/egg/data-dir"),
        ("python-logs", HOST, f"{CONFS}_fate_flow_logs"),
        ("python-jobs", HOST, None),
        ("serving-server", OTHER, "/d/s/.fate"),
    }
    assert found.party.mysql
    assert found.party.mysql.name == f"{CONFS}_mysql_1"
    others = {one.service for one in found.party.others}
    # Redis must not be asked to save with a password of ours.
    assert others.isdisjoint(deployed._REDIS)
    assert len(others) == 4


def test_a_job_folder_that_was_never_made_is_no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Daemon, "modified", lambda *_: None)
    assert "python-jobs" not in {one.part for one in running.find(9999, [HOST], DATA).data}


def test_data_is_mounted_for_reading_only(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []

    def output(arguments: list[str], environment: dict[str, str]) -> Iterator[bytes]:
        ran.append(arguments)
        yield bytes(1024)

    monkeypatch.setattr(cli, "output", output)
    found = running.find(9999, [HOST], DATA)
    (egg,) = (one for one in found.data if one.part == "egg")
    assert list(egg.read(found.party)) == [bytes(1024)]
    assert f"--volume=/d/{CONFS}/confs/egg/data-dir:/volumes/egg:ro" in ran[0]


def test_a_party_that_is_not_there() -> None:
    with pytest.raises(PartyError) as error:
        running.find(10000, [HOST, OTHER], DATA)
    assert str(error.value) == (
        "there is no party 10000 of KubeFATE (docker-compose projects confs-10000 and "
        f"serving-10000) on {HOST}, {OTHER}: name the Docker hosts that it is on in the stack file"
    )


def stack(file: dict[str, Any], *secrets: str) -> Stack:
    settings, release = parse(as_engine(file), {"fate:masterSecret", *secrets}, "dev")
    return Stack("dev", settings, release)


def test_images_of_another_release_are_told() -> None:
    images = running.find(9999, [HOST, OTHER], DATA).images
    assert list(takeover.other_images(stack(GOOD), images)) == [
        "federatedai/serving-server:1.3.0-release (not 1.2.2-release)"
    ]
    there = {"python": "r:5000/federatedai/python:1.2.0-release", "mysql": "mysql:8"}
    assert list(takeover.other_images(stack(GOOD), there)) == [
        "r:5000/federatedai/python:1.2.0-release (not 1.3.0-release)"
    ]


def test_a_stack_that_data_cannot_be_taken_over_into() -> None:
    takeover.data(stack(GOOD), 9999)
    with pytest.raises(takeover.TakeoverError, match=r"only data of FATE 1\.3"):
        takeover.data(stack(GOOD_2), 9999)
    mysql = {"address": "db.example.org", "password": "hunter2!"}
    parties = [{"id": 9999, "host": "a", "training": {"mysql": mysql}}]
    external = stack(GOOD | {"fate:parties": parties}, "fate:parties")
    with pytest.raises(takeover.TakeoverError, match=r"database fate on db\.example\.org:3306"):
        takeover.data(external, 9999)
