"""What the program registers and renders for FATE 2 with Eggroll, OSX and Pulsar."""

import itertools
import json
import re
from ipaddress import IPv4Network
from typing import Any

import pytest
import yaml

from fate_components import lines
from fate_components.checks import reread_files
from fate_components.docker.inspect.survey import Survey
from fate_components.engines.eggroll import conf as eggroll
from fate_components.party import edge_check
from fate_components.stack_file import parse
from tests.support.program import CONTAINER, P, Recorder, commands, file, run, secret
from tests.support.stack_files import as_engine, with_engines

OSX = f"{P}/osx/conf/broker"
FLOW = f"{P}/fate_flow/conf"
EGGROLL = f"{P}/eggroll/conf/eggroll.properties"
ALWAYS = {"mysql", "fateflow", "client", "fateboard"}
# The ports of a second party on a Docker host.
MOVED = {
    "osx": 9470, "fateflow-http": 9480, "fateflow-grpc": 9460, "notebook": 20100, "fateboard": 8180
}  # fmt: skip


def services(registered: Recorder, party: int) -> set[str]:
    start = f"fate-dev-{party}-"
    names = registered.of(CONTAINER)
    return {name.removeprefix(start) for name in names if name.startswith(start)}


def conf(registered: Recorder) -> dict[str, Any]:
    found = yaml.safe_load(file(registered, "9999-fateflow", f"{FLOW}/service_conf.yaml"))
    assert isinstance(found, dict)
    return found


def properties(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


@pytest.fixture(scope="module")
def in_eggroll() -> Recorder:
    return run(with_engines("eggroll", "osx"))


@pytest.mark.parametrize(
    ("computing", "federation", "more"),
    [
        ("standalone", "rabbitmq", {"rabbitmq", "nginx"}),
        ("standalone", "osx", {"osx"}),
        ("spark_local", "osx", {"osx"}),
        ("spark_local", "pulsar", {"pulsar", "nginx"}),
        ("spark", "osx", {"osx", "spark-master", "spark-worker"}),
        ("eggroll", "osx", {"osx", "clustermanager", "nodemanager"}),
    ],
)
def test_each_combination_has_its_services(computing: str, federation: str, more: set[str]) -> None:
    assert services(run(with_engines(computing, federation)), 9999) == ALWAYS | more


def test_osx_has_a_route_to_every_party(in_eggroll: Recorder) -> None:
    table = json.loads(file(in_eggroll, "9999-osx", f"{OSX}/route_table.json"))
    own = file(in_eggroll, "9999-fateflow", f"{FLOW}/service_conf.yaml")
    flow = yaml.safe_load(own)["fateflow"]
    assert table["route_table"] == {
        "10000": {"default": [{"ip": "10.0.0.2", "port": 9370}]},
        "10001": {"default": [{"ip": "fate.example.org", "port": 9370}]},
        "9999": {"fateflow": [{"ip": flow["host"], "port": 9360}]},
    }
    assert table["self_party"] == ["9999"]
    broker = properties(file(in_eggroll, "9999-osx", f"{OSX}/broker.properties"))
    assert broker["grpc.port"] == "9370"
    assert broker["eggroll.cluster.manager.ip"] == "clustermanager"
    osx = in_eggroll.of(CONTAINER)["fate-dev-9999-osx"]
    assert [(p["ip"], p["external"], p["internal"]) for p in osx["ports"]] == [
        ("0.0.0.0", 9370, 9370)
    ]
    assert "pb_lib/v3/*" in osx["command"][2], "FATE 2.2's OSX has a part of its classes there"


def test_a_changed_route_reaches_osx_without_a_new_container(in_eggroll: Recorder) -> None:
    alone = run(with_engines("eggroll", "osx", peers=[]))
    osx = "fate-dev-9999-osx"
    before, after = (one.of(CONTAINER)[osx]["uploads"] for one in (in_eggroll, alone))
    assert before != after
    changed = commands(in_eggroll)["9999-osx-routes"]["stdin"]
    assert "fate.example.org" in changed
    assert "fate.example.org" not in commands(alone)["9999-osx-routes"]["stdin"]


def test_parties_know_only_the_exchange() -> None:
    through = run(with_engines("standalone", "osx", exchange={"host": "a"}))
    for party, at in ((9999, "fate-dev-exchange"), (10000, "10.0.0.1")):
        table = json.loads(file(through, f"{party}-osx", f"{OSX}/route_table.json"))
        assert table["route_table"].keys() == {"default", str(party)}
        port = 9370 if party == 9999 else 9371
        assert table["route_table"]["default"] == {"default": [{"ip": at, "port": port}]}
    table = json.loads(file(through, "exchange", f"{OSX}/route_table.json"))
    assert table["route_table"] == {
        "9999": {"default": [{"ip": "fate-dev-9999-osx", "port": 9370}]},
        "10000": {"default": [{"ip": "10.0.0.2", "port": 9370}]},
        "10001": {"default": [{"ip": "fate.example.org", "port": 9370}]},
    }
    assert table["self_party"], "OSX takes no table without"


def across(**more: Any) -> dict[str, Any]:
    """Party 9999 has Spark workers on Docker hosts a and b, and 10000 and 10002 are beside it."""
    stack_file = with_engines("spark_local", "osx", **more)
    training = {"workers": {"a": 1, "b": 1}, "cores": 4, "spark": {"tables": "/mnt/fate"}}
    stack_file["fate:parties"] = [
        {"id": 9999, "hosts": ["a", "b"], "engines": {"computing": "spark"}, "training": training},
        {"id": 10000, "host": "b"},
        {"id": 10002, "host": "a", "training": {"publish": MOVED}},
    ]
    return stack_file


def ports(registered: Recorder, service: str) -> set[tuple[str, int, int]]:
    found = registered.of(CONTAINER)[f"fate-dev-9999-{service}"]
    return {(one["ip"], one["external"], one["internal"]) for one in found["ports"]}


def test_with_workers_elsewhere_only_the_own_docker_host_sees_another_port_of_osx() -> None:
    registered = run(across())
    assert ports(registered, "osx") == {("0.0.0.0", 9370, 26001), ("10.0.0.1", 26001, 26001)}

    def route(party: int, to: str) -> object:
        table = json.loads(file(registered, f"{party}-osx", f"{OSX}/route_table.json"))
        return table["route_table"][to]["default"]

    assert route(10002, "9999") == [{"ip": "fate-dev-9999-osx", "port": 26001}]
    assert route(10000, "9999") == [{"ip": "10.0.0.1", "port": 9370}]
    for party in (9999, 10002):
        assert route(party, "10001") == [{"ip": "fate.example.org", "port": 9370}]
    osx = registered.of(CONTAINER)["fate-dev-9999-osx"]
    assert f":{26001:04X}" in str(osx["healthcheck"])
    assert conf(registered)["federation"]["osx"]["port"] == 26001


def test_an_exchange_finds_osx_at_its_other_port() -> None:
    registered = run(across(exchange={"host": "a"}))
    table = json.loads(file(registered, "exchange", f"{OSX}/route_table.json"))
    assert table["route_table"]["9999"]["default"] == [{"ip": "fate-dev-9999-osx", "port": 26001}]
    own = json.loads(file(registered, "9999-osx", f"{OSX}/route_table.json"))
    assert own["route_table"]["default"]["default"] == [{"ip": "fate-dev-exchange", "port": 9370}]


def test_executors_need_no_certificate_of_osx() -> None:
    encrypted = run(across(tls={"enabled": True}, peers=[]))
    assert ports(encrypted, "osx") == {("10.0.0.1", 26001, 26001)}
    assert ports(encrypted, "edge") == {("0.0.0.0", 9370, 26001)}
    edge = encrypted.of(CONTAINER)["fate-dev-9999-edge"]
    assert f":{26001:04X}" in str(edge["healthcheck"])
    told = file(encrypted, "9999-spark-worker.b", "/etc/spark/hosts")
    assert "10.0.0.1 osx\n" in told


@pytest.mark.parametrize("order", [(9370, 26001), (26001, 9370)])
def test_the_publications_of_one_port_are_in_the_order_of_docker(order: tuple[int, int]) -> None:
    at = {9370: "0.0.0.0", 26001: "10.0.0.1"}
    listed = [{"HostIp": at[port], "HostPort": str(port)} for port in order]
    found = {"State": {}, "NetworkSettings": {"Ports": {"26001/tcp": listed, "9883/tcp": None}}}
    survey = Survey(containers={"fate-dev-9999-osx": found})
    osx = run(across(), {"a": survey}).of(CONTAINER)["fate-dev-9999-osx"]
    assert tuple(one["external"] for one in osx["ports"]) == order


def test_doctor_compares_the_tables_that_there_are() -> None:
    for federation, wanted in (
        ("osx", {"fate-dev-9999-osx", "fate-dev-10000-osx", "fate-dev-exchange"}),
        (
            "pulsar",
            {
                f"fate-dev-{party}-{name}"
                for party in ("9999", "10000")
                for name in ("nginx", "fateflow", "pulsar")
            },
        ),
    ):
        exchange = {"exchange": {"host": "a"}} if federation == "osx" else {}
        stack_file = with_engines("spark_local", federation, **exchange)
        settings, release = parse(as_engine(stack_file), {"fate:masterSecret"}, "dev")
        plan = lines.plan(settings, release, "dev")
        found = list(reread_files.of(plan, settings, lines.of(release), "dev"))
        assert {one.container for one in found} == wanted


@pytest.mark.parametrize(
    ("computing", "mode", "storage"),
    [("eggroll", "stream", "eggroll"), ("standalone", "queue", "standalone"),
     ("spark_local", "queue", "file")],
)  # fmt: skip
def test_fate_flow_calls_others_through_osx(computing: str, mode: str, storage: str) -> None:
    found = conf(run(with_engines(computing, "osx")))
    assert found["fateflow"]["proxy_name"] == "osx"
    assert found["federation"] == {"osx": {"host": "osx", "port": 9370, "mode": mode}}
    assert found["default_engines"]["storage"] == storage
    assert found["default_engines"]["federation"] == "osx"


def test_all_of_eggroll_reads_the_same_properties(in_eggroll: Recorder) -> None:
    texts = {
        name: file(in_eggroll, f"9999-{name}", EGGROLL)
        for name in ("clustermanager", "nodemanager", "fateflow")
    }
    for text in texts.values():
        assert text.startswith("[eggroll]\n"), "Eggroll's Python reads no other section"
    whole, *parts = map(properties, texts.values())
    start = "eggroll.resourcemanager.clustermanager"
    database = {key: value for key, value in whole.items() if key.startswith(f"{start}.jdbc")}
    for part in parts:
        assert whole.items() - part.items() == database.items(), "only one needs the password"
    assert database[f"{start}.jdbc.url"].startswith("jdbc:mysql://mysql:3306/fate?")
    manager = conf(in_eggroll)["computing"]["eggroll"]
    assert (manager["host"], str(manager["port"])) == (
        whole[f"{start}.host"], whole[f"{start}.port"]
    )  # fmt: skip


def test_the_password_is_not_in_the_log_of_eggroll(in_eggroll: Recorder) -> None:
    container = in_eggroll.of(CONTAINER)["fate-dev-9999-clustermanager"]
    assert secret(container["uploads"]), "and not in previews"
    (option,) = re.findall("-Dlog4j.configurationFile=([^ ]+)", container["command"][2])
    quiet = file(in_eggroll, "9999-clustermanager", option.split(",")[1])
    assert 'name="org.fedai.eggroll.core.config.MetaInfo" level="warn"' in quiet


def test_eggrolls_tables_are_created_before_its_cluster_manager(in_eggroll: Recorder) -> None:
    created = commands(in_eggroll)["9999-eggroll-tables"]["stdin"]
    assert set(re.findall("CREATE TABLE IF NOT EXISTS ([a-z_]+)", created)) == {*eggroll.TABLES}
    assert all(f"'{name}'" in eggroll.PRESENT for name in eggroll.TABLES)


def test_the_log_files_of_eggroll_are_named(in_eggroll: Recorder) -> None:
    named = {
        name: [env for env in found["envs"] if env.startswith("module=")]
        for name, found in in_eggroll.of(CONTAINER).items()
        if name.startswith("fate-dev-9999-")
    }
    for name in ("clustermanager", "nodemanager"):
        assert named.pop(f"fate-dev-9999-{name}") == [f"module={name}"]
    assert not any(named.values())


def test_osx_has_no_key_that_it_does_not_read(in_eggroll: Recorder) -> None:
    found = properties(file(in_eggroll, "9999-osx", f"{P}/osx/conf/broker/broker.properties"))
    assert found == {
        "grpc.port": "9370",
        "open.http.server": "false",
        "open.grpc.tls.server": "false",
        "eggroll.cluster.manager.ip": "clustermanager",
        "eggroll.cluster.manager.port": "4670",
    }


def test_the_data_of_eggroll_outlives_its_container(in_eggroll: Recorder) -> None:
    (volume,) = in_eggroll.of(CONTAINER)["fate-dev-9999-nodemanager"]["volumes"]
    assert volume["containerPath"] == f"{P}/eggroll/data"


def test_pulsars_routes() -> None:
    registered = run(with_engines("spark_local", "pulsar"))
    table = yaml.safe_load(file(registered, "9999-fateflow", f"{FLOW}/pulsar_route_table.yaml"))
    more = {"sslPort": 6651, "proxy": ""}
    assert table == {
        9999: {"host": "pulsar", "port": 6650, **more},
        10000: {"host": "10.0.0.2", "port": 6650, **more},
        10001: {"host": "fate.example.org", "port": 6650, **more},
    }
    found = conf(registered)
    assert found["fateflow"]["proxy_name"] == "nginx"
    assert found["federation"].keys() == {"nginx", "pulsar"}
    broker = properties(file(registered, "9999-pulsar", "/pulsar/conf/standalone.conf"))
    assert broker["clusterName"] == found["federation"]["pulsar"]["cluster"]
    container = registered.of(CONTAINER)["fate-dev-9999-pulsar"]
    assert [port["internal"] for port in container["ports"]] == [6650], "its API has no password"
    delivered = commands(registered)["9999-pulsar-routes"]
    assert delivered["stdin"] == (
        "10000 pulsar://10.0.0.2:6650\n10001 pulsar://fate.example.org:6650\n"
    )
    assert "port=$2" in delivered["create"]
    assert '"$FILE" 8080' in delivered["create"]


@pytest.mark.parametrize("exchange", [{"host": "a", "port": 9371}, {"address": "x.example.org"}])
def test_notebooks_know_the_parties_behind_an_exchange(exchange: dict[str, Any]) -> None:
    registered = run(with_engines("standalone", "osx", exchange=exchange))
    known = json.loads(file(registered, "10000-client", f"{P}/parties.json"))
    assert known == {"party": 10000, "others": [9999, 10001]}


@pytest.mark.parametrize(
    ("computing", "federation", "listens"),
    [("standalone", "rabbitmq", [9300, 9310, 5672]), ("standalone", "osx", [9370]),
     ("spark_local", "pulsar", [9300, 9310, 6650])],
)  # fmt: skip
def test_the_edge_stands_before_the_gateways_there_are(
    computing: str, federation: str, listens: list[int]
) -> None:
    encrypted = with_engines(computing, federation, tls={"enabled": True}, peers=[])
    edge = run(encrypted).of(CONTAINER)["fate-dev-9999-edge"]
    (test,) = [word for word in edge["healthcheck"]["tests"] if "proc/net/tcp" in word]
    assert [int(port, 16) for port in re.findall(r"':([0-9A-F]{4}) ", test)] == listens
    assert {port["internal"] for port in edge["ports"]} == {*listens}


def test_a_client_of_pulsar_begins_with_its_version() -> None:
    size, command = int.from_bytes(edge_check.PULSAR[:4]), int.from_bytes(edge_check.PULSAR[4:8])
    assert size == len(edge_check.PULSAR) - 4
    assert command == size - 4


def test_gateways_of_two_federation_engines_can_be_there_at_once() -> None:
    """While one replaces the other."""
    found = {}
    for federation in ("rabbitmq", "osx", "pulsar"):
        networks = run(with_engines("spark_local", federation)).of("docker:index/network:Network")
        (shared,) = [name for name in networks if name.startswith("fate-dev-shared")]
        (ipam,) = networks[shared]["ipamConfigs"]
        found[shared] = IPv4Network(ipam["subnet"])
    assert found.keys() == {"fate-dev-shared", "fate-dev-shared-osx", "fate-dev-shared-pulsar"}
    for one, other in itertools.combinations(found.values(), 2):
        assert not one.overlaps(other)
