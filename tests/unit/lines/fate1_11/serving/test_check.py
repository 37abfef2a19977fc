"""The check of a serving cluster, with its containers played by the test."""

import json
import subprocess
from collections.abc import Sequence

import pytest
import yaml

from fate_components.docker.client.containers import Containers
from fate_components.lines.fate1_11.serving.check import broken
from tests.unit.lines.fate1_11.serving.stacks import S

ROUTES = {
    "route_table": {
        "9999": {"serving": [{"ip": "serving-server", "port": 8000}]},
        "10000": {"default": [{"ip": "b.example.org", "port": 8869}]},
    }
}
FILES = {
    f"{S}/serving-proxy/conf/route_table.json": json.dumps(ROUTES),
    f"{S}/serving-server/conf/serving-server.properties": "port=8000\n"
    "model.transfer.url=http://fateflow:9380/v1/model/transfer\n",
    "/data/projects/fate/conf/service_conf.yaml": yaml.safe_dump(
        {"servings": {"hosts": ["serving-server:8000"]}}
    ),
}


class Played:
    """What the containers of party 9999 answer."""

    def __init__(self) -> None:
        self.code = 104
        self.wget: dict[str, str] = {}  # what wget complains of, by URL
        self.files = dict(FILES)
        self.shell_fails = False

    def exec(
        self, containers: Containers, service: str, command: Sequence[str], stdin: str = "",
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:  # fmt: skip
        def done(stdout: str = "", stderr: str = "") -> subprocess.CompletedProcess[str]:
            return subprocess.CompletedProcess(list(command), int(bool(stderr)), stdout, stderr)

        if "--post-data" in command:
            return done(json.dumps({"retcode": self.code, "retmsg": ""}))
        if command[0] == "wget":
            return done(stderr=self.wget.get(command[-1], ""))
        if command[0] == "bash":
            assert service == "fateflow"
            return done(stderr="refused" if self.shell_fails else "")
        return done(self.files[command[-1]])


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Played:
    found = Played()
    monkeypatch.setattr(
        Containers, "exec", lambda containers, *args, **more: found.exec(containers, *args)
    )
    missing = {"serving-edge"}
    monkeypatch.setattr(
        Containers, "state", lambda _, service: "missing" if service in missing else "running"
    )
    return found


def found() -> list[str]:
    cluster = Containers("dev", "9999", "unix:///x.sock")
    return list(broken(cluster, cluster))


def test_no_model_means_that_the_way_is_whole(played: Played) -> None:
    assert found() == []


def test_each_code_names_its_cause(played: Played) -> None:
    played.code = 105
    (error,) = found()
    assert "fails with 105: the guest's own serving-server" in error


def test_every_way_that_leads_nowhere_is_named(played: Played) -> None:
    played.wget = {
        "http://b.example.org:8869/": "wget: can't connect to remote host: Connection refused",
        "http://fateflow:9380/": "wget: bad address 'fateflow:9380'",
    }
    played.shell_fails = True
    to_peer, to_flow, from_flow = found()
    assert "cannot reach serving-proxy of party 10000 at b.example.org:8869" in to_peer
    assert "serving-server of party 9999 cannot reach FATE Flow at fateflow:9380" in to_flow
    assert "FATE Flow of party 9999 cannot reach serving-server at serving-server:8000" in from_flow


def test_a_fate_flow_that_is_not_there_yet_knows_no_serving_server(played: Played) -> None:
    played.files["/data/projects/fate/conf/service_conf.yaml"] = ""
    assert found() == []
