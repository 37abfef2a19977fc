"""What the program registers and renders for FATE 2."""

import base64
import copy
import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from unittest import mock
from xml.etree import ElementTree

import pytest
import yaml

from fate_components.engines import rabbitmq
from fate_components.party.notebook import TRAINING_JOB
from fate_components.releases.catalogue import load
from tests.support.bad_stack_files import GOOD_2
from tests.support.program import (
    COMMAND,
    CONTAINER,
    IMAGE,
    P,
    Recorder,
    commands,
    file,
    labels,
    run,
    secret,
)

SERVICES = {"mysql", "rabbitmq", "nginx", "fateflow", "client"}
PORTS = load("2.2.0").from_packages.computing_with("standalone").published


@pytest.fixture(scope="module")
def registered() -> Recorder:
    return run(GOOD_2)


def test_each_party_gets_every_service(registered: Recorder) -> None:
    assert sorted(registered.of(CONTAINER)) == sorted(
        f"fate-dev-{party}-{service}" for party in (9999, 10000) for service in SERVICES
    )


def test_official_images_have_a_fateboard() -> None:
    official = run(
        {**GOOD_2, "fate:images": "registry", "fate:parties": GOOD_2["fate:parties"][:1]}
    )
    assert {labels(c)["fate.service"] for c in official.of(CONTAINER).values()} == {
        *SERVICES,
        "fateboard",
    }
    images = {r.inputs["name"] for r in official.resources if r.typ == IMAGE}
    assert "federatedai/fateflow:2.2.0-release" in images
    board = file(official, "9999-fateboard", f"{P}/fate_board/conf/application.properties")
    assert "server.board.login.password=admin" not in board
    assert not [name for name in commands(official) if "images" in name]


def test_images_are_built_once_per_docker_host_before_they_are_used(registered: Recorder) -> None:
    built = commands(registered)["a-images"]
    assert built["create"].startswith(
        "exec .venv/bin/python -m fate_components.images.packages.build --host unix:///var/run/"
    )
    assert "b-images" not in commands(registered), "nothing runs there"
    used = {r.inputs["name"] for r in registered.resources if r.typ == IMAGE}
    assert set(built["environment"]["IMAGES"].split()) == used
    assert all(name.startswith("fate-packages/") for name in used)


def test_spark_has_its_own_image_and_storage() -> None:
    engines = {"computing": "spark_local"}
    spark = run({**GOOD_2, "fate:engines": engines})
    assert "fateflow-spark" in commands(spark)["a-images"]["create"]
    conf = yaml.safe_load(file(spark, "9999-fateflow", f"{P}/fate_flow/conf/service_conf.yaml"))
    assert conf["default_engines"] == {
        "computing": "spark",
        "federation": "rabbitmq",
        "storage": "file",
    }


def test_a_party_can_compute_with_another_engine() -> None:
    other: dict[str, Any] = {"id": 10000, "host": "a", "engines": {"computing": "standalone"}}
    other["training"] = {"publish": {name: 1000 + index for index, name in enumerate(PORTS)}}
    stack = run(
        GOOD_2
        | {
            "fate:engines": {"computing": "spark", "storage": "localfs"},
            "fate:parties": [{"id": 9999, "host": "a"}, other],
        }
    )
    engines = {
        party: yaml.safe_load(file(stack, f"{party}-fateflow", f"{FLOW_CONF}/service_conf.yaml"))[
            "default_engines"
        ]
        for party in (9999, 10000)
    }
    assert engines[9999] == {"computing": "spark", "federation": "rabbitmq", "storage": "file"}
    assert engines[10000] == {
        "computing": "standalone", "federation": "rabbitmq", "storage": "standalone"
    }  # fmt: skip
    masters = [name for name in stack.of(CONTAINER) if "spark" in name]
    assert masters == ["fate-dev-9999-spark-master", "fate-dev-9999-spark-worker"]
    images = commands(stack)["a-images"]["environment"]["IMAGES"]
    assert "fate-packages/fateflow:" in images
    assert "fate-packages/fateflow-spark:" in images


@pytest.mark.parametrize(("theirs", "warned"), [("RabbitMQ", False), ("Pulsar", True)])
def test_a_peer_with_another_federation_engine_is_warned_of(theirs: str, warned: bool) -> None:
    peer = {"id": 10005, "address": "10.1.0.5", "federation": theirs}
    with mock.patch("pulumi.export") as export, mock.patch("pulumi.log.warn") as warn:
        run(GOOD_2 | {"fate:peers": [peer]})
    said = [text for (text,), _ in warn.call_args_list if "party 10005" in text]
    assert dict(call.args for call in export.call_args_list).get("warnings", []) == said
    assert len(said) == warned
    assert all('party 10005 has "pulsar", and this stack rabbitmq' in text for text in said)


def in_cluster(**training: Any) -> Recorder:
    """Party 9999 alone, with a Spark cluster."""
    return run(
        GOOD_2
        | {
            "fate:engines": {"computing": "spark"},
            "fate:parties": [{"id": 9999, "host": "a", "training": training}],
        }
    )


SPARK_CONF = "/etc/spark/spark-defaults.conf"
FLOW_CONF = f"{P}/fate_flow/conf"


def spark_defaults(registered: Recorder, container: str) -> dict[str, str]:
    lines = file(registered, f"9999-{container}", SPARK_CONF).splitlines()
    return {key: value for key, _, value in (line.partition(" ") for line in lines)}


def test_a_spark_cluster_has_a_master_and_workers() -> None:
    cluster = in_cluster(workers=2, cores=6, spark={"cores": 3, "memory": "6g"})
    containers = cluster.of(CONTAINER)
    names = {name.removeprefix("fate-dev-9999-") for name in containers}
    assert names == {*SERVICES, "spark-master", "spark-worker", "spark-worker-2"}
    flow = containers["fate-dev-9999-fateflow"]
    assert "SPARK_CONF_DIR=/etc/spark" in flow["envs"]
    own = [a["ipv4Address"] for a in flow["networksAdvanced"]]
    driver = spark_defaults(cluster, "fateflow")
    assert driver["spark.master"] == "spark://spark-master:7077"
    assert [driver["spark.driver.bindAddress"]] == own
    secrets = set()
    for name in ("spark-master", "spark-worker", "spark-worker-2"):
        container = containers[f"fate-dev-9999-{name}"]
        published = [(p["ip"], p["external"]) for p in container.get("ports") or []]
        assert published == ([("127.0.0.1", 8888)] if name == "spark-master" else [])
        (at,) = container["networksAdvanced"]
        assert at["aliases"] == [name]
        assert f"--host {name} " in container["command"][2]
        secrets.add(spark_defaults(cluster, name)["spark.authenticate.secret"])
        if name != "spark-master":
            assert "--cores 3 --memory 6144m" in container["command"][2]
            # The tables are where FATE Flow has them.
            (shared,) = container["volumes"]
            assert shared in flow["volumes"]
    assert secrets == {driver["spark.authenticate.secret"]}
    assert json.dumps(*secrets) not in json.dumps(
        [{k: v for k, v in r.inputs.items() if secret(v) is None} for r in cluster.resources],
        default=str,
    )


@pytest.mark.parametrize(
    ("training", "executors", "cores", "planned"),
    [
        ({}, 2, 2, 4),
        ({"cores": 1}, 1, 1, 1),
        ({"cores": 3}, 1, 2, 2),
        ({"cores": 2, "workers": 2, "spark": {"cores": 1}}, 2, 1, 2),
        ({"cores": 16, "workers": 2, "spark": {"executors": 4}}, 4, 2, 8),
        ({"cores": 16, "workers": 2}, 2, 2, 12),
        ({"spark": {"executorCores": 8}}, 1, 8, 8),
    ],
)
def test_a_job_in_a_spark_cluster_is_planned_as_spark_runs_it(
    training: dict[str, Any], executors: int, cores: int, planned: int
) -> None:
    cluster = in_cluster(**training)
    jobs = yaml.safe_load(file(cluster, "9999-fateflow", f"{FLOW_CONF}/job_default_config.yaml"))
    assert jobs["job_cores"] == executors * cores
    assert jobs["task_run"]["spark"] == {"num-executors": executors, "executor-cores": cores}
    conf = yaml.safe_load(file(cluster, "9999-fateflow", f"{FLOW_CONF}/service_conf.yaml"))
    assert conf["computing"]["spark"]["cores"] == planned
    assert conf["default_engines"]["storage"] == "file"
    driver = spark_defaults(cluster, "fateflow")
    assert driver["spark.cores.max"] == str(executors * cores)
    assert driver["spark.executor.cores"] == str(cores)


def test_more_workers_change_nothing_else() -> None:
    def registered(workers: int) -> dict[str, str]:
        return {
            f"{r.typ} {r.name}": json.dumps(r.inputs, default=str, sort_keys=True)
            for r in in_cluster(workers=workers).resources
            # What must follow: the wait for health, and the toy job.
            if r.typ != COMMAND or r.name == "a-images"
        }

    two, three = registered(2), registered(3)
    assert two.items() < three.items()
    assert {name.rpartition("-")[2] for name in three.keys() - two.keys()} == {"3"}


A, B = "10.0.0.1", "10.0.0.2"


def across(*, federation: str = "rabbitmq", **workers: int) -> Recorder:
    """Party 9999 alone, with Spark workers on several Docker hosts."""
    party = {
        "id": 9999,
        "hosts": ["a", "b"],
        "training": {"workers": workers, "cores": 4, "spark": {"tables": "/mnt/fate"}},
    }
    return run(
        GOOD_2
        | {
            "fate:images": "registry",
            "fate:engines": {"computing": "spark", "federation": federation},
            "fate:hosts": {
                "a": {"docker": "unix:///var/run/docker.sock", "address": A},
                "b": {"docker": "ssh://root@b.example.org:22", "address": B},
            },
            "fate:parties": [party],
            "fate:peers": [],
        }
    )


@pytest.mark.parametrize(
    ("broker", "path", "listens"),
    [
        ("rabbitmq", "/etc/rabbitmq/rabbitmq.conf", "= 26001"),
        ("pulsar", "/pulsar/conf/standalone.conf", "spark:pulsar://0.0.0.0:26001"),
        ("osx", f"{P}/osx/conf/broker/broker.properties", "grpc.port=26001"),
    ],
)
def test_workers_on_another_docker_host_reach_all_that_they_call(
    broker: str, path: str, listens: str
) -> None:
    spread = across(a=1, b=2, federation=broker)
    containers = {
        name.removeprefix("fate-dev-9999-"): one for name, one in spread.of(CONTAINER).items()
    }
    workers = ("spark-worker", "spark-worker.b", "spark-worker-2.b")
    assert {name for name in containers if "worker" in name} == set(workers)
    published = {
        name: {p["external"] for p in one.get("ports") or [] if p["internal"] == p["external"]}
        for name, one in containers.items()
    }
    for one in containers.values():
        assert {p["ip"] for p in one.get("ports") or [] if p["external"] >= 26000} <= {A, B}
    # What each calls on the other Docker host, by the name that it gets told.
    hosts = {name: file(spread, f"9999-{name}", "/etc/spark/hosts") for name in workers}
    flow = file(spread, "9999-fateflow", "/etc/spark/hosts")
    assert flow == hosts["spark-worker"] == f"{B} spark-worker-2.b\n{B} spark-worker.b\n"
    assert hosts["spark-worker.b"] == hosts["spark-worker-2.b"]
    assert hosts["spark-worker.b"].splitlines() == [
        f"{A} {name}" for name in sorted(("fateflow", broker, "spark-master", "spark-worker"))
    ]
    # And the ports that it calls there.
    driver = spark_defaults(spread, "fateflow")
    assert driver["spark.master"] == "spark://spark-master:26000"
    assert published["spark-master"] >= {26000}
    assert driver["spark.driver.host"] == "fateflow"
    for key in ("spark.driver.port", "spark.driver.blockManager.port"):
        first, tries = int(driver[key]), int(driver["spark.port.maxRetries"])
        assert published["fateflow"] >= set(range(first, first + tries + 1))
    conf = yaml.safe_load(file(spread, "9999-fateflow", f"{FLOW_CONF}/service_conf.yaml"))
    used = conf["federation"][broker]
    assert (used["host"], used["port"]) == (broker, 26001)
    assert published[broker] >= {26001}
    assert listens in file(spread, f"9999-{broker}", path)
    for name in workers:
        (blocks,) = [
            int(variable.rpartition("=")[2])
            for variable in containers[name]["envs"]
            if variable.startswith("JAVA_TOOL_OPTIONS=-Dspark.blockManager.port=")
        ]
        assert published[name] == set(range(blocks, blocks + 16))
        assert spark_defaults(spread, name)["spark.network.crypto.enabled"] == "true"
        # A volume would have Docker create the folder where the file system is not mounted.
        assert not containers[name].get("volumes")
        (tables,) = containers[name]["mounts"]
        assert [tables] == containers["fateflow"]["mounts"]
        assert (tables["type"], tables["source"]) == ("bind", "/mnt/fate/dev/9999")
    assert not published["spark-worker.b"] & published["spark-worker-2.b"]


def test_what_is_on_another_docker_host_is_created_there() -> None:
    by_provider: dict[str, set[str]] = {}
    for resource in across(a=1, b=1).resources:
        if resource.typ == CONTAINER:
            host = str(resource.provider).split("::")[-2]
            by_provider.setdefault(host, set()).add(resource.name)
    assert by_provider["b"] == {"9999-spark-worker.b"}
    assert "9999-spark-worker" in by_provider["a"]


def test_more_workers_elsewhere_replace_nothing() -> None:
    def registered(a: int, b: int) -> dict[str, str]:
        found = {}
        for resource in across(a=a, b=b).resources:
            inputs = dict(resource.inputs)
            files = secret(inputs.get("uploads")) or inputs.get("uploads") or []
            # The program ignores changes of a file that is delivered.
            inputs["uploads"] = [one for one in files if one["file"] != "/etc/spark/hosts"]
            if resource.typ != COMMAND:
                text = json.dumps(inputs, default=str, sort_keys=True)
                found[f"{resource.typ} {resource.name}"] = text
        return found

    one, two = registered(a=1, b=1), registered(a=1, b=2)
    assert one.items() < two.items()
    assert {name.split()[-1] for name in two.keys() - one.keys()} == {"9999-spark-worker-2.b"}


def test_fate_flow_advertises_an_address_of_its_own(registered: Recorder) -> None:
    for party in ("9999", "10000"):
        container = registered.of(CONTAINER)[f"fate-dev-{party}-fateflow"]
        (own,) = container["networksAdvanced"]
        conf = yaml.safe_load(
            file(registered, f"{party}-fateflow", f"{P}/fate_flow/conf/service_conf.yaml")
        )
        assert conf["party_id"] == party
        assert conf["fateflow"]["host"] == own["ipv4Address"]
        assert conf["fateflow"]["proxy_name"] == "nginx"
        assert conf["default_engines"] == {
            "computing": "standalone",
            "federation": "rabbitmq",
            "storage": "standalone",
        }


def test_a_job_asks_for_no_more_cores_than_there_are(registered: Recorder) -> None:
    for party, cores in (("9999", 2), ("10000", 4)):
        path = f"{P}/fate_flow/conf/job_default_config.yaml"
        assert yaml.safe_load(file(registered, f"{party}-fateflow", path))["job_cores"] == cores


def test_brokers_are_routed_to_each_other(registered: Recorder) -> None:
    path = f"{P}/fate_flow/conf/rabbitmq_route_table.yaml"
    assert yaml.safe_load(file(registered, "9999-fateflow", path)) == {
        9999: {"host": "rabbitmq", "port": 5672},
        10000: {"host": "fate-dev-10000-rabbitmq", "port": 5672},
        10001: {"host": "fate.example.org", "port": 5672},
    }


def test_nginx_routes_by_party(registered: Recorder) -> None:
    routes = file(registered, "9999-nginx", f"{P}/proxy/nginx/conf/routes.conf")
    (own,) = registered.of(CONTAINER)["fate-dev-9999-fateflow"]["networksAdvanced"]
    http, grpc = routes.split("map ")[1:]
    assert f"9999 {own['ipv4Address']}:9380;" in http
    assert "10000 fate-dev-10000-nginx:9300;" in http
    assert "10001 fate.example.org:80;" in http
    assert f"9999 {own['ipv4Address']}:9360;" in grpc
    assert "10000 fate-dev-10000-nginx:9310;" in grpc
    assert "10001 fate.example.org:9310;" in grpc
    assert 'default "";' in http


def test_gateways_of_a_docker_host_meet_on_addresses_of_their_own(registered: Recorder) -> None:
    addresses = [
        attachment["ipv4Address"]
        for inputs in registered.of(CONTAINER).values()
        for attachment in inputs["networksAdvanced"]
    ]
    assert len(addresses) == len(set(addresses)) == 14


def test_routes_change_without_the_containers(registered: Recorder) -> None:
    parties = copy.deepcopy(GOOD_2["fate:parties"])
    more = run({**GOOD_2, "fate:peers": [{"id": 10002, "address": "x.org"}]})
    for service, name in (("nginx", "nginx-routes"), ("fateflow", "fateflow-routes")):
        for party in parties:
            inputs = commands(more)[f"{party['id']}-{name}"]
            assert "x.org" in inputs["stdin"], service
            assert inputs["create"] == commands(registered)[f"{party['id']}-{name}"]["create"]


def test_notebooks_know_the_parties_and_follow_the_stack_file(registered: Recorder) -> None:
    path = f"{P}/parties.json"
    assert json.loads(file(registered, "9999-client", path)) == {
        "party": 9999,
        "others": [10000, 10001],
    }
    more = run({**GOOD_2, "fate:peers": [{"id": 10002, "address": "x.org"}]})
    delivered = commands(more)["9999-client-parties"]
    assert json.loads(delivered["stdin"])["others"] == [10000, 10002]
    assert delivered["create"] == commands(registered)["9999-client-parties"]["create"]
    container = more.of(CONTAINER)["fate-dev-9999-client"]
    assert container["command"] == registered.of(CONTAINER)["fate-dev-9999-client"]["command"]


def test_the_notebook_in_the_client_is_a_notebook_whose_code_compiles(registered: Recorder) -> None:
    original = "/usr/local/share/fate/training-job.ipynb"
    notebook = json.loads(file(registered, "9999-client", original))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    cells = notebook["cells"]
    assert len({cell["id"] for cell in cells}) == len(cells)
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert not any(cell["outputs"] or cell["execution_count"] for cell in code)
    compile("\n".join("".join(cell["source"]) for cell in code), original, "exec")
    command = registered.of(CONTAINER)["fate-dev-9999-client"]["command"]
    assert f"[ -e {TRAINING_JOB} ] || cp {original} {TRAINING_JOB}" in command[-1]


def test_rabbitmqs_account_is_as_rabbitmq_checks_it() -> None:
    stored = base64.b64decode(rabbitmq.password_hash("open sesame"))
    salt, digest = stored[:4], stored[4:]
    assert hashlib.sha256(salt + b"open sesame").digest() == digest
    (user,) = json.loads(rabbitmq.definitions("open sesame"))["users"]
    assert user["name"] == "fate"
    assert user["tags"] == "administrator"


def test_only_a_service_without_data_is_soon_killed(registered: Recorder) -> None:
    for name, container in registered.of(CONTAINER).items():
        soon = container["destroyGraceSeconds"] < 60
        assert soon == (labels(container)["fate.service"] == "rabbitmq"), name
        assert not (soon and container.get("volumes")), name


def test_no_password_outside_of_secret_files(registered: Recorder) -> None:
    paths = {
        "mysql": "/run/secrets/mysql-password",
        "rabbitmq": "/run/secrets/rabbitmq-password",
        "client": "/run/secrets/jupyter.json",
    }
    texts = [
        file(registered, f"{party}-{service}", path)
        for party in (9999, 10000)
        for service, path in paths.items()
    ]
    passwords = {
        json.loads(text)["NotebookApp"]["token"] if text[0] == "{" else text for text in texts
    }
    assert len(passwords) == 6
    assert not passwords & {"fate", "fate_dev", ""}
    for resource in registered.resources:
        shown = {k: v for k, v in resource.inputs.items() if secret(v) is None}
        text = json.dumps(shown, default=str)
        assert not any(password in text for password in passwords), resource.name


def test_the_toy_job_depends_on_every_container_of_its_parties(registered: Recorder) -> None:
    job = commands(registered)["verify-9999-10000"]
    assert (
        job["create"] == "exec .venv/bin/python -m fate_components.lines.fate2.toy_job --stack dev"
    )
    assert len(job["triggers"]) == 10
    assert {"GUEST": "9999", "HOST": "10000"}.items() <= job["environment"].items()
    assert not [name for name in commands(run()) if "verify" in name], "only when asked for"
    assert "verify-9999-10000" in commands(run({"fate:verify": True}))


def in_hdfs(**training: Any) -> Recorder:
    """Party 9999 alone, with tables in HDFS, on Docker hosts a and b."""
    workers = {"workers": {"a": 1, "b": 1}} | training
    return run(
        GOOD_2
        | {
            "fate:engines": {"computing": "spark", "storage": "hdfs"},
            "fate:hosts": {
                "a": {"docker": "unix:///var/run/docker.sock", "address": A},
                "b": {"docker": "ssh://root@b.example.org:22", "address": B},
            },
            "fate:parties": [{"id": 9999, "hosts": ["a", "b"], "training": workers}],
        }
    )


def settings_of(registered: Recorder, container: str, file_name: str = "hdfs-site") -> Any:
    text = file(registered, f"9999-{container}", f"/etc/hdfs/{file_name}.xml")
    return {
        one.findtext("name"): one.findtext("value")
        for one in ElementTree.fromstring(text).iter("property")
    }


def test_hdfs_has_a_name_node_and_data_nodes_that_all_reach() -> None:
    cluster = in_hdfs(hdfs={"dataNodes": {"a": 1, "b": 2}})
    containers = {
        name.removeprefix("fate-dev-9999-"): one for name, one in cluster.of(CONTAINER).items()
    }
    nodes = ("data-node", "data-node.b", "data-node-2.b")
    assert {name for name in containers if "node" in name} == {"name-node", *nodes}
    # FATE Flow knows it by a name that stays when ports change.
    conf = yaml.safe_load(file(cluster, "9999-fateflow", f"{FLOW_CONF}/service_conf.yaml"))
    assert conf["default_engines"]["storage"] == "hdfs"
    assert conf["storage"]["hdfs"]["name_node"] == "hdfs://fate"
    client = settings_of(cluster, "fateflow")
    assert client["dfs.namenode.rpc-address.fate.only"] == "name-node:25000"
    assert client["dfs.replication"] == "3"
    assert "HADOOP_CONF_DIR=/etc/hdfs" in containers["fateflow"]["envs"]
    published = {
        name: {(p["ip"], p["external"]) for p in one.get("ports") or []}
        for name, one in containers.items()
    }
    assert published["name-node"] == {("127.0.0.1", 9870), (A, 25000)}
    ports = []
    for name in nodes:
        site = settings_of(cluster, name)
        assert site["dfs.datanode.hostname"] == name
        core = settings_of(cluster, name, "core-site")
        assert core == {"fs.defaultFS": "hdfs://name-node:25000"}
        own = [int(site[f"dfs.datanode.{key}address"].rpartition(":")[2]) for key in ("", "ipc.")]
        assert published[name] == {(B if name.endswith(".b") else A, port) for port in own}
        ports += own
        (volume,) = containers[name]["volumes"]
        assert volume["containerPath"] == "/hadoop/dfs/data"
    assert len(set(ports)) == 6, "the name node may see several hosts at one address"
    away = {"data-node-2.b", "data-node.b", "spark-worker.b"}
    for name in ("fateflow", "data-node", "spark-worker"):
        hosts = file(cluster, f"9999-{name}", "/etc/spark/hosts")
        assert {tuple(line.split()) for line in hosts.splitlines()} == {(B, one) for one in away}
    for name in ("data-node.b", "spark-worker.b"):
        assert f"{A} name-node\n" in file(cluster, f"9999-{name}", "/etc/spark/hosts")
        assert f"{A} data-node\n" in file(cluster, f"9999-{name}", "/etc/spark/hosts")
    assert "/fate_flow/localfs" not in json.dumps([c["volumes"] for c in containers.values()])
    listed = commands(cluster)["9999-data-nodes"]["stdin"]
    assert listed == "data-node\ndata-node.b\ndata-node-2.b\n"


@pytest.mark.parametrize(
    ("set_by_the_image", "found"),
    [
        pytest.param({"CLASSPATH": "/own/*"}, "/own/*", id="package"),
        ({}, "/etc/hdfs:/hadoop/a.jar"),
    ],
)
def test_fate_flow_finds_hadoops_client(
    tmp_path: Path, set_by_the_image: dict[str, str], found: str
) -> None:
    command = in_hdfs().of(CONTAINER)["fate-dev-9999-fateflow"]["command"][2]
    start = command.splitlines()[0]
    hadoop = tmp_path / "hadoop"
    hadoop.write_text('#!/bin/sh\n[ "$*" = "classpath --glob" ] && echo /etc/hdfs:/hadoop/a.jar\n')
    hadoop.chmod(0o755)
    done = subprocess.run(
        ["bash", "-ec", f'{start}\nprintenv CLASSPATH'],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", **set_by_the_image},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == found


def test_hdfs_on_one_docker_host_publishes_its_page_on_loopback_alone() -> None:
    cluster = in_hdfs(workers={"a": 1}, hdfs={"dataNodes": 2})
    containers = cluster.of(CONTAINER)
    published = {
        name.removeprefix("fate-dev-9999-"): [(p["ip"], p["external"]) for p in one["ports"]]
        for name, one in containers.items()
        if "node" in name and one.get("ports")
    }
    assert published == {"name-node": [("127.0.0.1", 9870)]}
    assert settings_of(cluster, "fateflow")["dfs.namenode.rpc-address.fate.only"] == (
        "name-node:9000"
    )
    assert settings_of(cluster, "fateflow")["dfs.replication"] == "2"


def test_more_data_nodes_replace_nothing() -> None:
    def registered(nodes: int) -> dict[str, str]:
        inputs = {}
        for one in in_hdfs(hdfs={"dataNodes": {"a": 1, "b": nodes}}).resources:
            if one.typ == COMMAND:
                continue  # what is told to those that run
            kept = dict(one.inputs)
            uploads = kept.pop("uploads", None) or []
            kept["files"] = [
                upload
                for upload in secret(uploads) or uploads
                if upload["file"] not in ("/etc/hdfs/hdfs-site.xml", "/etc/spark/hosts")
            ]
            inputs[f"{one.typ} {one.name}"] = json.dumps(kept, default=str, sort_keys=True)
        return inputs

    one, two = registered(1), registered(2)
    assert one.items() < two.items()
    assert {name.rpartition(" ")[2] for name in two.keys() - one.keys()} == {"9999-data-node-2.b"}


def test_an_unformatted_name_node_is_formatted_and_no_other(tmp_path: Path) -> None:
    script = file(in_hdfs(), "9999-name-node", "/etc/hdfs/start.sh")
    names, commands = tmp_path / "name", tmp_path / "bin"
    commands.mkdir()
    (commands / "hdfs").write_text('#!/bin/sh\necho "$@"\n')
    (commands / "hdfs").chmod(0o755)

    def started(*files: str) -> list[str]:
        shutil.rmtree(names, ignore_errors=True)
        (names / "current").mkdir(parents=True)
        for one in files:
            (names / "current" / one).write_text("")
        done = subprocess.run(
            ["bash", "-c", script.replace("/hadoop/dfs/name", str(names))],
            env={"PATH": f"{commands}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        )
        return [line.split()[2] for line in done.stdout.splitlines()]

    assert started() == ["namenode", "namenode"]
    assert started("VERSION", "seen_txid", "fsimage.ckpt_0") == ["namenode", "namenode"]
    assert started("VERSION", "fsimage_0000000000000000000") == ["namenode"]
    assert started("edits_inprogress_0000000000000000001") == ["namenode"]
