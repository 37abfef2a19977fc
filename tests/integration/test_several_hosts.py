"""Parties on several Docker hosts, reached by TCP and by SSH, without and with an exchange."""

import copy
import json
import os
import re
import signal
import tarfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker.types import IPAMConfig, IPAMPool
from pulumi import automation as auto

from fate_components.cli.status import UNWELL
from fate_components.cli.up import PARTIAL
from tests.support.engine.clusters import Cluster, restarted
from tests.support.engine.docker_hosts import DockerHost, wait_for
from tests.support.engine.ssh import SshServer
from tests.support.engine.stacks import ENDS_WITHIN, Stack, party


@pytest.fixture(scope="module")
def ssh(
    other_host: DockerHost, engine_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SshServer]:
    """The way to the second Docker host, through the ssh command of engine_env."""
    server = SshServer(other_host, tmp_path_factory.mktemp("ssh"))
    yield server
    server.close()


@pytest.fixture(scope="module")
def clusters(
    docker_host: DockerHost,
    other_host: DockerHost,
    ssh: SshServer,
    engine_env: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Cluster, Cluster]]:
    """Party 9999 on one Docker host and 10000 on another: the cluster as seen from each."""
    env = {**engine_env, "PATH": f"{ssh.bin}{os.pathsep}{engine_env['PATH']}"}
    stack = Stack(
        tmp_path_factory.mktemp("several"),
        env,
        {
            "fate:release": "1.3.0",
            "fate:registry": "fate-lab",
            "fate:hosts": {
                "here": {
                    "docker": docker_host.tcp,
                    "bind": docker_host.address,
                    "tls": {
                        "authority": docker_host.client.trust.authority,
                        "certificate": docker_host.client.certificate,
                    },
                },
                "there": {"docker": ssh.url},
            },
            "fate:parties": [party(9999, "here", 9300), party(10000, "there", 9300)],
            "fate:peers": [{"id": 10005, "address": "192.0.2.1"}],
        },
    )
    key = stack.encrypted(docker_host.client.key.get_secret_value())
    stack.change(lambda config: config["fate:hosts"]["here"]["tls"].update(key=key))
    stack.up()
    yield Cluster(docker_host, stack), Cluster(other_host, stack)
    stack.destroy()


def test_calls_of_a_docker_host_share_connections(
    clusters: tuple[Cluster, Cluster], ssh: SshServer
) -> None:
    # A login for every eight calls at a time.
    assert ssh.sessions > 20
    assert ssh.logins < ssh.sessions / 3
    # It ends although the connections stay open: they hold none of its pipes.
    preview = clusters[0].stack.start("preview", "--expect-no-changes")
    said, _ = preview.communicate(timeout=ENDS_WITHIN)
    assert preview.returncode == 0, said


def test_the_key_for_a_docker_host_is_kept_secret(clusters: tuple[Cluster, Cluster]) -> None:
    here, _ = clusters
    preview = here.stack.preview(expect_no_changes=True, diff=True).output
    key = "PRIVATE KEY"
    assert key in here.host.client.key.get_secret_value()
    assert key not in here.stack.state()
    assert key not in preview
    assert not list(here.stack.folder.glob(".pulumi/docker-tls*/*")), "removed after the last run"


def test_jobs_cross_docker_hosts(clusters: tuple[Cluster, Cluster]) -> None:
    here, there = clusters
    assert here.host.address in there.routes(10000)
    assert there.host.address in here.routes(9999)
    (bound,) = here.container(9999, "proxy").attrs["HostConfig"]["PortBindings"]["9370/tcp"]
    assert bound["HostIp"] == here.host.address
    here.toy_succeeds(9999, 10000)
    there.toy_succeeds(10000, 9999)
    here.stack.preview(expect_no_changes=True)


def test_fatectl_works_across_docker_hosts(clusters: tuple[Cluster, Cluster]) -> None:
    stack = clusters[0].stack
    report = json.loads(stack.fatectl("doctor", "--json").stdout)
    assert len(report["ways"]) == 4
    for found in report["ways"]:
        assert (found["seconds"] is None) is (found["to"] == "10005"), found
    assert len(report["errors"]) == 2, report["errors"]
    assert all("cannot reach party 10005 at 192.0.2.1:9370" in text for text in report["errors"])
    assert all(host["freeBytes"] for host in report["hosts"].values())

    # FATE Board is bound to loopback of a machine that only ssh reaches.
    opened = stack.start_fatectl("open", "10000", "board")
    try:
        assert opened.stdout
        with urllib.request.urlopen(f"{opened.stdout.readline().strip()}/actuator/health") as page:
            assert b'"UP"' in page.read()
    finally:
        opened.send_signal(signal.SIGINT)
        said, _ = opened.communicate(timeout=ENDS_WITHIN)
    assert opened.returncode == 130, said


def test_eggs_on_another_docker_host_are_used_by_the_next_job(
    clusters: tuple[Cluster, Cluster],
) -> None:
    here, there = clusters
    stack, before = here.stack, here.lives() | there.lives()
    own = copy.deepcopy(stack.config["fate:parties"][0])

    def spread(config: dict[str, Any]) -> None:
        party = config["fate:parties"][0]
        del party["host"]
        party["hosts"] = ["here", "there"]
        party["training"]["eggs"] = {"here": 1, "there": 1}

    stack.change(spread)
    stack.up()
    after = here.lives() | there.lives()
    assert {name: after[name] for name in before} == before, "nothing that was there is replaced"
    assert ("egg.there", "7888", "EGG") in here.nodes(9999)
    (bound,) = there.container(9999, "link").attrs["HostConfig"]["PortBindings"]["7888/tcp"]
    assert bound["HostIp"] == there.host.address

    here.toy_succeeds(9999, 10000)
    there.toy_succeeds(10000, 9999)
    egg = there.container(9999, "egg")
    egg.stop()
    code, said = here.toy(9999, 10000)
    job = re.search(r'"jobId": "(\w+)"', said)
    assert code, said
    assert job, said
    why = f"find /data/projects/fate/python/logs/{job[1]} -name ERROR.log -exec cat {{}} +"
    logged = here.sh(9999, "python", why) + there.sh(10000, "python", why)
    assert "egg.there" in logged, "a job uses all eggs"
    egg.start()
    done = stack.fatectl("backup", "9999", str(stack.folder / "9999.backup"))
    assert done.returncode == 0, done.stdout + done.stderr
    with tarfile.open(stack.folder / "9999.backup") as backup:
        assert [name for name in backup.getnames() if name.startswith("volumes/egg.there.")]
    there.host.restart_dockerd()
    there.wait_healthy()
    here.toy_succeeds(9999, 10000)

    node = "(SELECT node_id FROM node WHERE ip = 'egg.there' AND type = 'STORAGE')"
    keep = (
        "INSERT INTO dtable (table_id, namespace, table_name, table_type, total_fragments, status)"
        " VALUES (99999, 'uploaded', 'breast', 'LMDB', 1, 'NORMAL');"
        " INSERT INTO fragment (table_id, node_id, fragment_order, status)"
        f" VALUES (99999, {node}, 0, 'PRIMARY')"
    )
    here.sql(9999, keep)
    stack.change(lambda c: c["fate:parties"].__setitem__(0, own))
    before = here.lives() | there.lives()
    said = stack.failing_up()
    # The job that failed has left tables, too.
    assert "data on egg.there of party 9999, which the stack file no longer has" in said, said
    assert here.lives() | there.lives() == before
    stack.change(lambda c: c["fate:parties"][0]["training"].update(allowTableLoss=True))
    stack.up()
    assert f"fate-{stack.name}-9999-egg.there" not in there.lives()
    here.toy_succeeds(9999, 10000)


def test_with_an_exchange_everything_goes_through_it(clusters: tuple[Cluster, Cluster]) -> None:
    here, there = clusters
    before = here.lives() | there.lives()
    here.stack.change(lambda c: c.update({"fate:exchange": {"host": "there", "port": 9399}}))
    here.stack.up()
    proxies = {f"fate-{here.stack.name}-{party}-proxy" for party in (9999, 10000)}
    assert restarted(before, here.lives() | there.lives()) == proxies
    (exchange,) = there.containers(cluster="exchange")
    exchange.stop()
    # The proxies reread their tables after a while.
    wait_for("a job to fail at the exchange's port", lambda: ":9399" in here.toy(9999, 10000)[1])
    wait_for("a job to fail at the exchange", lambda: "exchange:9370" in there.toy(10000, 9999)[1])
    here.stack.up()
    here.toy_succeeds(9999, 10000)
    there.toy_succeeds(10000, 9999)
    here.stack.preview(expect_no_changes=True)


def test_a_docker_host_that_is_down_does_not_keep_the_others_from_an_update(
    clusters: tuple[Cluster, Cluster],
) -> None:
    here, there = clusters
    stack, before = here.stack, here.lives()
    stack.change(lambda c: c["fate:parties"][0]["training"].update(processors=2))
    stack.change(lambda c: c["fate:parties"][1]["training"].update(eggs=2))
    there.host.stop_dockerd()
    try:
        seen = stack.fatectl("status", "--json")
        done = stack.fatectl("up", "--yes")
    finally:
        there.host.start_dockerd()
    assert seen.returncode == UNWELL
    (silent,) = json.loads(seen.stdout)["unreachable"]
    assert silent["host"] == "there"
    assert "10000" in silent["parties"]
    assert {one["party"] for one in json.loads(seen.stdout)["parties"]} == {"9999"}
    assert done.returncode == PARTIAL, done.stdout + done.stderr
    # An earlier test of the module leaves an exchange there too.
    said = "Docker host there does not answer and is left out (it runs party 10000"
    assert said in done.stderr
    after = here.lives()
    assert {name for name in before if before[name] != after[name]} == {
        f"fate-{stack.name}-9999-egg"
    }
    done = stack.fatectl("up", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"fate-{stack.name}-10000-egg-2" in there.lives()
    here.toy_succeeds(9999, 10000)
    stack.preview(expect_no_changes=True)


def test_a_party_moves_to_another_docker_host_in_one_up(clusters: tuple[Cluster, Cluster]) -> None:
    here, there = clusters
    before = here.lives()
    volumes = {"label": [f"fate.stack={there.stack.name}", "fate.party=10000"]}
    data = {volume.name for volume in there.host.docker.volumes.list(filters=volumes)}
    assert data
    here.stack.change(lambda c: c["fate:parties"].__setitem__(1, party(10000, "here", 9400)))
    planned = here.stack.preview().operations()
    assert here.stack.up().operations() == planned
    assert there.containers(party=10000) == []
    left = there.host.docker.volumes.list(filters=volumes)
    assert {volume.name for volume in left} == data, "the data stays on the old host"
    assert restarted(before, here.lives()) == set(), "only the exchange had a route to it"
    here.toy_succeeds(9999, 10000)
    here.toy_succeeds(10000, 9999)
    here.stack.preview(expect_no_changes=True)


def test_a_docker_host_that_is_gone_for_good_is_forgotten(
    clusters: tuple[Cluster, Cluster],
) -> None:
    here, there = clusters
    stack, before = here.stack, here.lives()

    def without(config: dict[str, Any]) -> None:
        del config["fate:hosts"]["there"]
        config.pop("fate:exchange", None)  # an earlier test of the module leaves it there
        config["fate:parties"][1] = party(10000, "here", 9400)

    kept = stack.fatectl("forget", "there", "--yes")
    assert kept.returncode == 1
    assert "still in the stack file" in kept.stderr
    stack.change(without)
    kept = stack.fatectl("forget", "there", "--yes")
    assert kept.returncode == 1
    assert "answers: `pulumi up` removes" in kept.stderr
    there.host.stop_dockerd()
    try:
        with pytest.raises(auto.CommandError, match="Error pinging Docker server"):
            stack.preview()
        done = stack.fatectl("forget", "there", "--yes")
        assert done.returncode == 0, done.stderr
        assert f"fate-{stack.name}-" in done.stdout
        planned = stack.preview().operations()
        assert stack.up().operations() == planned
        stack.preview(expect_no_changes=True)
        proxies = {f"fate-{stack.name}-{party}-proxy" for party in (9999, 10000)}
        assert restarted(before, here.lives()) == proxies, "they forget the exchange"
    finally:
        there.host.start_dockerd()
        for container in there.containers():
            container.remove(force=True)
        mine = {"label": f"fate.stack={stack.name}"}
        for network in there.host.docker.networks.list(filters=mine):
            network.remove()
    here.toy_succeeds(9999, 10000)


def test_all_that_is_wrong_with_docker_hosts_is_reported_before_anything_is_changed(
    docker_host: DockerHost, engine_env: dict[str, str], tmp_path: Path
) -> None:
    nobody = f"ssh://root@{docker_host.address}:2222"
    stack = Stack(
        tmp_path,
        engine_env,
        {
            "fate:release": "1.3.0",
            "fate:registry": "fate-lab",
            "fate:hosts": {
                "here": {
                    "docker": docker_host.url,
                    "address": docker_host.address,
                    "subnet": "10.77.0.0/16",
                },
                "there": {"docker": nobody, "address": "192.0.2.1"},
            },
            "fate:parties": [party(9999, "here", 9800), party(10000, "there", 9800)],
        },
    )
    taken = docker_host.docker.networks.create(
        "taken", ipam=IPAMConfig(pool_configs=[IPAMPool(subnet="10.77.0.0/20")])
    )
    try:
        said = stack.failing_up()
    finally:
        taken.remove()
    unreachable = f"Docker host there ({nobody}), which runs party 10000, does not answer: ssh: "
    assert said.count("does not answer") == said.count(unreachable) > 0
    assert "Connection refused. Check it with `docker -H ssh://" in said
    assert "Network taken of Docker host here has the addresses 10.77.0.0/20" in said
    assert not Cluster(docker_host, stack).containers()
    assert stack.names("docker:") == set()
