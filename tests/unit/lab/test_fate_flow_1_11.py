"""The stand-ins for FATE Flow and FATE Board of FATE 1.11 read their files as strictly."""

import base64
import json
import secrets
from typing import Any
from unittest import mock

import pytest
import yaml
from fate_lab import yaml_file  # type: ignore[import-not-found]
from fate_lab.database import DatabaseError  # type: ignore[import-not-found]
from fate_lab.fate1_11 import jobs, log4j, service_conf  # type: ignore[import-not-found]
from fate_lab.fate1_11.client import toy_conf, toy_dsl  # type: ignore[import-not-found]
from fate_lab.fate1_11.fate_flow import FateFlow  # type: ignore[import-not-found]
from fate_lab.fate1_11.rsa import Key  # type: ignore[import-not-found]
from fate_lab.protocol import HopError  # type: ignore[import-not-found]
from fate_lab.strictconf import ConfError  # type: ignore[import-not-found]


def conf(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "party_id": 9999,
        "use_registry": False,
        "fateflow": {
            "host": "fateflow",
            "http_port": 9380,
            "grpc_port": 9360,
            "proxy": "rollsite",
            "protocol": "default",
        },
        "database": {
            "name": "fate_flow",
            "user": "fate",
            "passwd": "s3cret",
            "host": "mysql",
            "port": 3306,
            "max_connections": 100,
            "stale_timeout": 30,
        },
        "default_engines": dict.fromkeys(("computing", "federation", "storage"), "eggroll"),
        "fate_on_eggroll": {
            "clustermanager": {"cores_per_node": 4, "nodes": 1},
            "rollsite": {"host": "rollsite", "port": 9370},
        },
        "fateboard": {"host": "fateboard", "port": 8080},
        "servings": {"hosts": ["serving:8000", "10.0.0.1:8000"]},
    }
    for path, value in changes.items():
        *names, last = path.split("__")
        inside = found
        for name in names:
            inside = inside[name]
        inside[last] = value
    return found


def test_reads_what_yaml_writes() -> None:
    written = yaml.safe_dump(conf(), sort_keys=False)
    assert yaml_file.parse("x", written) == conf()
    assert service_conf.check("x", yaml_file.parse("x", written))


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"party_id": None}, "party_id: is missing"),
        ({"fateflow__host": "127.0.0.1"}, "fateflow.host: is 127.0.0.1"),
        ({"fateflow__proxy": "nginx"}, "must be 'rollsite'"),
        ({"fate_on_eggroll__rollsite__port": "9370"}, "not a number"),
        ({"fate_on_eggroll__clustermanager__nodes": 0}, "not a number above 0"),
        ({"database__passwd": {}}, "database.passwd: is missing"),
        ({"servings__hosts": ["serving"]}, "not HOST:PORT"),
    ],
)
def test_a_wrong_key_stops_fate_flow(changes: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ConfError, match=wrong):
        service_conf.check("service_conf.yaml", conf(**changes))


def answer(flow: Any, path: str, body: Any = None, method: str = "POST") -> tuple[int, Any]:
    status, _, text = flow.page(method, path, json.dumps(body or {}).encode())
    return status, json.loads(text)


@pytest.fixture
def flow() -> Any:
    return FateFlow(conf())


def test_fate_flow_answers_200_whatever_it_is_asked(flow: Any) -> None:
    version = {"retcode": 0, "retmsg": "success", "data": {"FATE": "1.11.2", "API": "v1"}}
    assert answer(flow, "/v1/version/get") == (200, version)
    status, found = answer(flow, "/v1/version/get", method="GET")
    assert (status, found["retcode"]) == (200, 100)
    assert answer(flow, "/v1/none")[1]["retmsg"] == "<NotFound '404: Not Found'>"
    assert answer(flow, "/v1/job/list/job", {"status": "bad"})[0] == 400


def test_a_query_tells_whether_the_database_is_there(flow: Any) -> None:
    lost = DatabaseError(2003, "mysql refused")
    with mock.patch.object(flow.tables.database.__class__, "run", side_effect=lost):
        status, found = answer(flow, "/v1/job/query", {"job_id": "x"})
    assert (status, found["retcode"], found["retmsg"]) == (200, 100, "2003")
    with mock.patch.object(flow.tables.database.__class__, "run", return_value=[]):
        none = {"retcode": 0, "retmsg": "no job could be found", "data": []}
        assert answer(flow, "/v1/job/query")[1] == none
        assert answer(flow, "/v1/job/task/query")[1]["retcode"] == 101
        assert answer(flow, "/v1/job/stop", {"job_id": "x"})[1]["retcode"] == 102


@pytest.mark.parametrize(
    ("per_node", "nodes", "asked", "wanted"),
    [(4, 1, 4, 4), (4, 1, None, 4), (2, 2, 4, 4), (2, 2, 3, 4), (2, 1, 2, 2)],
)
def test_cores_of_a_job(per_node: int, nodes: int, asked: int | None, wanted: int) -> None:
    at = "fate_on_eggroll__clustermanager"
    own = FateFlow(conf(**{f"{at}__cores_per_node": per_node, f"{at}__nodes": nodes})).jobs
    submitted = toy_conf("9999", "10000", asked or 0)
    if asked is None:
        submitted["job_parameters"]["common"] = {}
    assert own.wanted(submitted) == wanted
    own.check_cores(submitted)


def test_too_few_cores_refuse_a_job() -> None:
    own = FateFlow(conf(fate_on_eggroll__clustermanager__cores_per_node=2)).jobs
    submitted = toy_conf("9999", "10000")
    submitted["job_parameters"]["common"] = {}
    with pytest.raises(HopError, match=r"max cores per job is 2 .* expect 4 cores"):
        own.check_cores(submitted)
    with mock.patch.object(jobs, "JobLog"):
        found = own.submit({"job_runtime_conf": submitted, "job_dsl": toy_dsl()})
    assert found["retcode"] == 103


_FILE = """
property.logDir=${env:EGGROLL_LOG_DIR:-logs/}/${env:EGGROLL_SESSION_ID:-eggroll}
appender.console.type=Console
appender.console.name=STDOUT
appender.file.type=RollingFile
appender.file.name=LOGFILE
appender.file.fileName=${logDir}/${env:EGGROLL_LOG_FILE:-eggroll}.jvm.log
"""


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ("rootLogger.appenderRef.file.ref=LOGFILE", "logs//eggroll/eggroll.jvm.log"),
        ("rootLogger.appenderRef.stdout.ref=STDOUT", "stdout"),
        (
            "rootLogger.appenderRef.stdout.ref=STDOUT\nappender.console.target=SYSTEM_ERR",
            "stderr",
        ),
    ],
)
def test_where_log4j_logs(more: str, place: str) -> None:
    assert log4j.destination("log4j2.properties", _FILE + more, {}) == place


def test_a_configuration_without_appender_is_an_error() -> None:
    with pytest.raises(ConfError, match="rootLogger"):
        log4j.destination("log4j2.properties", _FILE, {})


def test_passwords_encrypted_for_fate_board() -> None:
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    key = Key()
    public = load_der_public_key(base64.b64decode(key.public))
    assert isinstance(public, rsa.RSAPublicKey)
    sent = base64.b64encode(public.encrypt("s3crét".encode(), padding.PKCS1v15())).decode()
    assert key.decrypted(sent) == "s3crét"
    with pytest.raises(ValueError, match=r".+"):
        key.decrypted(base64.b64encode(secrets.token_bytes(200)).decode())
