"""What others have on a Docker host that a stack needs."""

from typing import Any

import pytest

from fate_components import lines
from fate_components.checks.conflicts import conflicts
from fate_components.docker.inspect.local import listening
from fate_components.docker.inspect.survey import LOST, Survey
from fate_components.docker.ports import Published
from fate_components.stack_file import parse
from tests.support.bad_stack_files import GOOD

FILE = GOOD | {"fate:exchange": {"host": "a", "port": 9399}}


def found(**survey: Any) -> list[str]:
    settings, release = parse(FILE, {"fate:masterSecret"}, "dev")
    plan = lines.plan(settings, release, "dev")
    return list(conflicts(plan, "dev", {"a": Survey(**survey), "b": Survey()}))


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("fate-dev-9999-roll", True),
        ("fate-dev-10000-egg-2", True),
        ("fate-dev-exchange", True),
        ("fate-dev-9998-roll", False),
        ("fate-dev-9999-webserver", False),
        ("my-fate-dev-9999-roll", False),
        ("fate-dev-9999-1-roll", False),  # of party 1 of stack dev-9999
    ],
)
def test_a_container_of_others_has_a_name_of_ours(name: str, taken: bool) -> None:
    errors = found(others={name: {}})
    assert len(errors) == int(taken)
    if taken:
        assert f"The name {name} on Docker host a is taken by a container" in errors[0]


@pytest.mark.parametrize("name", ["fate-dev-9999", "fate-dev-shared"])
def test_a_network_of_others_has_a_name_of_ours(name: str) -> None:
    assert found(networks={name: {"Labels": {"fate.stack": "dev"}}, "bridge": {}}) == []
    (error,) = found(networks={name: {"Labels": None}})
    assert f"The name {name} on Docker host a is taken by a network" in error


@pytest.mark.parametrize(
    ("where", "key"),
    [
        (Published(9370, "10.0.0.5"), "fate:parties[0].training.publish.proxy"),
        (Published(9371), "fate:parties[1].training.publish.proxy"),
        (Published(8080, "127.0.0.1"), "fate:parties[0].training.publish.fateboard"),
        (Published(8080, "10.0.0.5"), ""),
        (Published(9399), "fate:exchange.port"),
        (Published(1234), ""),
    ],
)
def test_a_port_that_is_taken_is_named_with_its_key(where: Published, key: str) -> None:
    errors = found(holders={"container webserver": [where]})
    assert len(errors) == int(bool(key))
    if key:
        says = f"Port {where.port} of Docker host a is taken by container webserver."
        assert errors[0] == f"{says} Stop it, or choose another port for {key}."


def test_a_port_that_docker_lost_is_free_after_a_restart() -> None:
    (error,) = found(holders={LOST: [Published(9399)]})
    assert "taken by Docker, for a container that it lost when it was killed." in error
    assert error.endswith(" Restart Docker there, or choose another port for fate:exchange.port.")


def test_the_kernel_says_who_listens() -> None:
    table = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid
   0: 00000000:2328 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   1: 0100007F:2329 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   2: 0100007F:232B 0100007F:1234 01 00000000:00000000 00:00000000 00000000     0
   3: 00000000000000000000000000000000:232C 00000000000000000000000000000000:0000 0A 0 0 0 0
   4: 00000000000000000000000001000000:232D 00000000000000000000000000000000:0000 0A 0 0 0 0
"""
    assert list(listening(table)) == [
        Published(9000),
        Published(9001, "127.0.0.1"),
        Published(9004),
    ]
