"""What is removed to make room for a new object, and what is left alone."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any
from unittest import mock

import pulumi
import pytest

from fate_components.docker import leftovers
from fate_components.docker.client import cli
from fate_components.docker.inspect.survey import Survey
from tests.support.asynchronous import awaited

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
        monkeypatch.setattr(pulumi, "ResourceHook", lambda name, function: function)
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
            case ["ps", *_]:
                return subprocess.CompletedProcess(arguments, 0, "", "")
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

    def about_to_create(self, kind: str) -> None:
        name = "roll" if kind == CONTAINER else "dev"
        seen = leftovers.Taken(frozenset(["roll", "dev"]), {})
        hook: Any = leftovers.create_hook("lab", {"DOCKER_HOST": "unix:///x.sock"}, seen)
        inputs = {"name": name, "labels": LABELS if kind == CONTAINER else LABELS[:2]}
        awaited(hook(mock.Mock(type=kind, new_inputs=inputs)))


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(monkeypatch)


def test_a_leftover_container_is_removed_and_the_creation_is_retried(host: Host) -> None:
    host.containers["roll"] = {**OURS, "more": "1"}
    assert host.retried(CONTAINER, IN_USE)
    assert host.removed == ["roll"]


def test_leftovers_go_before_the_provider_can_find_them_in_its_way(host: Host) -> None:
    host.containers["roll"] = {**OURS, "more": "1"}
    host.about_to_create(CONTAINER)
    assert host.removed == ["roll"]
    host.containers["4711"] = OURS
    host.network = {"Labels": OURS, "Containers": {"4711": {}}}
    host.about_to_create(NETWORK)
    assert host.removed == ["roll", "4711", "dev"]


@pytest.mark.parametrize("labels", [None, {}, {**OURS, "fate.stack": "prod"}])
def test_what_is_not_ours_is_left_to_the_provider(
    host: Host, labels: dict[str, str] | None
) -> None:
    if labels is not None:
        host.containers["roll"] = labels
        host.network = {"Labels": labels}
    host.about_to_create(CONTAINER)
    host.about_to_create(NETWORK)
    assert (host.removed, host.errors) == ([], [])


def test_what_may_be_in_the_way_of_a_container_is_known_from_the_survey() -> None:
    there = {
        name: {**described(name, address, port), "State": {"Running": runs}}
        for name, address, port, runs in (
            ("roll", "10.0.0.3", "9371", True),
            ("edge", "10.0.0.4", "9372", True),
            ("egg", "", "9373", False),
        )
    }
    taken = leftovers.taken(Survey(containers=there, networks={"net": {}}))

    def blocks(name: str, *ports: int, address: str = "") -> bool:
        inputs = {"name": name, "ports": [{"external": port} for port in ports]}
        return taken.may_block(inputs | {"networksAdvanced": [{"ipv4Address": address}]})

    assert blocks("egg")
    assert blocks("net")
    assert blocks("new", 9371)
    assert blocks("new", 1, address="10.0.0.4")
    assert not blocks("new", 9373, address="10.0.0.5")
    assert not blocks("new")


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


def described(name: str, address: str, port: str) -> dict[str, Any]:
    return {
        "Name": f"/{name}",
        "HostConfig": {"PortBindings": {"9370/tcp": [{"HostIp": "", "HostPort": port}]}},
        "NetworkSettings": {"Networks": {"dev": {"IPAddress": address}}},
    }


@pytest.mark.parametrize(
    ("address", "port", "in_the_way"),
    [("10.0.0.9", "9371", True), ("10.0.0.2", "1", True), ("10.0.0.9", "1", False)],
)
def test_only_what_holds_a_port_or_an_address_is_in_the_way(
    address: str, port: str, in_the_way: bool
) -> None:
    wanted = {
        "ports": [{"external": 9371}],
        "networksAdvanced": [{"ipv4Address": "10.0.0.2"}, {"name": "other"}],
    }
    assert leftovers.holds(described("edge", address, port), wanted) is in_the_way


@pytest.mark.parametrize(
    ("here", "there", "in_the_way"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "10.0.0.1", False),
        ("0.0.0.0", "10.0.0.1", True),
        ("127.0.0.1", "", True),
    ],
)
def test_a_port_can_be_bound_at_several_addresses(here: str, there: str, in_the_way: bool) -> None:
    found = described("edge", "10.0.0.9", "9371")
    found["HostConfig"]["PortBindings"]["9370/tcp"][0]["HostIp"] = there
    assert leftovers.holds(found, {"ports": [{"external": 9371.0, "ip": here}]}) is in_the_way


@pytest.mark.parametrize("error", ["Bind: port is already allocated", "Address already in use"])
def test_a_container_of_this_stack_that_holds_the_port_is_stopped(
    monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    ran: list[str] = []

    def docker(arguments: Sequence[str], *_: object, **__: object) -> Any:
        ran.append(" ".join(arguments))
        said = {
            "ps": "1\n2\n3\n",
            "container": json.dumps(
                [
                    {
                        "1": described("roll", "10.0.0.3", "9371"),
                        "2": described("edge", "10.0.0.4", "9371"),
                        "3": described("egg", "10.0.0.5", "9372"),
                    }.get(arguments[-1])
                ]
            ),
        }.get(arguments[0], "")
        missing = said == "[null]"
        return subprocess.CompletedProcess(list(arguments), int(missing), said, "")

    monkeypatch.setattr(cli, "run", docker)
    monkeypatch.setattr(pulumi.log, "info", lambda _: None)
    monkeypatch.setattr(pulumi, "ErrorHook", lambda _, function: function)
    monkeypatch.setattr(pulumi, "ResourceHook", lambda _, function: function)
    hook: Any = leftovers.error_hook("lab", {})
    inputs = {"name": "roll", "labels": LABELS, "ports": [{"external": 9371}]}
    seen = leftovers.Taken(frozenset(), {9371: frozenset(["edge"])})
    before: Any = leftovers.create_hook("lab", {}, seen)
    awaited(before(mock.Mock(type=CONTAINER, new_inputs=inputs)))
    assert ran[-1] == "stop --time 60 edge"
    ran.clear()
    assert hook(
        pulumi.ErrorHookArgs(
            urn="", id="", name="", type=CONTAINER, failed_operation="create", errors=[error],
            new_inputs=inputs,
        )
    )  # fmt: skip
    assert ran[0] == "ps -q --filter label=fate.stack=dev"
    assert ran[-2:] == ["stop --time 60 edge", "rm --force roll"]


@pytest.mark.parametrize(("error", "operation"), [("no such image", "create"), (IN_USE, "delete")])
def test_other_errors_are_not_retried(host: Host, error: str, operation: str) -> None:
    host.containers["roll"] = OURS
    assert not host.retried(CONTAINER, error, operation)
    assert host.removed == []


def test_the_limits_of_a_leftover_and_its_count_of_changes_by_hand_do_not_matter() -> None:
    more = {"fate.limits": '{"Memory": 536870912}', "fate.generation": "1"}
    inputs = {"labels": [*LABELS, *({"label": k, "value": v} for k, v in more.items())]}
    assert leftovers.labels_of(inputs) == OURS
