"""fatectl up: which Docker hosts and resources it leaves out."""

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr

from fate_components.crypto import pki
from fate_components.operate import up
from fate_components.operate.recorded import docker_hosts, excluded, gone, users
from fate_components.operate.up import MovedError, check, left_out, unreachable, update
from fate_components.settings import DockerHost

HERE, THERE, THERE_TOO = (
    f"urn:pulumi:prod::fate::fate:index:Host$pulumi:providers:docker::{name}"
    for name in ("here", "there", "there-too")
)
NETWORK = "urn:pulumi:prod::fate::fate:index:Party$docker:index/network:Network"
RESOURCES: list[dict[str, Any]] = [
    {"urn": "urn:pulumi:prod::fate::pulumi:pulumi:Stack::prod", "type": "pulumi:pulumi:Stack"},
    *(
        {
            "urn": urn,
            "type": "pulumi:providers:docker",
            "inputs": {"host": f"ssh://{urn.rpartition('::')[2]}"},
        }
        for urn in (HERE, THERE, THERE_TOO)
    ),
    {"urn": f"{NETWORK}::9999", "type": "docker:index/network:Network", "provider": f"{HERE}::1"},
    {"urn": f"{NETWORK}::10000", "type": "docker:index/network:Network", "provider": f"{THERE}::2"},
    {
        "urn": f"{NETWORK}::10001",
        "type": "docker:index/network:Network",
        "provider": f"{THERE_TOO}::3",
    },
]


def test_the_state_tells_which_docker_hosts_have_something_of_the_stack() -> None:
    assert {name: host.docker for name, host in docker_hosts(RESOURCES).items()} == {
        "here": "ssh://here",
        "there": "ssh://there",
        "there-too": "ssh://there-too",
    }


def test_the_state_has_what_a_docker_host_at_a_tcp_url_is_verified_with() -> None:
    identity = pki.Authority(SecretStr("a secret of a test")).issue("b1", [], datetime.now(UTC))
    key = identity.key.get_secret_value()
    inputs = {
        "host": "tcp://192.0.2.1:2376",
        "caMaterial": identity.trust.authority,
        "certMaterial": identity.certificate,
        "keyMaterial": {"4dabf18193072939515e22adb298388d": "1b47", "plaintext": json.dumps(key)},
    }
    (found,) = docker_hosts([{**RESOURCES[1], "inputs": inputs}]).values()
    assert found.tls
    assert found.tls.certificate == identity.certificate
    assert found.tls.key.get_secret_value() == key


def test_a_docker_host_is_gone_without_its_machine() -> None:
    hosts = {name: DockerHost(docker=f"ssh://{name}") for name in ("b1", "b2", "b3")}
    wanted = {**hosts, "b2": DockerHost(docker="ssh://other")}
    del wanted["b3"]
    assert list(gone(hosts, wanted)) == ["b2", "b3"]
    check(["b1", "b3"], {"b2", "b3"}, wanted)
    with pytest.raises(MovedError, match=r"is ssh://other, .* run `fatectl forget b2`"):
        check(["b1", "b2"], {"b2", "b3"}, wanted)


def test_the_state_tells_who_runs_something_on_a_docker_host() -> None:
    def container(provider: str, **labels: str) -> dict[str, Any]:
        written = [{"label": f"fate.{label}", "value": value} for label, value in labels.items()]
        return {
            "urn": "urn:pulumi:prod::fate::docker:index/container:Container::one",
            "type": "docker:index/container:Container",
            "provider": f"{provider}::1",
            "inputs": {"labels": written},
        }

    containers = [
        container(THERE, cluster="exchange"),
        container(THERE, cluster="training", party="10000"),
        container(THERE, cluster="training", party="9999"),
        container(HERE, cluster="training", party="10001"),
    ]
    assert users(containers, "there") == ["9999", "10000", "exchange"]
    assert users(RESOURCES, "there") == []


def test_a_docker_host_is_left_out_with_what_it_really_has() -> None:
    said = left_out("b2", "refused", ["9999", "exchange"], [], gone=True)
    assert "it runs party 9999, the exchange" in said
    assert "`fatectl forget b2`" in said
    said = left_out("b2", "refused", [], ["9999"], gone=False)
    assert "it is to run party 9999" in said
    assert "forget" not in said
    assert "it runs nothing" in left_out("b2", "refused", [], [], gone=False)


def test_what_is_on_a_docker_host_is_left_out_and_nothing_else() -> None:
    assert excluded(RESOURCES, ["there"]) == [
        "**pulumi:providers:docker::there",
        f"{NETWORK}::10000",
    ]


def test_commands_that_call_a_docker_host_are_left_out_with_it() -> None:
    verify = {
        "urn": "urn:pulumi:prod::fate::command:local:Command::verify-9999-10000",
        "type": "command:local:Command",
        "inputs": {"environment": {"GUEST_DOCKER": "ssh://here", "HOST_DOCKER": "ssh://there"}},
    }
    assert verify["urn"] in excluded([*RESOURCES, verify], ["there"])
    assert verify["urn"] not in excluded([*RESOURCES, verify], ["there-too"])


def test_a_daemon_that_does_not_answer_is_unreachable(tmp_path: Path) -> None:
    found = unreachable({"there": f"unix://{tmp_path}/docker.sock"})
    assert list(found) == ["there"]
    assert found["there"]


@pytest.mark.parametrize("silent", [[], ["there"], ["there-too"]])
def test_an_update_leaves_out_what_does_not_answer(
    silent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts = {name: DockerHost(docker=f"ssh://{name}") for name in ("here", "there")}
    plan = SimpleNamespace(users=lambda _: ["9999"])
    stack: Any = SimpleNamespace(settings=SimpleNamespace(hosts=hosts), plan=plan)
    monkeypatch.setattr(up, "unreachable", lambda _: dict.fromkeys(silent, "no route"))
    found = update(stack, RESOURCES)
    assert found.left_out == silent
    assert len(found.sentences) == len(silent)
    assert found.expected == (silent == ["there"]), "the stack file has it"
    excluding = [f"--exclude={urn}" for urn in excluded(RESOURCES, silent)]
    options = ["--exclude-dependents", "--continue-on-error", *excluding]
    assert found.options == (options if silent else [])
    assert [*found.environment.values()] == [" ".join(silent)]
