"""Databases that somebody else runs: verified, set up, used, and left as they were."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from docker.models.containers import Container

from fate_components.docker.client import cli
from fate_components.party.external import check
from tests.support.engine.clusters import Cluster, no_password_readable, no_password_shown
from tests.support.engine.docker_hosts import DockerHost, wait_for
from tests.support.engine.serving import serving
from tests.support.engine.stacks import Stack, party

_MYSQL, _REDIS = 9780, 9781
_PASSWORD, _REDIS_PASSWORD = "a#password&of=others", "another!of*others"
_ROOT = "MYSQL_PWD=of-root mysql -N -u root"
_GRANTS = "SELECT, INSERT, UPDATE, DELETE, CREATE, CREATE TEMPORARY TABLES, DROP, INDEX"


@dataclass
class Outside:
    """Servers outside of the stack, at an address of the Docker host.

    Args:
        mysql: the container of MySQL.
        redis: the container of Redis.
        address: their address.
    """

    mysql: Container
    redis: Container
    address: str

    def sql(self, statements: str) -> str:
        """What root gets for statements."""
        code, said = self.mysql.exec_run(["sh", "-c", f'{_ROOT} -e "$0"', statements])
        assert isinstance(said, bytes)
        assert code == 0, said.decode()
        return said.decode().strip()

    def ready(self) -> bool:
        """Whether both accept connections."""
        mysql, _ = self.mysql.exec_run(["sh", "-c", f"{_ROOT} -h 127.0.0.1 -e 'SELECT 1'"])
        redis, _ = self.redis.exec_run(["redis-cli", "ping"])
        return (mysql, redis) == (0, 0)

    def theirs(self) -> str:
        """What was in the database before."""
        return self.sql("SELECT * FROM `of_9999`.theirs")


@pytest.fixture(scope="module")
def outside(docker_host: DockerHost) -> Iterator[Outside]:
    run = docker_host.docker.containers.run
    mysql = run(
        "fate-lab/mysql:8",
        detach=True,
        environment={"MYSQL_ROOT_PASSWORD": "of-root"},
        ports={"3306/tcp": _MYSQL},
    )
    redis = run(
        "fate-lab/redis:5",
        ["redis-server", "--requirepass", _REDIS_PASSWORD],
        detach=True,
        ports={"6379/tcp": _REDIS},
    )
    found = Outside(mysql, redis, docker_host.address)
    wait_for("MySQL and Redis outside", found.ready)
    found.sql("CREATE DATABASE `of_9999`; CREATE TABLE `of_9999`.theirs (text VARCHAR(9))")
    found.sql("INSERT INTO `of_9999`.theirs VALUES ('kept')")
    found.sql(f"CREATE USER 'of.others'@'%' IDENTIFIED BY '{_PASSWORD}'")
    found.sql(
        "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP ON `of_9999`.* TO 'of.others'@'%'"
    )
    yield found
    for one in (mysql, redis):
        one.remove(force=True, v=True)


@pytest.fixture(scope="module")
def cluster(
    docker_host: DockerHost,
    outside: Outside,
    engine_env: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Cluster]:
    """Party 9999 with external databases, not deployed yet."""
    config = {
        "fate:release": "1.3.0",
        "fate:registry": "fate-lab",
        "fate:hosts": {"lab": {"docker": docker_host.url}},
        "fate:parties": [],
    }
    stack = Stack(tmp_path_factory.mktemp("databases"), engine_env, config)
    mysql = {
        "address": outside.address,
        "port": _MYSQL,
        "user": "of.others",
        "database": "of_9999",
        "password": stack.encrypted(_PASSWORD),
    }
    redis = {
        "address": outside.address,
        "port": _REDIS,
        "password": stack.encrypted("a-wrong-one"),
    }
    cache = {**redis, "password": stack.encrypted(_REDIS_PASSWORD)}
    one = {
        **party(9999, "lab", 9700, mysql=mysql, redis=redis),
        "serving": serving(9704, redis=cache),
    }
    stack.change(lambda c: c.update({"fate:parties": [one]}))
    yield Cluster(docker_host, stack)
    stack.destroy()


@pytest.mark.parametrize("image", ["python:1.3.0-release", "serving-server:1.2.2-release"])
def test_what_is_wrong_with_a_server_is_named(
    docker_host: DockerHost, outside: Outside, monkeypatch: pytest.MonkeyPatch, image: str
) -> None:
    outside.sql("CREATE DATABASE IF NOT EXISTS nothing_granted")
    at = {"address": outside.address}
    mysql: dict[str, Any] = {
        **at, "port": _MYSQL, "user": "of.others", "database": "of_9999", "grants": ["SELECT"]
    }  # fmt: skip
    silent = socket.create_server(("", 0))  # accepts connections, and never answers
    gateway, port = docker_host.lan.address, silent.getsockname()[1]
    cases: dict[str, tuple[dict[str, Any], str]] = {
        "redis": ({**at, "port": _REDIS}, ""),
        "redis closed": ({**at, "port": 1}, "it cannot be reached"),
        "redis at mysql": ({**at, "port": _MYSQL}, "is not a Redis"),
        "redis refused": ({**at, "port": _REDIS}, "the server refuses the password"),
    }
    if image.startswith("serving"):  # it has no bash
        cases["redis silent"] = {"address": gateway, "port": port}, "no answer within 30 s"
    else:
        cases |= {
            "mysql": (mysql, ""),
            "mysql closed": ({**mysql, "port": 1}, "it cannot be reached"),
            "mysql nowhere": ({**mysql, "address": "nowhere.invalid"}, "it cannot be reached"),
            "mysql refused": (mysql, "the server refuses the login of of.others"),
            "mysql's database": ({**mysql, "database": "none"}, "has no rights in database none"),
            "mysql's rights": ({**mysql, "database": "nothing_granted"}, "has no rights in"),
        }
    environment = {**cli.environment(docker_host.url), "NETWORK": "bridge"}
    environment |= {"IMAGE": f"fate-lab/federatedai/{image}", "STACK": "none", "PARTY": "1"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    passwords = {key: "a-wrong-one" if "refused" in key else _PASSWORD for key in cases}
    passwords |= dict.fromkeys(("redis", "redis closed", "redis at mysql"), _REDIS_PASSWORD)
    with silent:
        said = list(check.faults({key: server for key, (server, _) in cases.items()}, passwords))
    assert not docker_host.docker.containers.list(all=True, filters={"label": "fate.stack=none"})
    assert len(said) == sum(bool(fault) for _, fault in cases.values()), said
    for key, (server, fault) in cases.items():
        where = f"{key} of party 1, {server['address']}:{server['port']}: "
        assert not fault or any(one.startswith(where) and fault in one for one in said), said


def test_faults_show_before_anything_is_created(cluster: Cluster, outside: Outside) -> None:
    assert cluster.stack.preview().operations()["9999-databases"] == "create"
    said = cluster.stack.failing_up()
    lacks = "CREATE TEMPORARY TABLES, INDEX"
    assert (
        f"training.mysql of party 9999, {outside.address}:{_MYSQL}: of.others lacks {lacks} in "
        f"database of_9999: GRANT {lacks} ON `of_9999`.* TO 'of.others'@'%';" in said
    ), said
    assert "training.redis of party 9999" in said, said
    assert "the server refuses the password" in said, said
    assert cluster.containers() == []
    assert not cluster.host.docker.volumes.list(
        filters={"label": f"fate.stack={cluster.stack.name}"}
    )
    assert outside.sql("SHOW TABLES FROM `of_9999`") == "theirs"


def test_a_party_works_with_databases_of_others(cluster: Cluster, outside: Outside) -> None:
    outside.sql(f"GRANT {_GRANTS} ON `of_9999`.* TO 'of.others'@'%'")
    stack = cluster.stack
    parties = stack.config["fate:parties"]
    parties[0]["training"]["redis"]["password"] = stack.encrypted(_REDIS_PASSWORD)
    stack.write()
    stack.up()
    services = {one.labels["fate.service"] for one in cluster.containers(party=9999)}
    assert not services & {"mysql", "redis"}
    assert "fateboard" in services
    names = {one.name for one in cluster.host.docker.volumes.list()}
    assert not names & {f"fate-{stack.name}-9999-{service}" for service in ("mysql", "redis")}
    cluster.toy_succeeds(9999, 9999)
    assert outside.theirs() == "kept"
    passwords = {_PASSWORD, _REDIS_PASSWORD}
    no_password_shown(cluster, passwords)
    no_password_readable(cluster, passwords)


def test_lost_node_rows_are_set_again(cluster: Cluster, outside: Outside) -> None:
    outside.sql("UPDATE `of_9999`.node SET status = 'LOST' WHERE type = 'EGG'")
    assert cluster.stack.preview().operations() == {"9999-nodes": "update"}
    cluster.stack.up()
    assert outside.sql("SELECT status FROM `of_9999`.node WHERE type = 'EGG'") == "HEALTHY"


def test_a_database_outlives_the_stack(cluster: Cluster, outside: Outside) -> None:
    jobs = "SELECT count(*) FROM `of_9999`.t_job"
    before = outside.sql(jobs)
    assert int(before) > 0
    nodes = outside.sql("SELECT node_id, ip, port, type FROM `of_9999`.node")
    cluster.stack.destroy()
    assert outside.theirs() == "kept"
    cluster.stack.up()
    assert outside.theirs() == "kept"
    assert outside.sql(jobs) == before
    assert outside.sql("SELECT node_id, ip, port, type FROM `of_9999`.node") == nodes
    cluster.stack.preview(expect_no_changes=True)
