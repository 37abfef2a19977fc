"""A party on several Docker hosts: what is where, and who says so."""

import copy
from typing import Any

import pytest

from fate_components import lines
from fate_components.checks import preflight
from fate_components.checks.conflicts import conflicts
from fate_components.docker import networks
from fate_components.docker.inspect.survey import Survey
from fate_components.docker.ports import Published
from fate_components.lines.fate2.settings import Settings
from fate_components.operate import fleet
from fate_components.picture import mermaid, svg
from fate_components.picture.model import picture
from fate_components.plan import clusters, topology
from fate_components.releases.facts import Release
from fate_components.stack_file import parse
from tests.support.bad_stack_files import GOOD_2
from tests.support.stack_files import as_engine

HOSTS = {
    "a": {"docker": "unix:///var/run/docker.sock", "address": "10.0.0.1"},
    "b": {"docker": "ssh://root@b.example.org:22", "address": "10.0.0.2"},
    "c": {"docker": "ssh://root@c.example.org:22", "address": "10.0.0.3"},
}


def across(
    workers: Any, hosts: tuple[str, ...] = ("a", "b", "c")
) -> tuple[Settings, Release, topology.Topology]:
    """Party 9999 with Spark workers on its hosts, and party 10000 on the second one."""
    training = {"workers": workers, "spark": {"tables": "/mnt/fate", "memory": "16g"}}
    config = GOOD_2 | {
        "fate:engines": {"computing": "spark"},
        "fate:hosts": HOSTS,
        "fate:parties": [
            {"id": 9999, "hosts": list(hosts), "training": training},
            {"id": 10000, "host": "b"},
        ],
    }
    settings, facts = parse(as_engine(copy.deepcopy(config)), {"fate:masterSecret"}, "dev")
    assert isinstance(settings, Settings)
    return settings, facts, lines.plan(settings, facts, "dev")


def planned(plan: topology.Topology) -> clusters.ClusterPlan:
    return plan.parties[0].clusters["training"]


def test_a_party_has_a_network_and_workers_on_each_of_its_hosts() -> None:
    _, _, plan = across({"b": 2, "c": 1})
    cluster = planned(plan)
    assert cluster.host == "a"
    assert {host: branch.containers for host, branch in cluster.branches.items()} == {
        "b": ["spark-worker.b", "spark-worker-2.b"],
        "c": ["spark-worker.c"],
    }
    assert not [name for name in cluster.containers if name.startswith("spark-worker")]
    assert plan.users("a") == plan.users("c") == ["9999"]
    assert plan.users("b") == ["9999", "10000"]
    assert [network.name for network in plan.networks("c")][1:] == ["fate-dev-9999"]
    assert {service.image for service in plan.services("c")} == {
        "federatedai/fateflow-spark:2.2.0-release"
    }
    own = {network.subnet for host in "abc" for network in plan.networks(host)[1:]}
    assert {branch.network.subnet for branch in cluster.branches.values()} < own


def test_a_party_on_a_host_keeps_its_network_when_others_have_workers_there() -> None:
    def network(plan: topology.Topology) -> networks.Network:
        return plan.parties[1].clusters["training"].network

    assert network(across({"b": 2})[2]) == network(across(1)[2])


def test_hosts_without_workers_elsewhere_are_the_simple_case() -> None:
    for workers in (2, {"a": 2}):
        cluster = planned(across(workers)[2])
        assert cluster.containers[-2:] == ["spark-worker", "spark-worker-2"]
        assert (cluster.branches, cluster.between) == ({}, ())


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("a", {"spark-worker.b": "10.0.0.2", "spark-worker.c": "10.0.0.3"}),
        (
            "b",
            dict.fromkeys(["fateflow", "rabbitmq", "spark-master", "spark-worker"], "10.0.0.1")
            | {"spark-worker.c": "10.0.0.3"},
        ),
    ],
)
def test_names_on_other_hosts_stand_for_these(host: str, known: dict[str, str]) -> None:
    assert planned(across({"a": 1, "b": 1, "c": 1})[2]).known[host] == known


def test_every_service_is_declared_where_it_is() -> None:
    _, _, plan = across({"a": 1, "b": 1})
    members = fleet.declared(plan, "dev", {name: host["docker"] for name, host in HOSTS.items()})
    found = {(one.host, one.name) for one in members if one.party == "9999"}
    assert ("a", "fate-dev-9999-spark-worker") in found
    assert ("b", "fate-dev-9999-spark-worker.b") in found
    assert len(found) == len(planned(plan).services) + 1


def test_each_host_needs_what_its_workers_offer() -> None:
    _, _, plan = across({"b": 2})
    here, there = (preflight.needs(plan, host) for host in "ab")
    assert here.shared_cores == 0
    assert there.shared_cores == 2 * 8 + 8
    assert there.memory > 2 * (16 << 10) > here.memory


def test_what_others_have_on_any_of_the_hosts_is_found() -> None:
    _, _, plan = across({"b": 1})
    surveys = {name: Survey() for name in HOSTS}
    surveys["b"] = Survey(
        others={"fate-dev-9999-spark-worker.b": {}}, holders={"nginx": [Published(26055)]}
    )
    name, port = conflicts(plan, "dev", surveys)
    assert "The name fate-dev-9999-spark-worker.b on Docker host b is taken" in name
    assert port == (
        "Port 26055 of Docker host b is taken by nginx. Stop it, or choose another port for "
        "fate:parties[0].training.spark.ports."
    )


def test_the_picture_shows_what_crosses_the_hosts() -> None:
    settings, facts, plan = across({"b": 1, "c": 1})
    shown = picture(plan, settings, facts, "dev")
    for text in (mermaid.render(shown), svg.render(shown)):
        assert "calls rabbitmq at 10.0.0.1:26001, not encrypted" in text
        assert "calls fateflow at 10.0.0.1:26010-26025" in text
