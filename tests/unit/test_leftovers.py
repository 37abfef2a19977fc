"""What is removed to make room for a new object, and what is left alone."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pytest

from fate_components.docker import cli, leftovers

OURS = {"fate.stack": "dev", "fate.party": "9999", "fate.service": "roll"}
LABELS = [{"label": name, "value": value} for name, value in OURS.items()]
CONTAINER = "docker:index/container:Container"
NETWORK = "docker:index/network:Network"
IN_USE = 'Conflict. The container name "/roll" is already in use by container "4711".'
EXISTS = "network with name dev already exists"


class Host:
    """A Docker host: the labels of its containers, and its network with what is attached to it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.containers: dict[str, dict[str, str]] = {}
        self.network: dict[str, Any] | None = None
        self.removed: list[str] = []
        monkeypatch.setattr(cli, "run", self.docker)
        monkeypatch.setattr(pulumi.log, "warn", lambda text: None)
        monkeypatch.setattr(pulumi.log, "error", self.errors_append)
        monkeypatch.setattr(pulumi, "ErrorHook", lambda name, function: function)
        self.errors: list[str] = []

    def errors_append(self, text: str) -> None:
        self.errors.append(text)

    def docker(
        self, arguments: Sequence[str], environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        assert environment == {"DOCKER_HOST": "unix:///x.sock"}
        found: dict[str, Any] | None = None
        match arguments:
            case ["container", "inspect", name]:
                if name in self.containers:
                    found = {"Config": {"Labels": self.containers[name]}}
            case ["network", "inspect", _]:
                found = self.network
            case _:
                self.removed.append(arguments[-1])
                found = {}
        text = json.dumps([found])
        return subprocess.CompletedProcess(arguments, int(found is None), text, "")

    def retried(self, kind: str, error: str, operation: str = "create") -> bool:
        hook: Any = leftovers.error_hook("lab", {"DOCKER_HOST": "unix:///x.sock"})
        name = "roll" if kind == CONTAINER else "dev"
        args = pulumi.ErrorHookArgs(
            urn="", id="", name="", type=kind, failed_operation=operation, errors=[error],
            new_inputs={"name": name, "labels": LABELS if kind == CONTAINER else LABELS[:2]},
        )  # fmt: skip
        return bool(hook(args))


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(monkeypatch)


def test_a_leftover_container_is_removed_and_the_creation_is_retried(host: Host) -> None:
    host.containers["roll"] = {**OURS, "more": "1"}
    assert host.retried(CONTAINER, IN_USE)
    assert host.removed == ["roll"]


@pytest.mark.parametrize("labels", [{}, {**OURS, "fate.stack": "prod"}, {"fate.stack": "dev"}])
def test_what_is_not_ours_is_left_alone_and_named(host: Host, labels: dict[str, str]) -> None:
    host.containers["roll"] = labels
    assert not host.retried(CONTAINER, IN_USE)
    assert host.removed == []
    assert "roll on Docker host lab is taken by a container that does not belong" in host.errors[0]


def test_a_leftover_network_is_removed_with_its_leftover_containers(host: Host) -> None:
    host.containers["4711"] = OURS
    host.network = {"Labels": OURS, "Containers": {"4711": {}}}
    assert host.retried(NETWORK, EXISTS)
    assert host.removed == ["4711", "dev"]


def test_a_network_that_others_use_stays(host: Host) -> None:
    host.containers["4711"] = {"fate.stack": "prod"}
    host.network = {"Labels": OURS, "Containers": {"4711": {}}}
    assert not host.retried(NETWORK, EXISTS)
    assert host.removed == []


@pytest.mark.parametrize(
    ("error", "operation"), [("port is already allocated", "create"), (IN_USE, "delete")]
)
def test_other_errors_are_not_retried(host: Host, error: str, operation: str) -> None:
    host.containers["roll"] = OURS
    assert not host.retried(CONTAINER, error, operation)
    assert host.removed == []
