"""Two parties of FATE 1.11 on one Docker host: jobs run, and changes disturb nobody."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.engine.clusters import (
    Cluster,
    Shared,
    all_stop_cleanly,
    closed_and_bounded,
    no_password_readable,
    no_password_shown,
    settled,
    toy_job,
    whole,
)
from tests.support.engine.docker_hosts import DockerHost, wait_for
from tests.support.engine.stacks import Change, Stack

CONTAINER = "docker:index/container:Container"
SERVICES = {
    "mysql", "rollsite", "clustermanager", "nodemanager", "fateflow", "client", "fateboard",
}  # fmt: skip
_PORTS = ("rollsite", "fateflow-http", "fateflow-grpc", "fateboard", "notebook")
_PASSWORD = "cat /run/secrets/mysql-password"


def party(id: int, first: int, **training: object) -> dict[str, Any]:
    """A party whose ports on the Docker host follow each other."""
    publish = {name: first + index for index, name in enumerate(_PORTS)}
    return {"id": id, "host": "lab", "training": {"publish": publish, **training}}


@pytest.fixture(scope="module")
def deployment(
    docker_host: DockerHost, engine_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shared]:
    """Two parties, one with two node managers."""
    stack = Stack(
        tmp_path_factory.mktemp("fate1-11"),
        engine_env,
        {
            "fate:release": "1.11.2",
            "fate:registry": "fate-lab",
            "fate:hosts": {"lab": {"docker": docker_host.url, "address": docker_host.address}},
            "fate:parties": [party(9999, 9500, nodemanagers=2), party(10000, 9520)],
            "fate:verify": True,
        },
    )
    yield Shared(Cluster(docker_host, stack), stack.up())
    stack.destroy()


def nodes(cluster: Cluster, party: int) -> set[tuple[str, str]]:
    """The node managers that a party's cluster manager gives work to, and their ids."""
    query = "SELECT host, server_node_id FROM server_node WHERE status = 'HEALTHY'"
    return {(host, id) for host, id in cluster.sql(party, query)}


def succeeds(cluster: Cluster, guest: int, host: int) -> None:
    done = toy_job(cluster, "fate1_11", guest, host)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "success on both parties" in done.stdout


def test_the_first_up_ends_with_a_job_and_leaves_nothing_to_do(
    cluster: Cluster, deployment: Shared
) -> None:
    assert "success on both parties" in deployment.first.output
    succeeds(cluster, 10000, 9999)
    succeeds(cluster, 9999, 9999)
    whole(cluster, SERVICES)
    settled(cluster)
    assert {host for host, _ in nodes(cluster, 9999)} == {"nodemanager", "nodemanager-2"}
    (job, *_) = json.loads(cluster.stack.fatectl("jobs", "9999", "--json").stdout)["jobs"]
    assert job["status"] == "success"
    closed_and_bounded(cluster, {"9370/tcp"})


def test_no_password_is_shown_anywhere(cluster: Cluster) -> None:
    passwords = {cluster.sh(party, "mysql", _PASSWORD).strip() for party in (9999, 10000)}
    no_password_shown(cluster, passwords)
    no_password_readable(cluster, passwords)


def test_a_job_that_fails_says_why(cluster: Cluster) -> None:
    manager = cluster.container(10000, "nodemanager")
    manager.stop()
    wait_for("the node to be lost", lambda: nodes(cluster, 10000) == set())
    try:
        failed = toy_job(cluster, "fate1_11")
    finally:
        manager.start()
    assert failed.returncode == 1
    assert "party 10000" in failed.stderr
    cluster.wait_healthy()
    succeeds(cluster, 9999, 10000)


def test_a_third_party_disturbs_nobody(cluster: Cluster, changed: Callable[[Change], None]) -> None:
    before, known = cluster.lives(), nodes(cluster, 9999)
    changed(lambda config: config["fate:parties"].append(party(10001, 9540)))
    shown = cluster.stack.preview().operations(CONTAINER)
    assert all(name.startswith("10001-") for name in shown), shown
    cluster.stack.up()
    assert before.items() <= cluster.lives().items()
    wait_for("the new route to be read", lambda: toy(cluster, 10001) == 0)
    assert nodes(cluster, 9999) == known


def toy(cluster: Cluster, guest: int) -> int:
    return toy_job(cluster, "fate1_11", guest, 9999).returncode


def test_one_value_replaces_one_container(
    cluster: Cluster, changed: Callable[[Change], None]
) -> None:
    known = nodes(cluster, 9999)
    changed(lambda config: config["fate:parties"][0]["training"].update({"nodemanagers": 1}))
    operations = cluster.stack.up().operations(CONTAINER)
    assert operations == {"9999-nodemanager-2": "delete", "9999-fateflow": "replace"}
    wait_for(
        "the other node to be lost",
        lambda: {host for host, _ in nodes(cluster, 9999)} == {"nodemanager"},
    )
    succeeds(cluster, 9999, 10000)
    assert nodes(cluster, 9999) <= known


def test_jobs_go_through_an_exchange_and_edges(
    cluster: Cluster, changed: Callable[[Change], None]
) -> None:
    changed(
        lambda config: config.update(
            {"fate:exchange": {"host": "lab", "port": 9560}, "fate:tls": {"enabled": True}}
        )
    )
    cluster.stack.up()
    routes = cluster.sh(9999, "rollsite", "cat /data/projects/fate/eggroll/conf/route_table.json")
    assert set(json.loads(routes)["route_table"]) == {"default", "9999"}
    succeeds(cluster, 9999, 10000)
    settled(cluster)


def test_what_was_done_by_hand_is_mended(cluster: Cluster) -> None:
    table = "/data/projects/fate/eggroll/conf/route_table.json"
    # What is as old as its container was not edited.
    cluster.sh(9999, "rollsite", f"sed -i s/9370/9371/ {table} && touch -d '1 hour' {table}")
    cluster.container(10000, "clustermanager").remove(force=True)
    shown = cluster.stack.preview().operations(CONTAINER)
    assert shown == {"10000-clustermanager": "create"}
    cluster.stack.up()
    assert "9371" not in cluster.sh(9999, "rollsite", f"cat {table}")
    succeeds(cluster, 9999, 10000)
    settled(cluster)


def test_destroy_keeps_the_data_and_the_next_up_takes_it_up(cluster: Cluster) -> None:
    known = nodes(cluster, 9999)
    before = len(json.loads(cluster.stack.fatectl("jobs", "9999", "--json").stdout)["jobs"])
    with all_stop_cleanly(cluster):
        cluster.stack.destroy()
    cluster.stack.up()
    assert nodes(cluster, 9999) == known
    after = json.loads(cluster.stack.fatectl("jobs", "9999", "--json").stdout)["jobs"]
    assert len(after) > before
