"""What is taken over of a party that KubeFATE v1.9.0 to v1.11.2 runs."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from fate_components.docker.client import cli
from fate_components.docker.client.daemon import Daemon
from fate_components.kubefate import running, takeover
from fate_components.lines.fate1_11.kubefate import FROM_KUBEFATE
from fate_components.operate.backup.database import Database
from fate_components.party.deployed import Deployed, Found, PartyError
from fate_components.releases import catalogue

HOST = "ssh://fate@10.0.0.1:22"
CONFS, SERVING, DIR = "confs-9999", "serving-9999", "/data/projects/fate"
SHARED = f"{DIR}/{CONFS}/shared_dir/data"
DATA = FROM_KUBEFATE.data


def container(project: str, service: str, **mounts: str) -> dict[str, Any]:
    """A container with folders of its Docker host, or with volumes."""
    labels = {"com.docker.compose.project": project, "com.docker.compose.service": service}
    return {
        "Name": f"/{project}-{service}-1",
        "Id": f"{project}-{service}",
        "Image": "sha256:1",
        "Config": {"Labels": labels, "Image": f"federatedai/{service}:1.11.2-release"},
        "State": {"Status": "running"},
        "Mounts": [
            {"Destination": path, "Source": source}
            | ({} if source.startswith("/") else {"Name": source, "Source": "/var/lib/docker/x"})
            for path, source in mounts.items()
        ],
    }


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> None:
    flow, logs = f"{DIR}/fateflow", f"{CONFS}_fate_flow_logs"
    of_flow = {
        f"{DIR}/fate/python/federatedml": f"{CONFS}_shared_dir_federatedml",
        f"{flow}/logs": logs,
        f"{flow}/model_local_cache": f"{SHARED}/model_local_cache",
    }
    of_serving = {
        "/data/projects/fate-serving/serving-server/.fate": f"{DIR}/{SERVING}/data/server"
    }
    there = [
        container(CONFS, "mysql", **{"/var/lib/mysql": f"{SHARED}/mysql"}),
        container(CONFS, "rollsite"),
        container(CONFS, "nodemanager", **{f"{DIR}/eggroll/data": f"{SHARED}/nodemanager"}),
        container(CONFS, "fateflow", **of_flow),
        container(CONFS, "fateboard", **{f"{flow}/logs": logs}),
        container(SERVING, "serving-server", **of_serving),
        container(SERVING, "serving-zookeeper", **{"/bitnami/zookeeper": f"{DIR}/zookeeper"}),
    ]

    def run(host: str, command: str, *arguments: str) -> str:
        found = {one["Id"]: one for one in there}
        if command == "ps":
            project = arguments[-1].rpartition("=")[2]
            return "\n".join(id for id in found if id.startswith(f"{project}-"))
        return json.dumps([found[id] for id in arguments])

    monkeypatch.setattr(running, "docker", run)
    monkeypatch.setattr(Daemon, "modified", lambda *_: datetime.now(UTC))


@pytest.mark.usefixtures("docker")
def test_a_party_of_fate_1_11_is_found_with_its_data() -> None:
    found = running.find(9999, [HOST], DATA)
    assert {(one.part, one.owner.service, one.mount) for one in found.data} == {
        ("nodemanager", "kubefate-nodemanager", f"{SHARED}/nodemanager"),
        ("fateflow-logs", "kubefate-fateflow", f"{CONFS}_fate_flow_logs"),
        ("fateflow-model", "kubefate-fateflow", f"{SHARED}/model_local_cache"),
        ("fateflow-jobs", "kubefate-fateflow", None),
        ("serving-server", "kubefate-serving-server", f"{DIR}/{SERVING}/data/server"),
    }
    assert found.party.mysql
    assert found.party.mysql.name == f"{CONFS}-mysql-1"


@pytest.mark.parametrize("release", [name for name in catalogue.known() if name > "1.11"])
def test_data_belongs_to_services_of_the_release(release: str) -> None:
    facts = catalogue.load(release)
    services = {**facts.services, **facts.serving}
    missing = {service for service, _ in DATA.values()} - services.keys()
    assert facts.line != "fate1_11" or missing <= {"serving-server"}


def test_data_is_that_of_releases_that_can_be_taken_over() -> None:
    able = [name for name in catalogue.known() if takeover._takes_over(name)]
    assert {"1.3.0", "1.11.2"} <= {*able}
    assert "2.2.0" not in able


class Docker:
    """A server of MySQL that the test plays."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *databases: str) -> None:
        self.databases, self.ran = databases, [""]
        monkeypatch.setattr(cli, "run", self.run)
        monkeypatch.setattr(cli, "output", self.output)

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], stdin: str, timeout: float
    ) -> subprocess.CompletedProcess[str]:
        self.ran.append(stdin)
        rows = self.databases if "information_schema" in stdin else ("t_job",)
        return subprocess.CompletedProcess([], 0, "\n".join(rows), "")

    def output(self, arguments: Sequence[str], environment: Mapping[str, str]) -> Iterator[bytes]:
        self.ran.append(arguments[-1])
        yield b"-- Dump completed"


def server() -> Database:
    found = Found("mysql", "1", "mysql", "image", "running", (), HOST)
    return Database(Deployed("kubefate", "9999", (found,)), found, running.as_root)


def test_the_database_is_the_one_with_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    docker = Docker(monkeypatch, "fate_flow")
    database = server().named_by_its_jobs()
    assert list(database.dump())
    assert docker.ran[-1].endswith("--default-character-set=utf8mb4 fate_flow")
    database.running_jobs()
    assert "FROM `fate_flow`.t_job" in docker.ran[-1]


def test_without_any_job_the_database_has_its_usual_name(monkeypatch: pytest.MonkeyPatch) -> None:
    docker = Docker(monkeypatch)
    assert list(server().named_by_its_jobs().dump())
    assert docker.ran[-1].endswith(" fate")


def test_several_databases_with_jobs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    Docker(monkeypatch, "flow", "fate_flow")
    with pytest.raises(PartyError, match="have a table t_job: fate_flow, flow; move all"):
        server().named_by_its_jobs()
