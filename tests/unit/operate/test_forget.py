"""fatectl forget: what it removes from a state, and when it refuses to."""

from types import SimpleNamespace
from typing import Any

import pytest
from pulumi import automation as auto

from fate_components.operate import forget
from fate_components.operate.forget import ForgetError, Forgetting, check, told
from fate_components.operate.recorded import without
from fate_components.settings import DockerHost

PREFIX = "urn:pulumi:prod::fate::"
STACK = f"{PREFIX}pulumi:pulumi:Stack::fate-prod"
PARTY = f"{PREFIX}fate:index:Party::9999"
COMMANDS = f"{PREFIX}pulumi:providers:command::default"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47", "plaintext": '"ssh://there"'}


def component(kind: str, name: str, parent: str = STACK) -> dict[str, Any]:
    return {"urn": f"{PREFIX}{kind}::{name}", "type": kind, "custom": False, "parent": parent}


def host(name: str) -> list[dict[str, Any]]:
    whole = component("fate:index:Host", name)
    provider = {
        "urn": f"{PREFIX}fate:index:Host$pulumi:providers:docker::{name}",
        "type": "pulumi:providers:docker",
        "custom": True,
        "id": name,
        "parent": whole["urn"],
        "inputs": {"host": f"ssh://{name}"},
    }
    return [whole, provider, built(name, whole["urn"])]


def built(name: str, parent: str) -> dict[str, Any]:
    """The command that builds a Docker host's images, which names its daemon nowhere else."""
    return command(f"{name}-images", parent, IMAGES="mysql:8")


def thing(kind: str, name: str, on: str, parent: str, *needs: str) -> dict[str, Any]:
    """An object on a Docker host, whose name there is its logical name."""
    kind = f"docker:index/{kind}:{kind.capitalize()}"
    return {
        "urn": f"{PREFIX}{kind}::{name}",
        "type": kind,
        "custom": True,
        "parent": parent,
        "provider": f"{PREFIX}fate:index:Host$pulumi:providers:docker::{on}::{on}",
        "inputs": {"name": name},
        "dependencies": [*needs],
        "propertyDependencies": {"name": [*needs], "image": None},
    }


def command(name: str, parent: str, *needs: str, **environment: Any) -> dict[str, Any]:
    return {
        "urn": f"{PREFIX}command:local:Command::{name}",
        "type": "command:local:Command",
        "custom": True,
        "parent": parent,
        "provider": f"{COMMANDS}::1",
        "inputs": {"environment": environment},
        "dependencies": [*needs],
    }


def state() -> dict[str, Any]:
    """Party 9999 on two Docker hosts, with a service on each, and its exchange on the other one."""
    party = component("fate:index:Party", "9999")
    flow, egg = (component("fate:fate1:Egg", name, PARTY) for name in ("9999-flow", "9999-egg"))
    exchange = component("fate:index:Exchange", "exchange")
    gateway = component("fate:fate1:Proxy", "exchange", exchange["urn"])
    volume = thing("volume", "egg-data", "there", egg["urn"])
    there = thing("container", "egg", "there", egg["urn"], volume["urn"])
    here = thing("container", "flow", "here", flow["urn"], there["urn"], PARTY)
    return {
        "manifest": {"time": "now"},
        "resources": [
            {"urn": STACK, "type": "pulumi:pulumi:Stack", "custom": False},
            *host("here"),
            *host("there"),
            party,
            flow,
            egg,
            exchange,
            gateway,
            thing("network", "net", "here", PARTY),
            thing("network", "net-there", "there", PARTY),
            volume,
            there,
            here,
            thing("container", "exchange", "there", gateway["urn"]),
            {"urn": COMMANDS, "type": "pulumi:providers:command", "custom": True, "id": "1"},
            command("health", PARTY, here["urn"], DOCKER_HOST="ssh://here", PASSWORD=SECRET),
            command("health-at-there", PARTY, there["urn"], DOCKER_HOST="ssh://there"),
            command("verify", STACK, GUEST_DOCKER="ssh://here", HOST_DOCKER="ssh://there"),
        ],
    }


def names(resources: list[Any]) -> list[str]:
    return [resource["urn"].rpartition("::")[2] for resource in resources]


def urns(found: object) -> set[str]:
    """All URNs of resources anywhere in a value."""
    if isinstance(found, str):
        return (
            {found} if found.startswith("urn:") and not found.endswith(("::1", "here")) else set()
        )
    parts = found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()
    return {urn for part in parts for urn in urns(part)}


def test_everything_on_a_docker_host_is_forgotten_and_nothing_else() -> None:
    before = state()
    left, gone = without(before, "there")
    # The host with its images, the empty components, the objects, the commands for its daemon.
    forgotten = ["there", "there", "there-images", "9999-egg", "exchange", "exchange", "exchange"]
    forgotten += ["net-there", "egg-data", "egg", "health-at-there", "verify"]
    assert sorted(names(gone)) == sorted(forgotten)
    kept = ["fate-prod", "here", "here", "here-images", "9999", "9999-flow", "net", "flow"]
    assert names(left["resources"]) == [*kept, "default", "health"]
    assert left["manifest"] == before["manifest"]
    assert before == state(), "the state that was read is not changed"


def test_what_depended_on_it_stays_without_the_dependency() -> None:
    left, _ = without(state(), "there")
    present = {resource["urn"] for resource in left["resources"]}
    assert urns(left["resources"]) <= present
    (flow,) = [one for one in left["resources"] if one["urn"].endswith(":Container::flow")]
    assert flow["dependencies"] == [PARTY]
    assert flow["propertyDependencies"] == {"name": [PARTY], "image": []}


def test_the_new_place_of_a_service_is_not_forgotten_with_the_old_one() -> None:
    found = state()
    moved = [one for one in found["resources"] if one["urn"].endswith("::egg")]
    new = {**moved[0], "provider": moved[0]["provider"].replace("there", "here")}
    moved[0]["delete"] = True
    found["resources"].insert(found["resources"].index(moved[0]), new)
    left, gone = without(found, "there")
    assert moved[0] in gone
    assert "egg" in names(left["resources"])
    assert "9999-egg" in names(left["resources"]), "the component has its new container"
    (flow,) = [one for one in left["resources"] if one["urn"].endswith(":Container::flow")]
    assert new["urn"] in flow["dependencies"]


def test_unfinished_operations_there_are_forgotten_too() -> None:
    found = state()
    there = thing("container", "new-there", "there", PARTY)
    here = thing("container", "new-here", "here", PARTY, there["urn"])
    found["pending_operations"] = [
        {"type": "creating", "resource": resource} for resource in (there, here)
    ]
    left, _ = without(found, "there")
    (pending,) = left["pending_operations"]
    assert pending["resource"]["urn"] == here["urn"]
    assert pending["resource"]["dependencies"] == []


def test_what_is_forgotten_is_told() -> None:
    _, gone = without(state(), "there")
    said = "\n".join(told("there", gone))
    assert "2 containers: egg, exchange" in said
    assert "1 volume: egg-data" in said
    assert "1 network: net-there" in said
    assert "8 other resources" in said
    assert "is on there only" in said


def test_only_a_docker_host_that_the_stack_file_has_no_more_is_forgotten() -> None:
    known = {name: DockerHost(docker=f"ssh://{name}") for name in ("b1", "b2")}
    check("b2", known, {"b1": known["b1"]}, "prod")
    check("b2", known, {"b2": DockerHost(docker="ssh://replaced")}, "prod")
    with pytest.raises(ForgetError, match=r"still in the stack file.*remove fate:hosts\.b2"):
        check("b2", known, known, "prod")
    with pytest.raises(ForgetError, match="nothing on a Docker host b3; its Docker hosts: b1, b2"):
        check("b3", known, {}, "prod")


class Project:
    """A project with one stack, whose state can be read and written."""

    def __init__(self) -> None:
        self.state = auto.Deployment(version=3, deployment=state())

    def export_stack(self, _: str) -> auto.Deployment:
        return self.state

    def import_stack(self, _: str, state: auto.Deployment) -> None:
        self.state = state


def forgetting(project: Any) -> Forgetting:
    hosts = {"here": DockerHost(docker="ssh://here")}
    stack: Any = SimpleNamespace(name="prod", settings=SimpleNamespace(hosts=hosts))
    return Forgetting(project, stack, "there")


def test_a_silent_docker_host_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forget, "unreachable", lambda hosts: dict.fromkeys(hosts, "no route"))
    project = Project()
    found = forgetting(project)
    assert (found.url, found.silence) == ("ssh://there", "no route")
    found.check_unchanged()
    found.forget()
    assert project.state.version == 3
    left, _ = without(state(), "there")
    assert project.state.deployment == left
    with pytest.raises(ForgetError, match="state of stack prod has changed in the meantime"):
        found.check_unchanged()


def test_a_docker_host_that_answers_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forget, "unreachable", lambda _: {})
    with pytest.raises(ForgetError, match=r"there \(ssh://there\) answers: `pulumi up` removes"):
        forgetting(Project())
