"""FATE 1.3's eggs on several Docker hosts: what is where, and what removing one would lose."""

import copy
import json
from typing import Any

import pytest

from fate_components import lines
from fate_components.checks import preflight
from fate_components.docker.client.daemon import Daemon, NoAnswerError
from fate_components.docker.inspect.survey import Survey
from fate_components.lines.fate1_3 import egg_addresses
from fate_components.operate import fleet
from fate_components.picture import mermaid, svg
from fate_components.picture.model import picture
from fate_components.plan import topology
from fate_components.plan.placed import Needs
from fate_components.stack_file import parse
from tests.support.bad_stack_files import GOOD
from tests.support.program import COMMAND, CONTAINER, run
from tests.support.stack_files import THREE_HOSTS, as_engine


def spread(eggs: object, other: int = 10000, **training: Any) -> dict[str, Any]:
    """Party 9999 with eggs on its hosts, and another one on the second of them."""
    return GOOD | {
        "fate:hosts": THREE_HOSTS,
        "fate:parties": [
            {"id": 9999, "hosts": [*THREE_HOSTS], "training": {"eggs": eggs, **training}},
            {"id": other, "host": "b"},
        ],
    }


def planned(config: dict[str, Any]) -> topology.Topology:
    settings, release = parse(as_engine(copy.deepcopy(config)), {"fate:masterSecret"}, "dev")
    return lines.plan(settings, release, "dev")


def addresses(registered: Any) -> dict[str, tuple[str, list[str]]]:
    """Each container's address in its party's network, and what it is called there."""
    return {
        name.removeprefix("fate-dev-9999-"): (at["ipv4Address"], at["aliases"])
        for name, inputs in registered.of(CONTAINER).items()
        for at in inputs["networksAdvanced"][:1]
        if name.startswith("fate-dev-9999-")
    }


def test_a_stand_in_has_the_name_and_the_address_of_its_egg() -> None:
    registered = run(spread({"a": 1, "b": 2, "c": 1}, eggPort=7900))
    at = addresses(registered)
    away = {name for name in at if name.startswith("egg") and "." in name}
    assert away == {"egg.b", "egg-2.b", "egg.c"}
    assert all(at[f"link-{egg}"] == at[egg] for egg in away)
    assert len({at[egg][0] for egg in (*away, "egg")}) == 4
    assert all(at[egg][1] == [egg] for egg in away)
    containers = registered.of(CONTAINER)
    for host in "bc":
        link = containers[f"fate-dev-9999-link.{host}"]
        (port,) = link["ports"]
        assert (port["internal"], port["external"], port["ip"]) == (
            7900,
            7900,
            THREE_HOSTS[host]["address"],
        )
        (conf,) = link["uploads"]
        assert "listen 7900 proxy_protocol;" in conf["content"]
    (conf,) = containers["fate-dev-9999-link-egg.c"]["uploads"]
    assert "listen 50001-55000;" in conf["content"]
    assert "proxy_pass 10.0.0.3:7900;" in conf["content"]
    (nodes,) = [r for r in registered.resources if r.typ == COMMAND and r.name == "9999-nodes"]
    for egg in (*away, "egg"):
        assert f"('{egg}', 7888, 'EGG', 'HEALTHY')" in nodes.inputs["stdin"]
        assert f"('{egg}', 7778, 'STORAGE', 'HEALTHY')" in nodes.inputs["stdin"]


def test_more_eggs_change_no_container_that_is_there() -> None:
    def inputs(eggs: object) -> dict[str, str]:
        found = run(spread(eggs)).of(CONTAINER)
        return {name: json.dumps(one, default=str, sort_keys=True) for name, one in found.items()}

    one, some = inputs({"a": 1}), inputs({"a": 1, "b": 1})
    more = inputs({"a": 2, "b": 3, "c": 1})
    assert one.items() < some.items() < more.items()


def test_addresses_of_eggs_follow_from_their_names() -> None:
    def octets(**eggs: int) -> dict[str, int]:
        names = {
            host: tuple(f"egg-{n}.{host}" for n in range(count)) for host, count in eggs.items()
        }
        return egg_addresses.octets(32, names, "a")

    most = octets(a=96, b=60, c=40)
    assert len(set(most.values())) == 196
    assert all(32 <= octet < 128 for name, octet in most.items() if name.endswith(".a"))
    assert all(128 < octet < 255 for name, octet in most.items() if not name.endswith(".a"))
    assert octets(a=1, b=2).items() <= octets(a=5, b=2, c=9).items()


@pytest.mark.parametrize("other", [10000, 9999 + 239, 9999 - 239])
def test_the_network_of_eggs_elsewhere_is_like_that_at_home(other: int) -> None:
    plan = planned(spread({"a": 1, "b": 1}, other))
    cluster = plan.parties[0].clusters["training"]
    assert cluster.branches["b"].network == cluster.network
    theirs = plan.parties[1].clusters["training"].network
    assert not theirs.subnet.overlaps(cluster.network.subnet)


def test_every_container_is_declared_where_it_is() -> None:
    plan = planned(spread({"b": 2}))
    where = {
        (one.service, one.host)
        for one in fleet.declared(plan, "dev", dict.fromkeys(THREE_HOSTS, ""))
    }
    assert {("egg.b", "b"), ("egg-2.b", "b"), ("link.b", "b"), ("link-egg.b", "a")} <= where
    assert not [one for one in where if one[0] == "egg" and one[1] == "a"]


def test_each_host_needs_what_its_eggs_take() -> None:
    def needs(eggs: object, host: str) -> Needs:
        config = spread(eggs, processors=3)
        settings, release = parse(as_engine(config), {"fate:masterSecret"}, "dev")
        cluster = lines.plan(settings, release, "dev").parties[0].clusters["training"]
        return cluster.needs[host]

    egg, link, one = 741, 35, needs(1, "a")
    assert needs({"a": 1, "b": 2}, "b") == Needs(2 * egg + link, 3)
    assert needs({"a": 1, "b": 2}, "a") == Needs(one.memory + 2 * link, 3)
    assert needs({"b": 2}, "a") == Needs(one.memory - egg + 2 * link, 0)


def test_the_picture_shows_what_crosses_the_hosts() -> None:
    config = spread({"a": 1, "b": 1})
    settings, release = parse(as_engine(config), {"fate:masterSecret"}, "dev")
    plan = lines.plan(settings, release, "dev")
    shown = picture(plan, settings, release, "dev")
    for text in (mermaid.render(shown), svg.render(shown)):
        assert "with all else on a" in text
        assert "link.b is called at 10.0.0.2:7888, not encrypted" in text


def test_addresses_that_are_taken_elsewhere_are_those_of_the_first_host() -> None:
    config = spread({"a": 1, "b": 1})
    hosts = config["fate:hosts"] | {"a": THREE_HOSTS["a"] | {"subnet": "10.201.0.0/16"}}
    settings, release = parse(
        as_engine(config | {"fate:hosts": hosts}), {"fate:masterSecret"}, "dev"
    )
    plan = lines.plan(settings, release, "dev")
    taken = {"Labels": None, "Scope": "local", "IPAM": {"Config": [{"Subnet": "10.201.0.0/16"}]}}
    surveys = {name: Survey() for name in THREE_HOSTS} | {"b": Survey(networks={"others": taken})}
    (error,) = preflight.findings(settings, plan, lines.of(release), "dev", surveys).errors
    assert "Network others of Docker host b" in error
    assert "Set fate:hosts.a.subnet to another" in error


class Answering(Daemon):
    """A daemon whose database has an answer."""

    def __init__(self, answer: str | None) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def run(self, container: str, script: str) -> str | None:
        """The answer."""
        self.asked.append(script)
        if self.answer == "":
            raise NoAnswerError("container is not running")
        return self.answer


def there(daemon: Daemon, **services: str) -> Survey:
    """A Docker host with containers of party 9999: their services, by their names."""
    return Survey(
        daemon,
        {
            f"fate-dev-9999-{name.replace('__', '.').replace('_', '-')}": {
                "Id": name,
                "Config": {"Labels": {"fate.party": "9999", "fate.service": service}},
            }
            for name, service in services.items()
        },
    )


def told(
    eggs: object, answer: str | None, services: dict[str, str], **training: Any
) -> tuple[list[str], list[str], list[str]]:
    """Errors, warnings, and what was asked."""
    config = spread(eggs, **training)
    settings, release = parse(as_engine(config), {"fate:masterSecret"}, "dev")
    daemon = Answering(answer)
    surveys = {name: Survey() for name in THREE_HOSTS} | {
        "a": there(daemon, mysql="mysql", **services)
    }
    plan = lines.plan(settings, release, "dev")
    found = preflight.findings(settings, plan, lines.of(release), "dev", surveys)
    return found.errors, found.warnings, daemon.asked


TWO = {"egg": "egg", "egg_2": "egg"}


def test_removing_an_egg_with_tables_is_refused() -> None:
    errors, _, asked = told(1, "egg-2\t3", TWO)
    assert errors == [
        "3 tables have part of their data on egg-2 of party 9999, which the stack file no longer "
        "has, and would be lost. Keep it in fate:parties[0].training.eggs, or set "
        "fate:parties[0].training.allowTableLoss to true."
    ]
    assert "'\"'\"'egg-2'\"'\"'" in asked[0]
    # Its Docker host is gone with it, its stand-in is not.
    errors, _, _ = told(1, "egg.d\t1", {"egg": "egg", "link_egg__d": "link"})
    assert "1 table has part of its data on egg.d of party 9999" in errors[0]


@pytest.mark.parametrize(
    ("eggs", "services", "training"),
    [
        (2, TWO, {}),
        (1, {"egg": "egg"}, {}),
        (1, TWO, {"allowTableLoss": True}),
        ({"a": 1, "b": 1}, {"egg": "egg", "link_egg__b": "link"}, {}),
    ],
)
def test_no_database_is_asked_for_nothing(
    eggs: object, services: dict[str, str], training: dict[str, Any]
) -> None:
    assert told(eggs, "egg-2\t3", services, **training) == ([], [], [])


@pytest.mark.parametrize("answer", [None, ""])
def test_a_database_that_is_down_is_told(answer: str | None) -> None:
    errors, (warning,), _ = told(1, answer, TWO)
    assert errors == []
    assert "it was not checked whether tables are lost with egg-2" in warning
