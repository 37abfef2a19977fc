"""fatectl up: which Docker hosts and resources it leaves out."""

from pathlib import Path
from typing import Any

from fate_components.cli.up import excluded, providers, unreachable

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
    assert providers(RESOURCES) == {
        "here": "ssh://here",
        "there": "ssh://there",
        "there-too": "ssh://there-too",
    }


def test_what_is_on_a_docker_host_is_left_out_and_nothing_else() -> None:
    assert excluded(RESOURCES, ["there"]) == [
        "**pulumi:providers:docker::there",
        f"{NETWORK}::10000",
    ]


def test_a_daemon_that_does_not_answer_is_unreachable(tmp_path: Path) -> None:
    found = unreachable({"there": f"unix://{tmp_path}/docker.sock"})
    assert list(found) == ["there"]
    assert found["there"]
