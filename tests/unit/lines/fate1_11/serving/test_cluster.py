"""A serving cluster of FATE Serving 2.1: what it registers, and what its services read."""

import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from fate_components.releases.catalogue import load
from fate_components.settings import SettingsError
from fate_components.stack_file import parse
from tests.support.bad_stack_files import GOOD
from tests.support.program import CONTAINER, VOLUME, Recorder, secret
from tests.support.stack_files import as_engine
from tests.unit.lines.fate1_11.serving.stacks import (
    HOSTS,
    S,
    config,
    container,
    parties,
    properties,
    registered,
    routes,
    text,
)

ADMINISTRATION = {"serving-zookeeper", "serving-admin"}


@pytest.fixture(scope="module")
def plain() -> Recorder:
    return registered()


@pytest.fixture(scope="module")
def apart() -> Recorder:
    return registered({"fate:hosts": HOSTS}, host="b")


@pytest.fixture(scope="module")
def administered() -> Recorder:
    return registered(admin=True)


def services(found: Recorder, party: int) -> set[str]:
    prefix = f"fate-dev-{party}-serving-"
    return {name.removeprefix(prefix[:-8]) for name in found.of(CONTAINER) if prefix in name}


def published(found: Recorder, name: str) -> set[tuple[int, str]]:
    ports = container(found, name).get("ports", [])
    return {(port["external"], port["ip"]) for port in ports}


def test_a_cluster_has_an_administration_only_if_the_stack_file_says_so(
    plain: Recorder, administered: Recorder
) -> None:
    assert services(plain, 9999) == {"serving-server", "serving-proxy"}
    assert services(administered, 9999) == {"serving-server", "serving-proxy"} | ADMINISTRATION
    assert services(administered, 10000) == {"serving-server", "serving-proxy"}


def test_serving_server_reads_what_it_would_get_wrong_by_itself(plain: Recorder) -> None:
    assert properties(plain, "serving-server") == {
        "port": "8000",
        "useRegister": "false",
        "useZkRouter": "false",
        "proxy": "serving-proxy:8879",
        "model.transfer.url": "http://fateflow:9380/v1/model/transfer",
        "model.cache.path": f"{S}/serving-server",
        "feature.single.adaptor": "com.webank.ai.fate.serving.adaptor.dataaccess.MockAdapter",
        "feature.batch.adaptor": "com.webank.ai.fate.serving.adaptor.dataaccess.MockBatchAdapter",
    }


def test_serving_proxy_has_a_port_for_everyone(plain: Recorder) -> None:
    assert properties(plain, "serving-proxy") == {
        "coordinator": "9999",
        "server.port": "8059",
        "proxy.grpc.intra.port": "8879",
        "proxy.grpc.inter.port": "8869",
        "useZkRouter": "false",
    }


def test_routes_lead_to_the_own_server_and_to_the_proxies_of_others(plain: Recorder) -> None:
    assert routes(plain) == {
        "route_table": {
            "10000": {"default": [{"ip": "fate-dev-10000-serving-proxy", "port": 8869}]},
            "10001": {"default": [{"ip": "fate.example.org", "port": 8869}]},
            "9999": {"serving": [{"ip": "serving-server", "port": 8000}]},
        },
        "permission": {"default_allow": True},
    }


def test_with_an_administration_all_register(administered: Recorder) -> None:
    at = "serving-zookeeper:2181"
    server = properties(administered, "serving-server")
    assert (server["useRegister"], server["useZkRouter"], server["zk.url"]) == ("true", "false", at)
    proxy = properties(administered, "serving-proxy")
    assert (proxy["useZkRouter"], proxy["zk.url"]) == ("true", at)
    admin = properties(administered, "serving-admin")
    assert (admin["server.port"], admin["zk.url"], admin["admin.username"]) == ("8350", at, "admin")
    assert "zk.url" not in properties(administered, "serving-proxy", 10000)


def test_the_log_in_of_the_administration_is_derived_and_secret(administered: Recorder) -> None:
    one = properties(administered, "serving-admin")["admin.password"]
    two = [
        {"id": id, "host": "ab"[n], "serving": {"admin": True}} for n, id in enumerate((9999, 1))
    ]
    both = registered({"fate:hosts": HOSTS, "fate:parties": two})
    assert len(one) == 32
    assert properties(both, "serving-admin")["admin.password"] == one
    assert properties(both, "serving-admin", 1)["admin.password"] != one
    uploads = container(administered, "9999-serving-admin")["uploads"]
    assert secret(uploads) or any(secret(file["content"]) for file in uploads)


def test_a_proxy_in_two_networks_registers_the_address_that_its_cluster_reaches(
    administered: Recorder, plain: Recorder, tmp_path: Path
) -> None:
    attachments = container(administered, "9999-serving-proxy")["networksAdvanced"]
    (own,) = [one["ipv4Address"] for one in attachments if one["name"] == "fate-dev-9999"]
    *_, script = container(administered, "9999-serving-proxy")["command"]
    before, _, _ = script.partition("exec java")
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 localhost\n10.9.9.9 x\n")
    folder = f"cd {S}/serving-proxy && "
    assert before.startswith(folder)
    run = before.removeprefix(folder).replace("/etc/hosts", str(hosts)) + "true"
    subprocess.run(["sh", "-ec", run], check=True)
    first, *others = hosts.read_text().splitlines()
    assert first.split()[0] == own
    assert others == ["127.0.0.1 localhost", "10.9.9.9 x"]
    assert "hosts" not in " ".join(container(plain, "9999-serving-proxy")["command"])


@pytest.mark.parametrize("service", ["serving-server", "serving-proxy", "serving-admin"])
def test_java_is_started_in_its_folder_and_gets_signals(
    administered: Recorder, service: str
) -> None:
    shell, option, script = container(administered, f"9999-{service}")["command"]
    assert (shell, option) == ("sh", "-c")
    assert script.startswith(f"cd {S}/{service} && ")
    assert "exec java " in script
    assert f":fate-{service}.jar' com.webank.ai.fate.serving." in script


@pytest.mark.parametrize("service", ["serving-server", "serving-proxy", "serving-admin"])
def test_logs_go_to_the_containers_output_alone(administered: Recorder, service: str) -> None:
    conf = ElementTree.fromstring(
        text(administered, f"9999-{service}", f"{S}/{service}/conf/log4j2.xml")
    )
    assert [one.tag for one in conf.findall("Appenders/*")] == ["Console"]


def test_models_outlive_the_container(plain: Recorder) -> None:
    (volume,) = container(plain, "9999-serving-server")["volumes"]
    assert volume["containerPath"] == f"{S}/serving-server/.fate"
    assert volume["volumeName"] in plain.of(VOLUME)


def test_no_container_has_more_rights_than_it_needs(administered: Recorder) -> None:
    for name in services(administered, 9999):
        one = container(administered, f"9999-{name}")
        assert one["capabilities"] == {"drops": ["ALL"]}, name
        assert one["securityOpts"] == ["no-new-privileges"]


def test_clusters_on_two_docker_hosts_reach_each_other(apart: Recorder) -> None:
    url = properties(apart, "serving-server")["model.transfer.url"]
    assert url == "http://10.0.0.1:9380/v1/model/transfer"
    assert routes(apart, 10000)["route_table"]["9999"]["default"] == [
        {"ip": "b.example.org", "port": 8869}
    ]
    assert published(apart, "9999-serving-server") == {(8000, "0.0.0.0")}, "its host has a name"
    assert (9380, "10.0.0.1") in published(apart, "9999-fateflow")


def test_only_what_others_call_is_open(administered: Recorder) -> None:
    assert published(administered, "9999-serving-proxy") == {
        (8059, "127.0.0.1"), (8869, "0.0.0.0"),
    }  # fmt: skip
    assert published(administered, "9999-serving-server") == {(8000, "127.0.0.1")}
    assert published(administered, "9999-serving-admin") == {(8350, "127.0.0.1")}
    assert published(administered, "9999-serving-zookeeper") == set()


def test_with_tls_the_edge_stands_before_the_proxy() -> None:
    found = registered({"fate:tls": {"enabled": True}, "fate:peers": []})
    assert "serving-edge" in services(found, 9999)
    assert published(found, "9999-serving-proxy") == {(8059, "127.0.0.1")}
    assert published(found, "9999-serving-edge") == {(8869, "0.0.0.0")}
    (to,) = routes(found)["route_table"]["10000"]["default"]
    assert to["ip"] == "serving-edge"


def test_the_check_of_a_cluster_runs_after_an_update() -> None:
    found = registered({"fate:verify": True, "fate:parties": parties()[1:]})
    (check,) = [one.inputs for one in found.resources if one.name == "verify-serving-10000"]
    assert "fate_components.lines.fate1_11.serving.check" in str(check)


def test_an_adapter_of_fate_needs_only_its_name() -> None:
    url = "http://features.example.org:8080/get"
    found = registered(adapter="HttpAdapter", adapterUrl=url, batchAdapter="org.example.Mine")
    conf = properties(found, "serving-server")
    package = "com.webank.ai.fate.serving.adaptor.dataaccess"
    assert conf["feature.single.adaptor"] == f"{package}.HttpAdapter"
    assert conf["http.adapter.url"] == url
    assert conf["feature.batch.adaptor"] == "org.example.Mine"


@pytest.mark.parametrize(
    ("serving", "key", "says"),
    [
        ({"adapter": "HttpAdapter"}, "serving", "has adapter HttpAdapter but no adapterUrl"),
        ({"adapter": "my adapter"}, "serving.adapter", "is not the name of a Java class"),
        ({"adapterUrl": "features"}, "serving.adapterUrl", "is not a URL"),
        ({"host": "z"}, "serving.host", "not one of the Docker hosts"),
        ({"publish": {"serving-admin": 8351}}, "serving.publish.serving-admin", "choose from"),
        ({"services": {"serving-zookeeper": {"memory": "1g"}}}, "serving.services", "choose from"),
    ],
)
def test_mistakes_are_told(serving: dict[str, Any], key: str, says: str) -> None:
    stack = as_engine({**GOOD, **config(**serving)})
    with pytest.raises(SettingsError) as error:
        parse(stack, {"fate:masterSecret"}, "dev")
    assert f"fate:parties[0].{key}" in str(error.value)
    assert says in str(error.value)


def test_each_service_has_an_address_of_its_own() -> None:
    addresses = [one.address for one in load("1.11.2").serving.values()]
    assert len(set(addresses)) == len(addresses)
    assert all(20 <= one <= 29 for one in addresses)
