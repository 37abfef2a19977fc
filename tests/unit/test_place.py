"""Databases on another Docker host of their party than the first."""

import copy
from typing import Any

import pytest

from fate_components import fleet, preflight, topology
from fate_components.docker.survey import Survey
from fate_components.settings.load import parse
from tests.bad_stack_files import GOOD, GOOD_2
from tests.unit.test_eggs import HOSTS
from tests.unit.test_program import CONTAINER, run
from tests.unit.test_settings import as_engine

USUAL = {"mysql": 3306, "redis": 6379}
GOODS = {"1.3": (GOOD, {"mysql": "b", "redis": "b:6380"}), "2": (GOOD_2, {"mysql": "b:3307"})}


def placed(line: str, place: dict[str, str] | None = None, **training: Any) -> dict[str, Any]:
    """Party 9999 on hosts a and b, with databases on b."""
    good, usual = GOODS[line]
    more = {"place": usual if place is None else place, **training}
    return good | {
        "fate:hosts": HOSTS,
        "fate:parties": [{"id": 9999, "hosts": ["a", "b"], "training": more}],
        "fate:peers": [],
        "fate:verify": False,
    }


def found(config: dict[str, Any], **surveys: Survey) -> preflight.Findings:
    settings, release = parse(as_engine(copy.deepcopy(config)), {"fate:masterSecret"}, "dev")
    plan = topology.plan(settings, release, "dev")
    known = {name: Survey() for name in HOSTS} | surveys
    return preflight.findings(settings, plan, "dev", known)


@pytest.mark.parametrize("line", GOODS)
def test_services_call_a_database_at_its_docker_host(line: str) -> None:
    containers = run(placed(line)).of(CONTAINER)
    for service, to in GOODS[line][1].items():
        port = int(to.partition(":")[2] or USUAL[service])
        (bound,) = containers[f"fate-dev-9999-{service}"]["ports"]
        assert (bound["ip"], bound["external"], bound["internal"]) == (
            "10.0.0.2", port, USUAL[service],
        )  # fmt: skip
    flow = containers["fate-dev-9999-" + ("python" if line == "1.3" else "fateflow")]
    assert "/10.0.0.2/" in flow["command"][2] or "10.0.0.2" in flow["command"][2]
    assert "/mysql/" not in flow["command"][2]


@pytest.mark.parametrize("line", GOODS)
def test_a_database_at_home_is_the_simple_case(line: str) -> None:
    plain = run(placed(line, {})).of(CONTAINER)
    assert run(placed(line, {"mysql": "a"})).of(CONTAINER) == plain


@pytest.mark.parametrize("line", GOODS)
def test_a_database_counts_where_it_is(line: str) -> None:
    settings, release = parse(as_engine(placed(line)), {"fate:masterSecret"}, "dev")
    plan = topology.plan(settings, release, "dev")
    where = {one.service: one.host for one in fleet.declared(plan, "dev", dict.fromkeys(HOSTS, ""))}
    assert {where[service] for service in GOODS[line][1]} == {"b"}
    cluster = plan.parties[0].clusters["training"]
    facts = cluster.facts.services
    memory = sum(facts[service].uses_memory for service in GOODS[line][1])
    needs = [settings.needs(cluster.party, "training", cluster.facts, host) for host in "ab"]
    assert needs[1].memory == memory
    assert not {service.image for service in plan.services("a")} & {
        facts[service].image for service in GOODS[line][1]
    }


@pytest.mark.parametrize(
    ("home", "volumes", "says"),
    [
        ("training", "a", "The data of mysql of party 9999 is on Docker host a, not on b"),
        ("training", "b", ""),
        ("training", "ab", ""),
        ("training", "", ""),
        ("serving", "a", ""),  # the party moves to a
        ("", "a", ""),
    ],
)
def test_data_of_a_database_is_not_left_behind(home: str, volumes: str, says: str) -> None:
    label = {"fate.party": "9999", "fate.cluster": home, "fate.service": "python"}
    flow = {"fate-dev-9999-python": {"Config": {"Labels": label}}} if home else {}
    of_mysql: dict[str, Any] = {"fate-dev-9999-mysql": {"Labels": {}}}
    errors = found(
        placed("1.3"),
        a=Survey(containers=flow, volumes=of_mysql if "a" in volumes else {}),
        b=Survey(volumes=of_mysql if "b" in volumes else {}),
    ).errors
    assert len(errors) == bool(says)
    assert not says or says in errors[0]
