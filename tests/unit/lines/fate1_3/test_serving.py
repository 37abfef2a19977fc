"""Serving clusters: what they register, what their services read, and who reaches whom."""

import json
from typing import Any
from unittest import mock

import pytest

from fate_components.docker.inspect.survey import Survey
from tests.support.program import CONTAINER, NETWORK, VOLUME, Recorder, labels, run, secret
from tests.support.stack_files import serving_parties

P = "/data/projects/fate"
HOSTS = {
    "a": {"docker": "unix:///var/run/docker.sock", "address": "10.0.0.1"},
    "b": {"docker": "ssh://root@b.example.org:22"},
}


def network(kind: str, **others: str) -> Survey:
    """A Docker host with the network of party 9999 that was made for a kind of cluster."""
    labelled = {"fate.stack": "dev", "fate.party": "9999", "fate.cluster": kind, **others}
    return Survey(networks={"fate-dev-9999": {"Labels": labelled}})


@pytest.fixture(scope="module")
def registered() -> Recorder:
    return run({"fate:parties": serving_parties()})


@pytest.fixture(scope="module")
def apart() -> Recorder:
    return run({"fate:hosts": HOSTS, "fate:parties": serving_parties(host="b")})


def text(registered: Recorder, container: str, path: str) -> str:
    uploads = registered.of(CONTAINER)[f"fate-dev-{container}"]["uploads"]
    (content,) = [
        secret(found["content"]) or found["content"]
        for found in secret(uploads) or uploads
        if found["file"] == path
    ]
    return str(content)


def server(registered: Recorder, party: int = 9999) -> dict[str, str]:
    path = f"{P}/serving-server/conf/serving-server.properties"
    lines = text(registered, f"{party}-serving-server", path).splitlines()
    return dict(line.split("=", 1) for line in lines)


def routes(registered: Recorder, party: int = 9999) -> dict[str, Any]:
    table = text(registered, f"{party}-serving-proxy", f"{P}/serving-proxy/conf/route_table.json")
    return dict(json.loads(table))


def servings(registered: Recorder) -> list[str]:
    conf = json.loads(text(registered, "9999-python", f"{P}/python/arch/conf/server_conf.json"))
    return list(conf["servers"]["servings"])


def test_a_party_has_the_clusters_that_the_stack_file_names(registered: Recorder) -> None:
    serving = {"serving-redis", "serving-server", "serving-proxy"}
    names = set(registered.of(CONTAINER))
    assert {name for name in names if "10000" in name} == {
        f"fate-dev-10000-{service}" for service in serving
    }
    assert {f"fate-dev-9999-{service}" for service in serving | {"python", "redis"}} <= names
    for service in serving:
        assert labels(registered.of(CONTAINER)[f"fate-dev-9999-{service}"]) == {
            "fate.stack": "dev",
            "fate.party": "9999",
            "fate.cluster": "serving",
            "fate.service": service,
        }


def test_serving_server_reads_everything_that_its_image_gets_wrong(registered: Recorder) -> None:
    conf = server(registered)
    assert conf.pop("redis.password") != server(registered, 10000)["redis.password"]
    assert conf == {
        "port": "8000",
        "useRegister": "false",
        "useZkRouter": "false",
        "proxy": "serving-proxy:8879",
        "redis.ip": "serving-redis",
        "redis.port": "6379",
        "OnlineDataAccessAdapter": "MockAdapter",
        "InferencePreProcessingAdapter": "PassPreProcessing",
        "InferencePostProcessingAdapter": "PassPostProcessing",
        "model.transfer.url": "http://python:9380/v1/model/transfer",
    }


def test_the_adapter_is_a_setting() -> None:
    chosen = run({"fate:parties": serving_parties(adapter="TestFilePick")})
    assert server(chosen)["OnlineDataAccessAdapter"] == "TestFilePick"
    assert server(chosen, 10000)["OnlineDataAccessAdapter"] == "MockAdapter"


def test_serving_proxy_has_a_port_for_everyone(registered: Recorder) -> None:
    conf = text(registered, "9999-serving-proxy", f"{P}/serving-proxy/conf/application.properties")
    assert dict(line.split("=", 1) for line in conf.splitlines()) == {
        "coordinator": "9999",
        "server.port": "8059",
        "proxy.grpc.intra.port": "8879",
        "proxy.grpc.inter.port": "8869",
        "useZkRouter": "false",
    }


def test_serving_proxies_on_one_docker_host_meet_by_name(registered: Recorder) -> None:
    assert routes(registered) == {
        "route_table": {
            "10000": {"default": [{"ip": "fate-dev-10000-serving-proxy", "port": 8869}]},
            "10001": {"default": [{"ip": "fate.example.org", "port": 8869}]},
            "9999": {"serving": [{"ip": "serving-server", "port": 8000}]},
        },
        "permission": {"default_allow": True},
    }


def test_a_peers_serving_cluster_can_be_elsewhere() -> None:
    serving = {"address": "serving.example.org", "port": 18869}
    peers = [{"id": 10001, "address": "fate.example.org", "serving": serving}]
    table = routes(run({"fate:parties": serving_parties(), "fate:peers": peers}))["route_table"]
    assert table["10001"] == {"default": [{"ip": "serving.example.org", "port": 18869}]}


def test_fate_flow_knows_its_serving_server(registered: Recorder, apart: Recorder) -> None:
    assert servings(registered) == ["serving-server:8000"]
    assert servings(apart) == ["b.example.org:8000"]
    assert servings(run()) == []


def test_clusters_on_two_docker_hosts_reach_each_other(apart: Recorder) -> None:
    assert server(apart)["model.transfer.url"] == "http://10.0.0.1:9380/v1/model/transfer"
    assert routes(apart)["route_table"]["10000"]["default"] == [{"ip": "10.0.0.1", "port": 8870}]
    assert routes(apart, 10000)["route_table"]["9999"]["default"] == [
        {"ip": "b.example.org", "port": 8869}
    ]
    networks = [found for found in apart.resources if found.typ == NETWORK]
    assert sorted(found.name for found in networks) == [
        "10000", "9999", "9999-serving", "a-shared", "a-shared-serving", "b-shared",
        "b-shared-serving",
    ]  # fmt: skip


def published(registered: Recorder, container: str) -> set[tuple[int, str]]:
    ports = registered.of(CONTAINER)[f"fate-dev-{container}"].get("ports", [])
    return {(port["external"], port["ip"]) for port in ports}


def test_only_what_others_call_is_open(registered: Recorder, apart: Recorder) -> None:
    assert published(registered, "9999-serving-proxy") == {(8059, "127.0.0.1"), (8869, "0.0.0.0")}
    assert published(registered, "9999-serving-server") == {(8000, "127.0.0.1")}
    # The other Docker host's cluster calls these.
    assert published(apart, "9999-serving-server") == {(8000, "0.0.0.0")}, "its host has a name"
    assert published(apart, "9999-python") == {(9360, "127.0.0.1"), (9380, "10.0.0.1")}


def test_models_outlive_the_container(registered: Recorder) -> None:
    (volume,) = registered.of(CONTAINER)["fate-dev-9999-serving-server"]["volumes"]
    assert volume["containerPath"] == "/root/.fate"
    assert volume["volumeName"] in registered.of(VOLUME)


def test_a_party_waits_once_for_each_cluster(registered: Recorder) -> None:
    waits = {r.name for r in registered.resources if r.name.endswith("-health")}
    assert waits == {"9999-health", "9999-serving-health", "10000-serving-health"}


def test_addresses_are_fixed_and_apart(registered: Recorder) -> None:
    taken = [
        attachment["ipv4Address"]
        for inputs in registered.of(CONTAINER).values()
        for attachment in inputs["networksAdvanced"]
    ]
    assert len(taken) == len(set(taken))


def test_adding_a_serving_cluster_changes_fate_flow_alone(registered: Recorder) -> None:
    before = {r.name: r.inputs for r in run({"fate:parties": serving_parties()[:1]}).resources}
    without = {"id": 9999, "host": "a"}
    after = {r.name: r.inputs for r in run({"fate:parties": [without]}).resources}
    changed = {name for name in after if before[name] != after[name]}
    assert changed == {"9999-python"}


@pytest.mark.parametrize(
    ("here", "there", "names"),
    [
        (Survey(), Survey(), {"a": "9999", "b": "9999-serving"}),
        (network("training"), network("serving"), {"a": "9999", "b": "9999-serving"}),
        # The two clusters change places.
        (network("serving"), network("training"), {"a": "9999-serving", "b": "9999"}),
        # The training cluster leaves the host of the serving cluster.
        (Survey(), network("training"), {"a": "9999-serving", "b": "9999"}),
        # Not a network of this party.
        (
            Survey(),
            network("training", **{"fate.stack": "prod"}),
            {"a": "9999", "b": "9999-serving"},
        ),
    ],
)
def test_a_network_keeps_its_name_whichever_cluster_moves(
    here: Survey, there: Survey, names: dict[str, str]
) -> None:
    both = {"a": here, "b": there}
    # A network of others with this name is reported, which is not what this is about.
    with mock.patch("fate_components.checks.preflight.conflicts", return_value=()):
        found = run({"fate:hosts": HOSTS, "fate:parties": serving_parties(host="b")}, found=both)
    assert networks(found, 9999) == names


def test_a_training_cluster_moves_into_the_network_of_its_serving_cluster() -> None:
    together = [{"id": 9999, "host": "b", "training": {}, "serving": {}}]
    change = {"fate:hosts": HOSTS, "fate:parties": together}
    found = run(change, found={"a": network("training"), "b": network("serving")})
    assert networks(found, 9999) == {"b": "9999-serving"}
    assert networks(run(change), 9999) == {"b": "9999"}


def networks(registered: Recorder, party: int) -> dict[str, str]:
    """The logical name of a party's network on each Docker host."""
    return {
        str(r.provider).split("::")[-2]: r.name
        for r in registered.resources
        if r.typ == NETWORK and labels(r.inputs).get("fate.party") == str(party)
    }
