"""Who reaches whom, and at which address."""

from typing import Any

from fate_components.lines.fate1_3 import route_table
from fate_components.plan import clusters, topology
from tests.support.bad_stack_files import GOOD
from tests.support.stack_files import RELEASE, TWO_HOSTS, planned


def training(plan: topology.Topology, index: int) -> clusters.ClusterPlan:
    return plan.parties[index].clusters["training"]


def routes(plan: topology.Topology, index: int) -> dict[str, Any]:
    table: Any = route_table.party_routes(training(plan, index), RELEASE)["route_table"]
    return dict(table)


def test_parties_on_one_docker_host_meet_by_name() -> None:
    table = routes(planned(), 0)
    assert table["10000"] == {"default": [{"ip": "fate-dev-10000-proxy", "port": 9370}]}


def test_parties_on_two_docker_hosts_meet_at_published_ports() -> None:
    plan = planned(TWO_HOSTS)
    assert routes(plan, 0)["10000"]["default"] == [{"ip": "b.example.org", "port": 9370}]
    assert routes(plan, 1)["9999"]["default"] == [{"ip": "10.0.0.1", "port": 9370}]


def test_peers_get_routes() -> None:
    assert routes(planned(), 0)["10001"]["default"] == [{"ip": "fate.example.org", "port": 9370}]


def test_without_an_exchange_unknown_parties_are_refused_at_once() -> None:
    assert routes(planned(), 0)["default"] == {"default": [{"ip": "127.0.0.1", "port": 9}]}


def test_the_own_party_comes_last() -> None:
    # It and everything after it count as inside its own network (ConfFileBasedFdnRouter).
    for index, party in enumerate(["9999", "10000"]):
        table = routes(planned(), index)
        assert list(table)[-1] == party
        assert table[party] == {
            "fateflow": [{"ip": "python", "port": 9360}],
            "fate": [{"ip": "federation", "port": 9394}],
        }


def test_with_an_exchange_all_foreign_traffic_goes_through_it() -> None:
    plan = planned({**TWO_HOSTS, "fate:exchange": {"host": "b"}})
    assert list(routes(plan, 0)) == ["default", "9999"]
    assert routes(plan, 0)["default"]["default"] == [{"ip": "b.example.org", "port": 9371}]
    assert routes(plan, 1)["default"]["default"] == [{"ip": "fate-dev-exchange", "port": 9370}]
    assert plan.exchange
    table: Any = route_table.exchange_routes(plan.exchange)["route_table"]
    assert table == {
        "default": {"default": [{"ip": "127.0.0.1", "port": 9}]},
        "9999": {"default": [{"ip": "10.0.0.1", "port": 9370}]},
        "10000": {"default": [{"ip": "fate-dev-10000-proxy", "port": 9370}]},
        "10001": {"default": [{"ip": "fate.example.org", "port": 9370}]},
    }


def test_somebody_elses_exchange_is_the_default_route() -> None:
    plan = planned({"fate:exchange": {"address": "x.example.org", "port": 9370}})
    assert plan.exchange is None
    assert routes(plan, 0)["default"]["default"] == [{"ip": "x.example.org", "port": 9370}]
    assert "10001" in routes(plan, 0), "a peer's own address is used where it is given"
    assert "10000" not in routes(plan, 0)


def test_addresses_do_not_depend_on_who_else_is_there() -> None:
    before = planned()
    added: list[Any] = [
        {"id": 10002, "host": "a", "training": {"publish": {name: 7000 + i for i, name in
         enumerate(RELEASE.published)}}},
        *GOOD["fate:parties"],
    ]  # fmt: skip
    after = planned({"fate:parties": added})
    for index in (0, 1):
        old, new = training(before, index), training(after, index + 1)
        assert old.network == new.network
        assert old.gateways == new.gateways
    networks = [training(after, index).network.subnet for index in range(3)]
    assert len(set(networks)) == 3
    assert not any(one.overlaps(after.shared["a"]["training"].subnet) for one in networks)


def test_ids_that_fall_on_one_slot_are_kept_apart() -> None:
    parties = [
        {"id": 9999, "host": "a"},
        {"id": 9999 + 239, "host": "a", "training": GOOD["fate:parties"][1]["training"]},
    ]
    plan = planned({"fate:parties": parties})
    assert training(plan, 0).network.subnet == training(planned(), 0).network.subnet
    assert training(plan, 0).network.subnet != training(plan, 1).network.subnet


def test_a_docker_hosts_subnet_can_be_chosen() -> None:
    hosts = {"a": {"docker": "unix:///var/run/docker.sock", "subnet": "192.168.0.0/16"}}
    plan = planned({"fate:hosts": hosts})
    assert str(plan.shared["a"]["training"].subnet) == "192.168.0.0/24"
    assert str(training(plan, 0).network.subnet) == "192.168.216.0/24"


def test_two_stacks_can_share_a_docker_host() -> None:
    assert planned(stack="dev").shared["a"] != planned(stack="test").shared["a"]
