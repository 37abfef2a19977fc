"""The check of a serving cluster, with its containers played by the test."""

import json
import subprocess
from collections.abc import Sequence

import pytest

from fate_components.docker.client.containers import Containers
from fate_components.lines.fate1_3.serving.check import broken, main

ROUTES = {
    "route_table": {
        "9999": {"serving": [{"ip": "serving-server", "port": 8000}]},
        "10000": {"default": [{"ip": "b.example.org", "port": 8869}]},
    }
}


class Played:
    """What the containers of party 9999 answer."""

    def __init__(self) -> None:
        self.code, self.key = 1104, "retcode"
        self.wget: dict[str, str] = {}  # what wget complains of, by URL
        self.shell_fails = False

    def exec(
        self, containers: Containers, service: str, command: Sequence[str], stdin: str = "",
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:  # fmt: skip
        def done(stdout: str = "", stderr: str = "") -> subprocess.CompletedProcess[str]:
            return subprocess.CompletedProcess(list(command), int(bool(stderr)), stdout, stderr)

        if "--post-data" in command:
            return done(json.dumps({self.key: str(self.code)}))
        if command[0] == "wget":
            return done(stderr=self.wget.get(command[-1], ""))
        if command[0] == "bash":
            return done(stderr="refused" if self.shell_fails else "")
        return done(
            {
                "route_table.json": json.dumps(ROUTES),
                "serving-server.properties": "model.transfer.url=http://python:9380/v1/model\n",
                "server_conf.json": json.dumps({"servers": {"servings": ["serving-server:8000"]}}),
            }[command[-1].rpartition("/")[2]]
        )


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Played:
    played = Played()
    monkeypatch.setattr(
        Containers, "exec", lambda containers, *args, **more: played.exec(containers, *args)
    )
    monkeypatch.setattr(
        Containers,
        "state",
        lambda _, service: "missing" if service == "serving-edge" else "running (healthy)",
    )
    return played


def found() -> list[str]:
    cluster = Containers("dev", "9999", "unix:///x.sock")
    return list(broken(cluster, cluster))


def test_no_model_means_that_the_way_is_whole(played: Played) -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("code", "says"), [(107, "cannot be reached"), (109, "does not permit"), (110, "its Redis")]
)
def test_each_code_names_its_cause(played: Played, code: int, says: str) -> None:
    played.code = code
    (error,) = found()
    assert f"fails with {code}: " in error
    assert says in error
    played.key = "code"  # serving-proxy's own errors
    assert found() == [error]


def test_a_peer_that_refuses_is_named(played: Played) -> None:
    url = "http://b.example.org:8869/"
    played.wget[url] = "wget: can't connect to remote host: Connection refused"
    (error,) = found()
    assert "serving-proxy of party 9999 cannot reach serving-proxy of party 10000 at" in error
    played.wget[url] = "wget: error getting response"
    assert found() == [], "gRPC answers no HTTP request, but something listens there"


def test_ways_to_and_from_fate_flow_are_tried(played: Played) -> None:
    played.wget["http://python:9380/"] = "wget: bad address 'python:9380'"
    played.shell_fails = True
    to_flow, from_flow = found()
    assert "serving-server of party 9999 cannot reach FATE Flow at python:9380" in to_flow
    assert "FATE Flow of party 9999 cannot reach serving-server at serving-server:8000" in from_flow


def test_a_cold_server_is_asked_again(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    played.code, pauses = 107, list[float]()

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            played.code = 1104

    monkeypatch.setattr("time.sleep", sleep)
    monkeypatch.setattr("sys.argv", ["check", "--stack", "dev"])
    monkeypatch.setenv("PARTY", "9999")
    monkeypatch.setenv("SERVING_DOCKER", "unix:///x.sock")
    main()
    assert len(pauses) == 2
