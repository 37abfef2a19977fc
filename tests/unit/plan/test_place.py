"""Services on another Docker host of their party than the first."""

import copy
from typing import Any

import pytest

from fate_components import lines, outputs
from fate_components.checks import preflight
from fate_components.checks.conflicts import claims
from fate_components.docker.inspect.survey import Survey
from fate_components.operate import fleet
from fate_components.picture.model import picture
from fate_components.stack_file import parse
from tests.support.bad_stack_files import GOOD, GOOD_2
from tests.support.program import CONTAINER, file, run
from tests.support.stack_files import THREE_HOSTS, as_engine

USUAL = {"mysql": 3306, "redis": 6379}
GOODS = {"1.3": (GOOD, {"mysql": "b", "redis": "b:6380"}), "2": (GOOD_2, {"mysql": "b:3307"})}


def placed(line: str, place: dict[str, str] | None = None, **training: Any) -> dict[str, Any]:
    """Party 9999 on hosts a and b, with databases on b."""
    good, usual = GOODS[line]
    more = {"place": usual if place is None else place, **training}
    return good | {
        "fate:hosts": THREE_HOSTS,
        "fate:parties": [{"id": 9999, "hosts": ["a", "b"], "training": more}],
        "fate:peers": [],
        "fate:verify": False,
    }


def found(config: dict[str, Any], **surveys: Survey) -> preflight.Findings:
    settings, release = parse(as_engine(copy.deepcopy(config)), {"fate:masterSecret"}, "dev")
    plan = lines.plan(settings, release, "dev")
    known = {name: Survey() for name in THREE_HOSTS} | surveys
    return preflight.findings(settings, plan, lines.of(release), "dev", known)


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
    plan = lines.plan(settings, release, "dev")
    where = {
        one.service: one.host for one in fleet.declared(plan, "dev", dict.fromkeys(THREE_HOSTS, ""))
    }
    assert {where[service] for service in GOODS[line][1]} == {"b"}
    cluster = plan.parties[0].clusters["training"]
    facts = cluster.facts.services
    memory = sum(facts[service].uses_memory for service in GOODS[line][1])
    needs = [cluster.needs[host] for host in "ab"]
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


PEOPLE = {"client": "b", "fateboard": "b"}
"""The services of FATE 2 that people use, and that call FATE Flow."""


def for_people(place: dict[str, str] = PEOPLE, **training: Any) -> dict[str, Any]:
    """Party 9999 of FATE 2 with its notebook and its FATE Board on b."""
    return placed("2", place, **training) | {"fate:images": "registry"}


def ports(container: Any) -> list[tuple[str, int]]:
    return [(one["ip"], one["external"]) for one in container["ports"]]


def test_notebook_and_board_call_fate_flow_at_its_docker_host() -> None:
    registered = run(for_people(publish={"fateflow-http": 9999, "notebook": "0.0.0.0:20009"}))
    containers = registered.of(CONTAINER)
    named = {name: containers[f"fate-dev-9999-{name}"] for name in (*PEOPLE, "fateflow")}
    assert ("10.0.0.1", 9999) in ports(named["fateflow"])
    assert "flow init --ip 10.0.0.1 --port 9999\n" in named["client"]["command"][2]
    path = "/data/projects/fate/fate_board/conf/application.properties"
    assert "fateflow.url=http://10.0.0.1:9999\n" in file(registered, "9999-fateboard", path)
    # Who reaches them does not depend on the Docker host.
    assert ports(named["client"]) == [("0.0.0.0", 20009)]
    assert ports(named["fateboard"]) == [("127.0.0.1", 8080)]


def test_board_elsewhere_has_no_volume_of_fate_flow() -> None:
    at = {
        where: run(for_people(dict.fromkeys(PEOPLE, where), uploads="/srv/uploads")).of(CONTAINER)
        for where in "ab"
    }
    mounted = {
        where: {
            name: [one.get("volumeName") or one["hostPath"] for one in found["volumes"]]
            for name in PEOPLE
            for found in [containers[f"fate-dev-9999-{name}"]]
            if "volumes" in found
        }
        for where, containers in at.items()
    }
    notebooks, logs = "fate-dev-9999-notebooks", "fate-dev-9999-fateflow-logs"
    assert mounted["a"] == {"client": [notebooks, "/srv/uploads"], "fateboard": [logs]}
    assert mounted["b"].get("fateboard", []) == []
    assert mounted["b"]["client"] == mounted["a"]["client"], "the folder of its own Docker host"


def test_notebook_and_board_at_home_are_the_simple_case() -> None:
    plain = run(for_people({})).of(CONTAINER)
    assert run(for_people(dict.fromkeys(PEOPLE, "a"))).of(CONTAINER) == plain


def test_ports_for_people_belong_to_the_docker_host_that_publishes_them() -> None:
    settings, release = parse(as_engine(for_people()), {"fate:masterSecret"}, "dev")
    plan = lines.plan(settings, release, "dev")
    found = outputs.party_addresses(plan, settings, release)["9999"]
    assert {name: address.host for name, address in found.items()} == {
        "fateflow": "a", "notebook": "b", "fateboard": "b", "rabbitmq": "a",
    }  # fmt: skip
    claimed = {host: claim.ports for host, claim in claims(plan, "dev").items()}
    key = "fate:parties[0].training.publish"
    assert {host for host in "ab" if f"{key}.notebook" in claimed[host]} == {"b"}
    assert {host for host in "ab" if f"{key}.fateflow-http" in claimed[host]} == {"a"}
    _, box = picture(plan, settings, release, "dev").hosts[:2]
    (there,) = box.clusters
    assert [(one.name, one.ports) for one in there.services] == [
        ("client", ("notebook 127.0.0.1:20000",)),
        ("fateboard", ("fateboard 127.0.0.1:8080",)),
    ]
    assert there.notes == ("calls fateflow-http at 10.0.0.1:9380, not encrypted",)


def test_notebooks_are_not_left_behind() -> None:
    label = {"fate.party": "9999", "fate.cluster": "training", "fate.service": "fateflow"}
    flow = {"fate-dev-9999-fateflow": {"Config": {"Labels": label}}}
    volumes: dict[str, Any] = {
        f"fate-dev-9999-{name}": {"Labels": {}} for name in ("notebooks", "fateflow-logs")
    }
    (error,) = found(for_people(), a=Survey(containers=flow, volumes=volumes)).errors
    assert "The data of client of party 9999 is on Docker host a, not on b" in error
