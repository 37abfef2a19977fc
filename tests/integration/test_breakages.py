"""The toy job is a check that can fail: if any single value is wrong, it says where."""

import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.support.engine.clusters import Cluster, Shared, toy_job
from tests.support.engine.docker_hosts import wait_for

P = "/data/projects/fate"


@pytest.fixture(scope="module")
def deployment(two_parties: Shared) -> Shared:
    two_parties.whole().toy_succeeds(9999, 10000)
    return two_parties


@dataclass(frozen=True)
class Breakage:
    """One wrong value in a file delivered to a service of party 9999.

    Args:
        service: the service that owns the file.
        file: its path below P.
        old: the correct text.
        new: the wrong text that replaces it.
        says: words that must name the place in the job's output or the service's log.
    """

    service: str
    file: str
    old: str
    new: str
    says: str


BREAKAGES = [
    Breakage("meta-service", "meta-service/conf/meta-service.properties",
             "jdbc.username=fate", "jdbc.username=nobody", "meta-service"),
    Breakage("meta-service", "meta-service/conf/meta-service.properties",
             "//mysql:3306", "//mysql:3307", "3307"),
    Breakage("roll", "roll/conf/roll.properties",
             "meta.service.port=8590", "meta.service.port=8591", "8591"),
    Breakage("roll", "roll/conf/roll.properties", "party.id=9999", "party.id=9998", "9998"),
    Breakage("roll", "roll/conf/roll.properties", "service.port", "service.prot", "service.prot"),
    Breakage("federation", "federation/conf/federation.properties",
             "proxy.port=9370", "proxy.port=9371", "9371"),
    Breakage("proxy", "proxy/conf/route_table.json", "9394", "9395", "9395"),
    Breakage("proxy", "proxy/conf/route_table.json", "10000-proxy", "10009-proxy", "10009-proxy"),
    Breakage("proxy", "proxy/conf/proxy.properties",
             "coordinator=9999", "coordinator=9998", "9998"),
    Breakage("python", "python/arch/conf/server_conf.json", '"port": 9370', '"port": 9379', "9379"),
    Breakage("python", "python/eggroll/conf/server_conf.json",
             '"port": 8011', '"port": 8012', "8012"),
    Breakage("python", "python/fate_flow/settings_overrides.py",
             "'port': 6379", "'port': 6380", "6380"),
    Breakage("egg", "eggroll/egg/conf/egg.properties",
             "start-processor.sh", "processor-starter.sh", "heartbeat"),
    Breakage("egg", "eggroll/egg/conf/egg.properties", "data-dir=", "data_dir=", "data_dir"),
]  # fmt: skip


@contextmanager
def _broken(cluster: Cluster, breakage: Breakage) -> Iterator[None]:
    container = cluster.container(9999, breakage.service)
    path = f"{P}/{breakage.file}"
    folder = path.rsplit("/", 1)[0]
    # An archive can restore a file even in a container that does not stay up.
    whole = b"".join(container.get_archive(path)[0])
    container.put_archive(folder, _edited(whole, breakage))
    container.restart()
    try:
        yield
    finally:
        container.put_archive(folder, whole)
        container.restart()
        cluster.wait_healthy()
        cluster.toy_succeeds(9999, 10000)


def _edited(archive: bytes, breakage: Breakage) -> bytes:
    edited = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(archive)) as source,
        tarfile.open(fileobj=edited, mode="w") as target,
    ):
        (member,) = source.getmembers()
        file = source.extractfile(member)
        assert file
        text = file.read().decode()
        assert breakage.old in text, text
        content = text.replace(breakage.old, breakage.new).encode()
        member.size = len(content)
        target.addfile(member, io.BytesIO(content))
    return edited.getvalue()


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda b: f"{b.service} {b.new}")
def test_a_wrong_value_is_found_and_named(cluster: Cluster, breakage: Breakage) -> None:
    with _broken(cluster, breakage):
        said: list[str] = []

        def named() -> bool:
            container = cluster.container(9999, breakage.service)
            said[:] = [container.logs(tail=20).decode(errors="replace")]
            if cluster.container(9999, "python").status == "running":
                # The error may be in the log of either party, which the example does not show.
                job = toy_job(cluster, "fate1_3")
                said.append(job.stderr)
                assert job.returncode, f"the job succeeded despite {breakage}"
            return any(breakage.says in text for text in said)

        try:
            wait_for(f"{breakage.says!r} to be named", named, limit=60)
        except TimeoutError as error:
            raise AssertionError("\n".join(said)) from error


@pytest.mark.parametrize(
    ("wrong", "right", "says"),
    [
        (
            "UPDATE node SET status = 'LOST' WHERE type = 'EGG'",
            "UPDATE node SET status = 'HEALTHY' WHERE type = 'EGG'",
            "EGG",
        ),
        (
            "UPDATE node SET port = 9999 WHERE type = 'STORAGE'",
            "UPDATE node SET port = 7778 WHERE type = 'STORAGE'",
            "9999",
        ),
        (
            "INSERT INTO node (ip, port, type, status) VALUES ('roll', 8011, 'ROLL', 'HEALTHY')",
            "DELETE FROM node WHERE type = 'ROLL' ORDER BY node_id DESC LIMIT 1",
            "ROLL",
        ),
    ],
)
def test_a_wrong_node_is_found_and_named(
    cluster: Cluster, wrong: str, right: str, says: str
) -> None:
    cluster.sql(9999, wrong)
    try:
        job = toy_job(cluster, "fate1_3")
    finally:
        cluster.sql(9999, right)
    assert job.returncode
    assert says in job.stderr


def test_a_password_that_is_not_the_databases_is_refused(cluster: Cluster) -> None:
    client = "MYSQL_PWD=fate_dev mysql -h mysql -u fate fate -e 'SELECT 1'"
    code, said = cluster.run(9999, "mysql", client)
    assert code != 0
    assert "Access denied" in said


def test_a_job_for_a_party_that_nobody_knows_fails_at_once(cluster: Cluster) -> None:
    code, said = cluster.toy(9999, 12345)
    assert code != 0
    assert "12345" in said
    assert "127.0.0.1:9" in said, "it must be refused there, not loop or hang"
