"""What the program registers and renders for FATE 1.11."""

import json
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from fate_components import lines
from fate_components.docker.client.containers import Containers
from fate_components.jobs.flow_v1 import FlowError
from fate_components.line import Line
from fate_components.lines.fate1_11 import cluster_manager, toy_job
from fate_components.releases.catalogue import load
from fate_components.settings import SettingsError
from fate_components.stack_file import parse
from tests.support.program import COMMAND, CONTAINER, Recorder, commands, file, labels, run
from tests.support.stack_files import as_engine

SERVICES = {
    "mysql", "rollsite", "clustermanager", "nodemanager", "fateflow", "client", "fateboard",
}  # fmt: skip
E = "/data/projects/fate/eggroll"
PORTS = load("1.11.2").published
LINE: Line = lines.of(load("1.11.2"))


def config(**change: Any) -> dict[str, Any]:
    """Two parties on one Docker host, the first with two node managers."""
    elsewhere = {name: port + 1 for name, port in PORTS.items()}
    return {
        "fate:release": "1.11.2",
        "fate:hosts": {"a": {"docker": "unix:///var/run/docker.sock", "address": "10.0.0.1"}},
        "fate:parties": [
            {"id": 9999, "host": "a", "training": {"nodemanagers": 2, "cores": 4}},
            {"id": 10000, "host": "a", "training": {"publish": elsewhere}},
        ],
        "fate:peers": [],
        "fate:verify": True,
        "fate:masterSecret": "correct-horse-battery-staple",
        **{f"fate:{key}": value for key, value in change.items()},
    }


@pytest.fixture(scope="module")
def registered() -> Recorder:
    return run(config())


def test_each_node_manager_needs_its_memory() -> None:
    plan = lines.plan(*parse(as_engine(config()), {"fate:masterSecret"}, "dev"), "dev")
    two, one = (party.clusters["training"].needs["a"].memory for party in plan.parties)
    assert two - one == load("1.11.2").services["nodemanager"].uses_memory


def properties(recorder: Recorder, name: str) -> dict[str, str]:
    text = file(recorder, name, f"{E}/conf/eggroll.properties")
    first, *rest = text.splitlines()
    assert first == "[eggroll]", "Eggroll's Python reads this section"
    return dict(line.split("=", 1) for line in rest)


def routes(recorder: Recorder, name: str) -> dict[str, Any]:
    table = json.loads(file(recorder, name, f"{E}/conf/route_table.json"))
    assert table["permission"] == {"default_allow": True}
    return dict(table["route_table"])


def test_each_party_gets_every_service(registered: Recorder) -> None:
    wanted = {f"fate-dev-{party}-{name}" for party in (9999, 10000) for name in SERVICES}
    containers = registered.of(CONTAINER)
    assert set(containers) == wanted | {"fate-dev-9999-nodemanager-2"}
    assert {labels(one)["fate.service"] for one in containers.values()} == SERVICES


def test_only_the_cluster_manager_knows_the_password_of_the_database(registered: Recorder) -> None:
    key = "eggroll.resourcemanager.clustermanager.jdbc.password"
    for name in ("rollsite", "nodemanager", "nodemanager-2", "fateflow"):
        assert key not in properties(registered, f"9999-{name}")
    found = properties(registered, "9999-clustermanager")
    conf = yaml.safe_load(
        file(registered, "9999-fateflow", "/data/projects/fate/conf/service_conf.yaml")
    )
    assert found[key] == conf["database"]["passwd"]
    command = registered.of(CONTAINER)["fate-dev-9999-clustermanager"]["command"][-1]
    assert "grep --line-buffered -v '^config key '" in command, "it prints what it reads"


def test_each_node_manager_has_a_name_and_an_address_of_its_own(registered: Recorder) -> None:
    names = ("nodemanager", "nodemanager-2")
    key = "eggroll.resourcemanager.nodemanager.host"
    assert [properties(registered, f"9999-{name}")[key] for name in names] == [*names]
    containers = [registered.of(CONTAINER)[f"fate-dev-9999-{name}"] for name in names]
    octets = [one["networksAdvanced"][0]["ipv4Address"].rpartition(".")[2] for one in containers]
    assert octets == ["32", "33"]
    assert containers[0]["volumes"] != containers[1]["volumes"], "two must never share their data"
    conf = yaml.safe_load(
        file(registered, "9999-fateflow", "/data/projects/fate/conf/service_conf.yaml")
    )
    assert conf["fate_on_eggroll"]["clustermanager"] == {"cores_per_node": 4, "nodes": 2}


def test_a_rollsite_recognizes_what_is_its_own(registered: Recorder) -> None:
    keys, table = properties(registered, "9999-rollsite"), routes(registered, "9999-rollsite")
    (own,) = table["9999"]["default"]
    assert (own["ip"], str(own["port"])) == (
        keys["eggroll.rollsite.host"], keys["eggroll.rollsite.port"],
    )  # fmt: skip
    assert [*table] == ["10000", "9999"], "without an exchange there is no default"
    assert table["10000"]["default"] == [{"ip": "fate-dev-10000-rollsite", "port": 9370}]
    assert table["9999"]["fateflow"][0]["port"] == 9360


def test_behind_an_exchange_there_are_no_direct_routes() -> None:
    recorder = run(config(exchange={"host": "a", "port": 9372}))
    assert [*routes(recorder, "9999-rollsite")] == ["default", "9999"]
    assert set(routes(recorder, "exchange")) == {"9999", "10000"}
    assert properties(recorder, "exchange")["eggroll.rollsite.port"] == "9370"
    others = json.loads(file(recorder, "9999-client", "/data/projects/fate/parties.json"))
    assert others == {"party": 9999, "others": [10000]}


def test_the_tables_are_those_of_eggroll_2(registered: Recorder) -> None:
    (sql,) = (
        one.inputs["stdin"]
        for one in registered.resources
        if one.typ == COMMAND and one.name == "9999-eggroll-tables"
    )
    assert "partitioner VARCHAR" in sql
    assert "key_serdes_type" not in sql
    assert "server_node (" in sql
    assert "INSERT" not in sql, "node managers register themselves"


def test_nodes_that_do_not_register_are_set() -> None:
    wanted = [("clustermanager", 4670, "CLUSTER_MANAGER"), ("nodemanager", 4671, "NODE_MANAGER")]
    sql = cluster_manager.statements(wanted)
    assert "SELECT 'nodemanager' AS host, 4671 AS port, 'NODE_MANAGER' AS node_type" in sql
    assert cluster_manager.rows(wanted)[1] == "nodemanager\t4671\tNODE_MANAGER"


def test_an_up_ends_with_a_toy_job(registered: Recorder) -> None:
    assert (
        "lines.fate1_11.toy_job --stack dev" in commands(registered)["verify-9999-10000"]["create"]
    )


@pytest.mark.parametrize(
    ("training", "said"),
    [
        ({"cores": 3}, "fate:parties[0].training.cores: 3 on 1 node managers are too few"),
        ({"nodemanagers": 2, "cores": 1}, "set it to 2 or more"),
        ({"nodemanagers": 101}, "fate:parties[0].training.nodemanagers"),
        ({"eggs": 2}, "fate:parties[0].training.eggs: is not supported by FATE 1.11.2"),
        ({"place": {"nodemanager": "b"}}, "which Docker cannot publish"),
        ({"place": {"fateboard": "b"}}, "reads the log files of FATE Flow"),
    ],
)
def test_what_cannot_work_is_told(training: dict[str, Any], said: str) -> None:
    hosts = {name: {"docker": f"ssh://{name}", "address": f"10.0.0.{n}"} for n, name in
             enumerate("ab", 1)}  # fmt: skip
    given = config(hosts=hosts, parties=[{"id": 9999, "hosts": ["a", "b"], "training": training}])
    with pytest.raises(SettingsError) as error:
        parse(as_engine(given), {"fate:masterSecret"}, "dev")
    assert said in str(error.value)


def test_a_card_of_a_peer_becomes_its_keys() -> None:
    settings, _ = parse(as_engine(config()), {"fate:masterSecret"}, "dev")
    assert settings.peer_keys({"rollsite": ("b.example.org", 9371)}) == {
        "address": "b.example.org",
        "port": 9371,
    }
    with pytest.raises(ValueError, match=r"that FATE 1\.11\.2 cannot call: proxy"):
        settings.peer_keys({"proxy": ("b.example.org", 9371)})


def answers(monkeypatch: pytest.MonkeyPatch, given: Mapping[str, object]) -> list[str]:
    """Let FATE Flow give the same answer to everything; returns what it is asked."""
    asked: list[str] = []

    def run(
        _: Containers, service: str, script: str, stdin: str = "", timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        asked.append(stdin)
        return subprocess.CompletedProcess([], 0, json.dumps(given), "")

    monkeypatch.setattr(Containers, "run", run)
    return asked


PARTY = Containers("dev", "9999", "unix:///var/run/docker.sock")


def test_the_toy_job_is_submitted_for_both_parties(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, {"retcode": 0, "jobId": "2026"})
    assert toy_job.submit(PARTY, Containers("dev", "10000", "")) == "2026"
    conf = json.loads(asked[0])["job_runtime_conf"]
    assert conf["role"] == {"guest": [9999], "host": [10000]}
    answers(monkeypatch, {"retcode": 103, "retmsg": "max cores per job is 2"})
    with pytest.raises(FlowError, match="party 9999 rejected the job: max cores per job is 2"):
        toy_job.submit(PARTY, PARTY)


def test_a_waiting_job_says_for_what(monkeypatch: pytest.MonkeyPatch) -> None:
    conf = {"fate_on_eggroll": {"clustermanager": {"cores_per_node": 4, "nodes": 2}}}
    answers(monkeypatch, conf)  # YAML reads JSON
    common = {"role": "guest", "party_id": "9999", "cores": 8, "initiator_party_id": "9999"}
    rows = [
        {**common, "job_id": "1", "status": "running", "resource_in_use": True},
        {**common, "job_id": "2", "status": "waiting", "create_time": 2},
        {**common, "job_id": "3", "status": "waiting", "create_time": 3, "cores": 0},
    ]
    waits = LINE.fate_flow.waits(PARTY, rows, datetime.now(UTC))
    assert waits == {
        ("2", "guest", "9999"): "waits for cores: 8 of 8 in use by 1",
        ("3", "guest", "9999"): "waits behind 2",
    }
