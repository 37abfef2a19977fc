"""The files that services read, as FATE 1.3.0 requires them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from fate_components import lines
from fate_components.docker.service import Place
from fate_components.lines.fate1_3 import (
    cluster,
    egg,
    fate_flow,
    fateboard,
    federation,
    meta_service,
    proxy,
    roll,
    server_conf,
)
from fate_components.party import mysql, redis
from fate_components.plan.endpoints import Endpoint
from fate_components.releases import catalogue
from fate_components.stack_file import parse
from tests.support.bad_stack_files import GOOD
from tests.support.stack_files import as_engine, planned

MYSQL, REDIS = "mysqls-password", "rediss-password"


def context(eggs: int = 1, processors: int | None = None) -> cluster.ClusterContext:
    training = {
        **GOOD["fate:parties"][1]["training"],
        "eggs": eggs,
        "mysql": {"password": MYSQL},
        "redis": {"password": REDIS},
    }
    if processors:
        training["processors"] = processors
    plan = planned({"fate:parties": [{"id": 9999, "host": "a", "training": training}]}, own=True)
    place = Place(
        stack="dev",
        cluster="training",
        host=None,  # type: ignore[arg-type]  # rendering touches no Docker host
        services=catalogue.load("1.3.0").services,
        networks={},
        party=9999,
    )
    return cluster.ClusterContext(
        place, plan.parties[0].clusters["training"], SecretStr("a master secret")
    )


def as_dict(properties: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in properties.splitlines())


def test_meta_service() -> None:
    conf = as_dict(meta_service.config(context()))
    assert conf.pop("jdbc.url").startswith("jdbc:mysql://mysql:3306/fate?")
    assert conf == {
        "party.id": "9999",
        "service.port": "8590",
        "jdbc.driver.classname": "com.mysql.cj.jdbc.Driver",
        "jdbc.username": "fate",
        "jdbc.password": MYSQL,
    }


def test_roll() -> None:
    assert as_dict(roll.config(context())) == {
        "party.id": "9999",
        "service.port": "8011",
        "meta.service.ip": "meta-service",
        "meta.service.port": "8590",
    }


def test_federation() -> None:
    assert as_dict(federation.config(context())) == {
        "party.id": "9999",
        "service.port": "9394",
        "meta.service.ip": "meta-service",
        "meta.service.port": "8590",
        "proxy.ip": "proxy",
        "proxy.port": "9370",
    }


def test_proxy() -> None:
    assert as_dict(proxy.config("9999", 9370)) == {
        "coordinator": "9999",
        "ip": "0.0.0.0",
        "port": "9370",
        "route.table": "/data/projects/fate/proxy/conf/route_table.json",
    }


def test_egg() -> None:
    root = "/data/projects/fate"
    processor = "eggroll.computing.processor"
    conf = as_dict(egg.config(context()))
    assert conf == {
        "party.id": "9999",
        "service.port": "7888",
        "eggroll.computing.engine.names": "processor",
        f"{processor}.bootstrap.script": f"{root}/eggroll/egg/conf/start-processor.sh",
        f"{processor}.start.port": "50000",
        f"{processor}.venv": "/data/projects/python/venv",
        f"{processor}.engine-path": f"{root}/eggroll/python/eggroll/computing/processor.py",
        f"{processor}.python-path": f"{root}/python:{root}/eggroll/python",
        f"{processor}.data-dir": f"{root}/data-dir",
        f"{processor}.logs-dir": f"{root}/eggroll/python/eggroll/logs/processor",
    }
    chosen = as_dict(egg.config(context(processors=4)))
    assert chosen == {**conf, f"{processor}.session.max.count": "4"}


def test_server_conf() -> None:
    assert server_conf.server_conf(context()) == {
        "servers": {
            "proxy": {"host": "proxy", "port": 9370},
            "fateboard": {"host": "fateboard", "port": 8080},
            "roll": {"host": "roll", "port": 8011},
            "fateflow": {"host": "python", "grpc.port": 9360, "http.port": 9380},
            "federation": {"host": "federation", "port": 9394},
            "clustercomm": {"host": "federation", "port": 9394},
            "servings": [],
        }
    }


def test_the_links_to_fate_board_lead_to_where_it_is_published() -> None:
    found = server_conf.server_conf(context(), board=Endpoint("b1.example.org", 8081))["servers"]
    assert isinstance(found, dict)
    assert found["fateboard"] == {"host": "b1.example.org", "port": 8081}


@pytest.mark.parametrize(
    ("port", "where"),
    [
        (8081, Endpoint("127.0.0.1", 8081)),
        ("10.0.0.9:8081", Endpoint("10.0.0.9", 8081)),
        ("0.0.0.0:8081", Endpoint("10.0.0.1", 8081)),
    ],
)
def test_where_people_reach_fate_board(port: object, where: Endpoint) -> None:
    parties = [{"id": 9999, "host": "a", "training": {"publish": {"fateboard": port}}}]
    hosts = {"a": {"docker": "unix:///var/run/docker.sock", "address": "10.0.0.1"}}
    config = {**GOOD, "fate:parties": parties, "fate:hosts": hosts}
    settings, release = parse(as_engine(config), {"fate:masterSecret"}, "dev")
    plan = lines.plan(settings, release, "dev").parties[0].clusters["training"]
    assert fateboard.published_at(plan, settings) == where


def test_fate_flow_overrides_run_behind_the_images_settings() -> None:
    image = {
        "WORK_MODE": 0,
        "DATABASE": {"name": "fate_flow", "passwd": "fate_dev", "max_connections": 100},
        "REDIS": {"password": "fate_dev", "max_connections": 500},
    }
    seen: list[int] = []

    class RuntimeConfig:
        @staticmethod
        def init_config(**kwargs: int) -> None:
            seen.append(kwargs["WORK_MODE"])

    exec(fate_flow.overrides(context()), {**image, "RuntimeConfig": RuntimeConfig})
    assert seen == [1]
    assert image["DATABASE"] == {
        "name": "fate",
        "user": "fate",
        "passwd": MYSQL,
        "host": "mysql",
        "port": 3306,
        "max_connections": 100,
    }
    assert image["REDIS"] == {
        "host": "redis",
        "port": 6379,
        "password": REDIS,
        "max_connections": 500,
    }


def test_fate_flow_never_starts_with_stale_bytecode(tmp_path: Path) -> None:
    flow, bin = tmp_path / "fate/python/fate_flow", tmp_path / "python/venv/bin"
    flow.mkdir(parents=True)
    bin.mkdir(parents=True)
    (bin / "activate").write_text(f"PATH={Path(sys.executable).parent}:$PATH\n")
    (flow / "settings.py").write_text("PORT = 1\n")
    (flow / "fate_flow_server.py").write_text("import settings; print(settings.PORT)\n")
    script = fate_flow.START.replace("/data/projects", str(tmp_path))

    def start(port: int) -> tuple[str, int]:
        (flow / "settings_overrides.py").write_text(f"PORT = {port}\n")
        done = subprocess.run(
            ["bash", "-c", script],
            env={"PATH": os.environ["PATH"]},  # no PYTHONDONTWRITEBYTECODE, as in the container
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip(), int((flow / "settings.py").stat().st_mtime)

    for _ in range(20):
        (first, at), (second, again_at) = start(6380), start(6379)
        assert (first, second) == ("6380", "6379")
        if at == again_at:  # only then would Python reuse the bytecode
            return
    pytest.fail("no two starts fell into one second")


def test_fateboard() -> None:
    conf = as_dict(fateboard.config(context()))
    assert conf["server.port"] == "8080"
    assert conf["fateflow.url"] == "http://python:9380"
    assert conf["spring.datasource.url"].startswith("jdbc:mysql://mysql:3306/fate?")
    assert conf["spring.datasource.username"] == "fate"
    assert conf["spring.datasource.password"] == MYSQL


def test_redis() -> None:
    assert redis.config("q-pass") == "dir /data\nrequirepass q-pass\n"


def test_mysql_takes_one_statement_a_line_at_its_start() -> None:
    lines = mysql.accounts("m-pass", "r-pass").splitlines()
    assert all(line.endswith(";") for line in lines)
    assert "ALTER USER 'fate'@'%' IDENTIFIED BY 'm-pass';" in lines


@pytest.mark.parametrize("eggs", [1, 3])
def test_every_egg_is_two_nodes(eggs: int) -> None:
    names = ["egg", "egg-2", "egg-3"][:eggs]
    party = context(eggs)
    assert meta_service.nodes(party.plan.facts.services, party.eggs) == [
        ("roll", 8011, "ROLL"),
        ("proxy", 9370, "PROXY"),
        *[node for egg in names for node in ((egg, 7888, "EGG"), (egg, 7778, "STORAGE"))],
    ]


def test_eggs_keep_their_addresses_when_others_come() -> None:
    one, three = context(1), context(3)
    assert one.egg("egg").address == three.egg("egg").address
    assert len({three.egg(name).address for name in three.eggs}) == 3
