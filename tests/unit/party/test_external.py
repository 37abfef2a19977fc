"""Databases that somebody else runs: what is registered, rendered and said about them."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi.runtime import config as runtime_config
from typer.testing import CliRunner

from fate_components.cli import backup, restore
from fate_components.cli.__main__ import app
from fate_components.operate.stack import Stack
from fate_components.party.external import check, mysql_client
from fate_components.releases import catalogue
from fate_components.stack_file import parse
from tests.support.bad_stack_files import GOOD, GOOD_2
from tests.support.program import COMMAND, CONTAINER, VOLUME, Recorder, run, secret
from tests.support.stack_files import as_engine

P = "/data/projects/fate"
MYSQL = {"address": "db.example.org", "port": 3307, "user": "flow", "database": "of_9999"}
REDIS = {"address": "redis.example.org"}
PASSWORDS = ("the-mysql!", "the-redis#", "the-cache#")
CONFIG: dict[str, Any] = {
    "fate:parties": [
        {
            "id": 9999,
            "host": "a",
            "training": {
                "mysql": {**MYSQL, "password": PASSWORDS[0]},
                "redis": {**REDIS, "password": PASSWORDS[1]},
            },
            "serving": {"redis": {**REDIS, "port": 6380, "password": PASSWORDS[2]}},
        }
    ]
}
CONFIG_2 = {
    **GOOD_2,
    "fate:parties": [
        {
            "id": 9999,
            "host": "a",
            "training": {"mysql": {"address": "10.0.0.9", "password": PASSWORDS[0]}},
        }
    ],
}


def registered_by(config: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Recorder:
    encrypted = ["fate:masterSecret", "fate:parties"]
    monkeypatch.setattr(
        "tests.support.program.runtime_config.set_all_config",
        lambda values, _, original=runtime_config.set_all_config: original(values, encrypted),
    )
    return run(config)


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    return registered_by(CONFIG, monkeypatch)


def text(registered: Recorder, container: str, path: str) -> str:
    uploads = registered.of(CONTAINER)[f"fate-dev-9999-{container}"]["uploads"]
    (content,) = [
        secret(found["content"]) or found["content"]
        for found in secret(uploads) or uploads
        if found["file"] == f"{P}/{path}"
    ]
    return str(content)


def command(registered: Recorder, name: str) -> dict[str, Any]:
    (found,) = [r.inputs for r in registered.resources if r.typ == COMMAND and r.name == name]
    return found


def test_a_party_runs_no_server_that_somebody_else_runs(registered: Recorder) -> None:
    names = {*registered.of(CONTAINER), *registered.of(VOLUME)}
    assert "fate-dev-9999-python" in names
    assert not [name for name in names if re.search("mysql|redis", name)]


def test_every_service_gets_the_address_and_the_account(registered: Recorder) -> None:
    url = "jdbc:mysql://db.example.org:3307/of_9999?"
    meta = text(registered, "meta-service", "meta-service/conf/meta-service.properties")
    board = text(registered, "fateboard", "fateboard/conf/application.properties")
    flow = text(registered, "python", "python/fate_flow/settings_overrides.py")
    assert f"\njdbc.url={url}" in meta
    assert f"\njdbc.username=flow\njdbc.password={PASSWORDS[0]}\n" in meta
    assert f"\nspring.datasource.url={url}" in board
    assert "\nspring.datasource.username=flow\n" in board
    assert f"\nspring.datasource.password={PASSWORDS[0]}\n" in board
    found: dict[str, Any] = {"DATABASE": {}, "REDIS": {}}
    assigned = re.findall(r"^(DATABASE|REDIS)\.update\((.*)\)$", flow, re.M)
    for name, values in assigned:
        found[name].update(ast.literal_eval(values))
    assert found["DATABASE"] == {
        "name": "of_9999",
        "user": "flow",
        "passwd": PASSWORDS[0],
        "host": "db.example.org",
        "port": 3307,
    }
    assert found["REDIS"] == {
        "host": "redis.example.org",
        "port": 6379,
        "password": PASSWORDS[1],
    }
    start = registered.of(CONTAINER)["fate-dev-9999-python"]["command"][2]
    assert "/dev/tcp/db.example.org/3307" in start
    assert "/dev/tcp/redis.example.org/6379" in start
    cache = text(registered, "serving-server", "serving-server/conf/serving-server.properties")
    assert (
        f"\nredis.ip=redis.example.org\nredis.port=6380\nredis.password={PASSWORDS[2]}\n" in cache
    )


def test_fate_2_gets_the_address_and_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    registered = registered_by(CONFIG_2, monkeypatch)
    assert "fate-dev-9999-mysql" not in registered.of(CONTAINER)
    conf = yaml.safe_load(text(registered, "fateflow", "fate_flow/conf/service_conf.yaml"))
    assert conf["database"]["mysql"].items() >= {
        "name": "fate",
        "user": "fate",
        "passwd": PASSWORDS[0],
        "host": "10.0.0.9",
        "port": 3306,
    }.items()  # fmt: skip
    start = registered.of(CONTAINER)["fate-dev-9999-fateflow"]["command"][2]
    assert "/dev/tcp/10.0.0.9/3306" in start
    servers = json.loads(command(registered, "9999-databases")["environment"]["SERVERS"])
    grants = ["SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "INDEX"]
    assert servers["training.mysql"]["grants"] == grants


def test_the_check_shows_what_it_checks_but_no_password(registered: Recorder) -> None:
    training, serving = (
        command(registered, name) for name in ("9999-databases", "9999-serving-databases")
    )
    servers = json.loads(training["environment"]["SERVERS"])
    assert servers["training.mysql"].items() > MYSQL.items()
    assert servers["training.redis"] == {**REDIS, "port": 6379}
    assert json.loads(secret(training["stdin"])) == {
        "training.mysql": PASSWORDS[0],
        "training.redis": PASSWORDS[1],
    }
    assert json.loads(secret(serving["stdin"])) == {"serving.redis": PASSWORDS[2]}
    assert training["environment"]["IMAGE"] != serving["environment"]["IMAGE"]
    for resource in registered.resources:
        shown = {k: v for k, v in resource.inputs.items() if secret(v) is None}
        assert not any(one in json.dumps(shown, default=str) for one in PASSWORDS), resource.name


def test_tables_and_nodes_are_set_up_through_fate_flow(registered: Recorder) -> None:
    nodes = command(registered, "9999-nodes")
    assert "('egg', 7888, 'EGG', 'HEALTHY')" in nodes["stdin"]
    assert nodes["environment"]["CONTAINER"] == "9999-python-id"
    assert "DROP" not in nodes["stdin"]


def test_the_client_runs_on_the_python_of_fate_1_3() -> None:
    ast.parse(Path(mysql_client.__file__).read_text(), feature_version=(3, 6))


@pytest.mark.parametrize(
    ("code", "error", "said"),
    [
        (1045, "Access denied for user 'flow'@'x' (using password: YES)", "correct user or pass"),
        (1130, "Host 'x' is not allowed to connect", "allow flow"),
        (1049, "Unknown database 'of_9999'", "there is no database of_9999"),
        (1044, "Access denied for user 'flow'@'x' to database 'of_9999'", "has no rights in"),
        (2003, "Can't connect to MySQL server on 'x' (timed out)", "correct address or port"),
        (3159, "Connections using insecure transport are prohibited", "insecure transport"),
    ],
)
def test_what_is_wrong_with_a_mysql_is_named(code: int, error: str, said: str) -> None:
    assert said in mysql_client.unusable(code, error, MYSQL)


@pytest.mark.parametrize(
    ("grant", "code", "error", "missing"),
    [
        ("INDEX", 1142, "INDEX command denied to user 'flow'@'x' for table 't'", True),
        ("CREATE", 1142, "CREATE command denied to user 'flow'@'x' for table 't'", True),
        ("CREATE", 1142, "SELECT command denied to user 'flow'@'x' for table 't'", False),
        ("CREATE TEMPORARY TABLES", 1044, "Access denied for user 'flow'@'x' to database", True),
        ("SELECT", 1146, "Table 'of_9999.t' doesn't exist", False),
        ("DROP", 1051, "Unknown table 'of_9999.t'", False),
    ],
)
def test_a_missing_grant_is_told(grant: str, code: int, error: str, missing: bool) -> None:
    assert mysql_client.lacks(grant, code, error) is missing


@pytest.mark.parametrize(
    ("said", "errors", "fault"),
    [
        ("+OK\r\n+PONG\r\n+OK\r\n", "", None),
        ("-WRONGPASS invalid username-password pair\r\n-NOAUTH\r\n", "", "refuses the password"),
        ("-ERR Client sent AUTH, but no password is set\n+PONG\n", "", "no password is set"),
        ("", "nc: can't connect to remote host (x): Connection refused\n", "Connection refused"),
        ("", "", "it cannot be reached"),
        ("SSH-2.0-OpenSSH_9\r\n", "", "is not a Redis"),
        ("+OK\r\n", "", "is not a Redis"),
    ],
)
def test_what_is_wrong_with_a_redis_is_named(said: str, errors: str, fault: str | None) -> None:
    found = check.redis_fault(said, errors)
    assert (fault in found) if fault and found else found == fault


def test_backups_of_such_a_party_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = as_engine({**GOOD, **CONFIG})
    settings, _ = parse(config, {"fate:masterSecret", "fate:parties"}, "dev")
    found = Stack("dev", settings, catalogue.load("1.3.0"))
    for module in (backup, restore):
        monkeypatch.setattr(module, "read", lambda _: found)
    for name in ("backup", "restore"):
        done = CliRunner().invoke(app, [name, "9999", str(tmp_path / "file")])
        assert done.exit_code == 1
        assert "its database of_9999 on db.example.org:3307" in done.output
    assert not list(tmp_path.iterdir())
