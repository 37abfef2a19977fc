"""Backups of a party with HDFS: when its tables cannot be read, and data nodes that are new."""

import json
import subprocess
from typing import Any

import pytest

from fate_components.docker.client import cli
from fate_components.engines.hdfs import backup as hdfs_backup
from fate_components.operate.backup import restoring, volumes
from fate_components.operate.backup.restoring import Restoring
from fate_components.party.deployed import Deployed, Found

HOSTS = ("ssh://b1", "ssh://b2")


def container(service: str, volume: str, host: str = HOSTS[0]) -> Found:
    name = f"fate-dev-9999-{volume}"
    return Found(name, volume, service, "image", "running", (name,), host)


PARTY = Deployed(
    "dev",
    "9999",
    (
        container("name-node", "name-node"),
        container("data-node", "data-node"),
        container("data-node", "data-node-2", HOSTS[1]),
        container("fateflow", "fateflow"),
    ),
)
WITHOUT = Deployed("dev", "9999", (container("fateflow", "fateflow"),))


def answer(**more: Any) -> str:
    bean = {"DecomNodes": "{}", "LiveNodes": "{}", "DeadNodes": "{}", "TotalBlocks": 3}
    bean |= {"NumberOfMissingBlocks": 0, "Safemode": ""}
    return f"HTTP/1.1 200 OK\r\n\r\n{json.dumps({'beans': [{**bean, **more}]})}"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (answer(), None),
        (answer(NumberOfMissingBlocks=2), "2 blocks of tables in HDFS are on no data node"),
        (answer(Safemode="Safe mode is ON."), "HDFS is in safe mode"),
        ("HTTP/1.1 500", "fate-dev-9999-name-node: the name node does not tell its data nodes"),
    ],
)
def test_an_hdfs_that_cannot_be_read_whole_is_not_backed_up(
    said: str, why: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = subprocess.CompletedProcess([], 0, said, "")
    monkeypatch.setattr(cli, "run", lambda *arguments, **more: done)
    fault = hdfs_backup.fault(PARTY)
    assert fault is None if why is None else why in (fault or "")


def test_a_name_node_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    done = subprocess.CompletedProcess([], 1, "", "Error: container 1 is not running\n")
    monkeypatch.setattr(cli, "run", lambda *arguments, **more: done)
    fault = hdfs_backup.fault(PARTY)
    assert fault
    assert "fate-dev-9999-name-node does not answer: Error: container 1 is not running" in fault


def test_a_party_without_hdfs_is_asked_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(cli, "run")
    assert hdfs_backup.fault(WITHOUT) is None
    assert hdfs_backup.arrange(WITHOUT) is None


def test_only_new_data_nodes_of_a_restored_hdfs_become_empty() -> None:
    assert hdfs_backup.added(PARTY, ["name-node", "data-node", "fateflow"]) == ["data-node-2"]
    assert hdfs_backup.added(PARTY, ["name-node", "data-node", "data-node-2"]) == []
    # The HDFS of the party is not replaced.
    assert hdfs_backup.added(PARTY, ["fateflow"]) == []


def test_a_volume_to_be_emptied_is_switched_with_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(volumes, "unpack", lambda _, volume, blocks: seen.append(volume.part))
    monkeypatch.setattr(volumes, "switch", lambda _, parts: seen.append(list(parts)))
    for name in ("docker", "stop", "each_host", "wait_healthy"):
        monkeypatch.setattr(restoring, name, lambda *arguments, **more: "")
    monkeypatch.setattr(volumes, "docker", lambda *arguments, **more: "")
    steps = Restoring(PARTY, lambda text: None)
    steps.empty("data-node-2")
    steps.switch()
    assert seen == ["data-node-2", ["data-node-2"]]
