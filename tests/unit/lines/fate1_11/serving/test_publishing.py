"""Publishing a model with FATE Flow 1.11, whose containers are played by the test."""

import json
import subprocess
from collections.abc import Sequence
from typing import Any

import pytest

from fate_components.docker.client.containers import Containers
from fate_components.line import Publication, PublishError
from fate_components.lines.fate1_11.serving.publishing import publish

JOB, DEPLOYED = "202401010101010101010", "202401010202020202020"
MODEL = "arbiter-10000#guest-9999#host-10000#model"
CONF = {
    "dsl_version": 2,
    "role": {"guest": [9999], "host": [10000], "arbiter": [10000]},
    "job_parameters": {"common": {"model_id": MODEL, "model_version": JOB}},
}
GUEST_GONE = (
    "<_InactiveRpcError of RPC that terminated with:\n\tstatus = StatusCode.UNAVAILABLE\n\t"
    'details = "failed to connect to all addresses"\n>'
)


def told(host: int = 0, said: str = "success", detail: bool = True) -> dict[str, Any]:
    """FATE Flow's answer to a request to deploy or load a model, with that of the host."""
    details = {"guest": {"9999": {"retcode": 0, "retmsg": "success"}}, "host": {}}
    if detail:
        details["host"] = {"10000": {"retcode": host, "retmsg": said}}
    data = {"guest": {"9999": 0}, "host": {"10000": host}, "detail": details}
    return {
        "retcode": 101 if host else 0,
        "retmsg": "failed" if host else "success",
        "data": {**data, "model_id": MODEL, "model_version": DEPLOYED},
    }


class Played:
    """What the containers of party 9999 answer, and what it is told of a publication."""

    def __init__(self) -> None:
        self.answers: dict[str, dict[str, Any]] = {
            "/v1/job/query": {
                "retcode": 0,
                "data": [{"f_status": "success", "f_runtime_conf": CONF}],
            },
            "/v1/model/deploy": told(),
            "/v1/model/load": told(),
            "/v1/model/bind": {"retcode": 0, "retmsg": "service id is credit"},
            "/federation/v1/inference": {"retcode": 0, "retmsg": "", "data": {"score": 0.7}},
        }
        self.asked: dict[str, dict[str, Any]] = {}
        self.lines: list[str] = []
        self.table: list[tuple[str, str, str]] = []

    def exec(
        self, containers: Containers, service: str, command: Sequence[str], stdin: str = "",
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:  # fmt: skip
        (path,) = [path for path in self.answers if any(path in word for word in command)]
        body = stdin or command[list(command).index("--post-data") + 1]
        self.asked[path] = json.loads(body)
        return subprocess.CompletedProcess(list(command), 0, json.dumps(self.answers[path]), "")

    def said(self, text: str) -> None:
        self.lines.append(text)

    def warning(self, text: str) -> None:
        raise AssertionError(text)

    def loaded(self, answers: Sequence[tuple[str, str, str]]) -> None:
        self.table = list(answers)


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Played:
    found = Played()
    monkeypatch.setattr(
        Containers, "exec", lambda containers, *args, **more: found.exec(containers, *args, **more)
    )
    monkeypatch.setattr(Containers, "state", lambda *_: "running (healthy)")
    monkeypatch.setattr("time.sleep", lambda _: None)
    return found


def published(played: Played, service: str = "credit", serves: bool = True) -> None:
    party = {"9999": Containers("dev", "9999", "unix:///x.sock")}
    publish(party, party if serves else {}, Publication(JOB, service, {"x0": 1.5}), played)


def refusal(played: Played, service: str = "credit", serves: bool = True) -> str:
    with pytest.raises(PublishError) as error:
        published(played, service, serves)
    return str(error.value)


def test_a_model_is_deployed_loaded_bound_and_tried(played: Played) -> None:
    published(played)
    names = {"model_id": MODEL, "model_version": JOB}
    assert played.asked["/v1/model/deploy"] == names
    wanted = {
        "initiator": {"party_id": "9999", "role": "guest"},
        "role": {"guest": ["9999"], "host": ["10000"], "arbiter": ["10000"]},
        "job_parameters": {
            "use_transfer_url_on_serving": True, "model_id": MODEL, "model_version": DEPLOYED,
        },
    }  # fmt: skip
    assert played.asked["/v1/model/load"] == wanted
    assert played.asked["/v1/model/bind"] == {**wanted, "service_id": "credit"}
    request = played.asked["/federation/v1/inference"]
    assert request["head"] == {"serviceId": "credit"}
    assert request["body"]["featureData"] == {"x0": 1.5}
    assert played.table == [("guest", "9999", "loaded"), ("host", "10000", "loaded")]
    assert any('{"score": 0.7}' in line for line in played.lines)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("Please configure servings address", "add `serving: {}` to the party"),
        ("Only deployed models could be used to execute process of loading.", "publish it again"),
        ("FileNotFoundError('Model host#10000#x 1 not exists in model local cache.')", "a backup"),
        (GUEST_GONE, "its serving-server cannot be reached: start it"),
        ("model initialization error, please check if the model exists", "cannot get the model"),
        ("[Roll Site Error TransInfo] location msg=UNAVAILABLE", "its FATE Flow cannot be reached"),
        ("something else", "failed with code 100: something else"),
    ],
)
def test_each_reason_for_a_party_that_did_not_load_says_what_to_do(
    played: Played, said: str, reason: str
) -> None:
    played.answers["/v1/model/load"] = told(100, said)
    assert refusal(played) == "the model could not be loaded at party 10000 (host)"
    ((role, party, shown),) = played.table[1:]
    assert (role, party) == ("host", "10000")
    assert reason in shown
    assert "/v1/model/bind" not in played.asked


def test_a_party_that_could_not_be_asked_has_no_detail(played: Played) -> None:
    played.answers["/v1/model/load"] = told(100, detail=False)
    refusal(played)
    assert "its FATE Flow cannot be reached" in played.table[1][2]


def test_a_model_that_a_party_has_lost_cannot_be_deployed(played: Played) -> None:
    played.answers["/v1/model/deploy"] = told(100, "Can not found x 1 model local cache.")
    assert refusal(played) == "the model could not be deployed at party 10000 (host)"
    assert "has lost the model" in played.table[1][2]
    assert "/v1/model/load" not in played.asked


def test_a_model_that_nobody_knows_cannot_be_deployed(played: Played) -> None:
    played.answers["/v1/model/deploy"] = {
        "retcode": 404,
        "retmsg": f"Deploy model failed. Model {MODEL} {JOB} not found.",
    }
    assert "the database of its FATE Flow has no such model" in refusal(played)


@pytest.mark.parametrize(
    ("code", "said", "reason"),
    [
        (104, "model is not exist", "publish it again"),
        (101, "no service id", "no name of a service"),
        (100, GUEST_GONE, "its serving-server cannot be reached"),
        (100, "Please configure servings address", "add `serving: {}`"),
        (120, "param is blank", "param is blank"),
    ],
)
def test_each_reason_for_a_model_that_was_not_bound(
    played: Played, code: int, said: str, reason: str
) -> None:
    played.answers["/v1/model/bind"] = {"retcode": code, "retmsg": said}
    error = refusal(played)
    assert error.startswith("the model could not be bound: ")
    assert reason in error


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (100, "check --service"),
        (104, "no model is bound"),
        (105, "start the one that does not run"),
        (2104, "publish it again"),
        (2113, "--device"),
        (2605, "a serving-proxy on the way"),
        (2610, "add it to fate:parties"),
        (199, "see the log of serving-server"),
    ],
)
def test_each_code_of_an_inference_says_what_to_do(played: Played, code: int, reason: str) -> None:
    played.answers["/federation/v1/inference"] = {"retcode": code, "retmsg": "x"}
    error = refusal(played)
    assert f"fails with {code}: " in error or f"failed with {code}: " in error
    assert reason in error


def test_a_name_that_serving_does_not_accept_is_refused_first(played: Played) -> None:
    assert "choose another name" in refusal(played, "credit/v2")
    assert not played.asked


def test_a_guest_without_serving_is_told(played: Played) -> None:
    assert "add `serving: {}`" in refusal(played, serves=False)
