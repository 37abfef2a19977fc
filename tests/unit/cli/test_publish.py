"""fatectl publish, with FATE Flow and serving-proxy played by the test."""

import base64
import json
import subprocess
from collections.abc import Sequence
from typing import Any

import pytest
from typer.testing import CliRunner

from fate_components.cli import publish
from fate_components.cli.__main__ import app
from fate_components.docker.client.containers import Containers
from fate_components.operate.stack import Stack
from fate_components.stack_file import parse
from tests.support.bad_stack_files import GOOD
from tests.support.stack_files import as_engine, serving_parties

JOB = "2020010203"
CONF = {
    "role": {"guest": [9999], "host": [10001], "arbiter": [10001]},
    "job_parameters": {"model_id": "arbiter-10001#guest-9999#host-10001#model"},
}
LOADED = {"guest": {"9999": 0}, "host": {"10001": 0}, "arbiter": {"10001": 0}}


class Party:
    """What the containers of party 9999 answer."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = [
            {"f_status": "success", "f_runtime_conf": json.dumps(CONF)}
        ]
        self.load: dict[str, Any] = {"retcode": 0, "data": LOADED}
        self.bind: dict[str, Any] = {"retcode": 0}
        self.inference: dict[str, Any] = {"retcode": 0, "data": {"prob": 0.7, "retcode": 0}}
        self.cold: list[dict[str, Any]] = []  # answers before that
        self.bindings = ""  # what serving-server keeps
        self.asked: dict[str, Any] = {}

    def exec(
        self, containers: Containers, service: str, command: Sequence[str], stdin: str = "",
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:  # fmt: skip
        assert containers.id == "9999"
        if service == "serving-server":
            assert command[-1] == "/root/.fate/publishOnlineStore.cache"
            return subprocess.CompletedProcess(list(command), 0, self.bindings, "")
        answers = {
            "/v1/job/query": {"retcode": 0, "data": self.rows},
            "/v1/model/load": self.load,
            "/v1/model/bind": self.bind,
            "/federation/v1/inference": self.cold[0] if self.cold else self.inference,
        }
        (path,) = [path for path in answers if command[-1].endswith(path)]
        body = stdin if service == "python" else command[list(command).index("--post-data") + 1]
        self.asked[path] = json.loads(body)
        if path == "/federation/v1/inference":
            self.cold = self.cold[1:]
        return subprocess.CompletedProcess(list(command), 0, json.dumps(answers[path]), "")


@pytest.fixture
def party(monkeypatch: pytest.MonkeyPatch) -> Party:
    played = Party()
    config = as_engine({**GOOD, "fate:parties": serving_parties()})
    settings, release = parse(config, {"fate:masterSecret"}, "dev")
    monkeypatch.setattr(publish, "read", lambda name: Stack("dev", settings, release))
    monkeypatch.setattr(
        Containers, "exec", lambda containers, *args: played.exec(containers, *args)
    )
    return played


def fatectl(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["publish", JOB, "--service", "credit", *arguments])
    return done.exit_code, done.output


def test_a_model_is_loaded_bound_and_tried(party: Party) -> None:
    code, said = fatectl("--features", '{"x0": 1.5}')
    assert code == 0, said
    assert '{"prob": 0.7, "retcode": 0}' in said
    wanted = {
        "initiator": {"party_id": "9999", "role": "guest"},
        "role": {"guest": ["9999"], "host": ["10001"], "arbiter": ["10001"]},
        "job_parameters": {
            "work_mode": 1,
            "model_id": "arbiter-10001#guest-9999#host-10001#model",
            "model_version": JOB,
        },
    }
    assert party.asked["/v1/model/load"] == wanted
    assert party.asked["/v1/model/bind"] == {**wanted, "service_id": "credit", "servings": []}
    request = party.asked["/federation/v1/inference"]
    assert request["head"] == {"serviceId": "credit"}
    assert request["body"]["featureData"] == {"x0": 1.5}


def test_each_trial_request_has_a_device_of_its_own(party: Party) -> None:
    devices = set()
    for _ in range(2):
        fatectl()
        request = party.asked["/federation/v1/inference"]
        devices.add(request["body"]["sendToRemoteFeatureData"]["device_id"])
    assert len(devices) == 2


@pytest.mark.parametrize(
    ("code", "says"), [(100, "its serving-server cannot be reached"), (101, "has no such model")]
)
def test_a_party_that_fails_is_named_although_fate_flow_says_0(
    party: Party, code: int, says: str
) -> None:
    party.load = {"retcode": 0, "data": {**LOADED, "host": {"10001": code}}}
    exit_code, said = fatectl()
    assert exit_code == 1
    assert says in said
    assert "could not be loaded at party 10001 (host)" in said
    assert "/v1/model/bind" not in party.asked


def test_the_guests_share_alone_is_no_success(party: Party) -> None:
    party.inference = {"retcode": 0, "data": {"prob": 0.4, "retcode": 2000}}
    code, said = fatectl()
    assert code == 1
    assert "2000: the host's part failed" in said


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([], f"no party of this stack was the guest of job {JOB}"),
        ([{"f_status": "failed", "f_runtime_conf": "{}"}], "did not succeed: it is failed"),
        (
            [{"f_status": "success", "f_runtime_conf": '{"role": {}, "job_parameters": {}}'}],
            "has trained no model",
        ),
    ],
)
def test_a_job_without_a_model(party: Party, rows: list[dict[str, Any]], says: str) -> None:
    party.rows = rows
    code, said = fatectl()
    assert code == 1
    assert says in " ".join(said.split())


def test_features_must_be_a_map(party: Party) -> None:
    code, said = fatectl("--features", "[1]")
    assert code == 1
    assert "'[1]' is not a JSON map" in said


def test_a_cold_server_is_asked_again(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    party.cold = [{"code": "107", "message": "NET_ERROR"}] * 2
    code, said = fatectl()
    assert code == 0, said
    assert len(pauses) == 2
    party.inference = {"code": "107", "message": "NET_ERROR"}
    code, said = fatectl()
    assert code == 1
    assert "107: a serving-proxy or serving-server on the way cannot be reached" in said
    assert len(pauses) == 2 + 4


def bound(service: str, version: str) -> str:
    """A line of serving-server's publishOnlineStore.cache, with the fields in another order."""
    model = b"\x0a\x05guest\x12" + bytes([len(version)]) + version.encode()
    long = b"\x12\xac\x02" + bytes(300)  # a field that is longer than one byte can tell
    name = b"\x22" + bytes([len(service)]) + service.encode()
    request = b"\x1a" + bytes([len(model)]) + model + long + name
    return "$1$ML$abc=" + base64.b64encode(request).decode() + ":1606295400000"


def test_a_second_name_for_a_model_is_warned_of(party: Party) -> None:
    others = [bound("other", "2020010204"), "no line", "key=???:1"]
    party.bindings = "\n".join(["", bound("credit", JOB), *others])
    assert "keeps one service per model" not in " ".join(fatectl()[1].split())
    party.bindings = "\n".join(["", bound("score", JOB), *others])
    code, said = fatectl()
    assert code == 0
    said = " ".join(said.split())
    assert "the model is published as score, which answers until" in said
    assert "other" not in said
    party.bindings = ""
    assert "keeps one service per model" not in fatectl()[1]
