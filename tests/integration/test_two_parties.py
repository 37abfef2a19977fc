"""Two parties on one Docker host: jobs run between them, and changes do what the preview says."""

import copy
import json
import re
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation as auto

from tests.support import changes
from tests.support.engine import browser
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
from tests.support.engine.registry import Registry
from tests.support.engine.serving import serving
from tests.support.engine.stacks import ENDS_WITHIN, Change, party
from tests.support.fate_1_3 import SERVICES

CONTAINER = "docker:index/container:Container"
_PASSWORD = "cat /run/secrets/mysql-password"


@pytest.fixture(scope="module")
def deployment(two_parties: Shared) -> Shared:
    return two_parties


@pytest.mark.parametrize(("guest", "host"), [(9999, 10000), (10000, 9999), (10000, 10000)])
def test_the_toy_job_succeeds(cluster: Cluster, guest: int, host: int) -> None:
    cluster.toy_succeeds(guest, host)


def test_the_toy_job_ends_an_up_that_asks_for_it_and_the_page_shows_it(
    cluster: Cluster, changed: Callable[[Change], None], tmp_path: Path
) -> None:
    changed(lambda c: c.update({"fate:verify": True}))
    assert cluster.stack.up().operations() == {"verify-9999-10000": "create"}
    said = cluster.stack.outputs("verify-9999-10000")["stdout"]
    assert "success to calculate secure_sum" in said
    assert cluster.stack.up().operations() == {}
    with browser.page(cluster.stack, tmp_path) as page:
        the_page_shows_all(cluster, page)
        the_page_is_live(cluster, page)
        page.fits(420)
        assert page.errors() == []


def the_page_shows_all(cluster: Cluster, page: browser.Page) -> None:
    page.wait_for_text("#health", "18 healthy")
    assert "fateboard http://127.0.0.1:9001 fateflow" in page.text("#party-9999 .addresses")
    page.wait_for_text("#checks", "Toy job of party 9999 with party 10000 success")
    assert "success to calculate secure_sum" in page.text("#checks")
    page.wait_for_text("#jobs tbody tr", "success guest 9999 host 10000 20")
    assert page.in_picture("well") == 18
    columns = "f_job_id, f_role, f_party_id, f_status, f_create_time, f_is_initiator"
    waits = f"INSERT INTO t_job ({columns}) VALUES ('1', 'guest', '9999', 'waiting', 1, 1)"
    cluster.sql(9999, waits)
    page.wait_for_text("#jobs", "guest 9999 waits although only 0 of 5 jobs at a time run")
    cluster.sql(9999, "DELETE FROM t_job WHERE f_job_id = '1'")
    page.one("#party-9999 [title$='-9999-mysql']").click()
    page.wait_for_text("#log-lines", "ready for connections")
    assert page.text("#log-title") == "mysql of party 9999"
    page.one("#log-close").click()
    for secret in (cluster.stack.master_secret, cluster.sh(9999, "mysql", _PASSWORD).strip()):
        assert secret not in page.everything()


def the_page_is_live(cluster: Cluster, page: browser.Page) -> None:
    dark, light = page.colours(dark=True), page.colours(dark=False)
    assert dark != light
    board = cluster.container(10000, "fateboard")
    board.stop()
    page.wait_for_text("#health", "1 of 18 not healthy")
    assert page.text("#party-9999 .pill") == "9 healthy"
    page.wait_for_text("#party-10000", "fateboard exited")
    assert (page.in_picture("well"), page.in_picture("ill")) == (17, 1)
    board.start()
    page.wait_for_text("#health", "18 healthy")


def test_jobs_are_listed_and_why_one_failed(cluster: Cluster) -> None:
    federation = cluster.container(10000, "federation")
    federation.stop()
    try:
        code, said = cluster.toy(9999, 10000)
    finally:
        federation.start()
    assert code
    assert "http://127.0.0.1:9001/index.html#/dashboard?job_id=20" in said, (
        "FATE Board, as published"
    )
    jobs = json.loads(cluster.stack.fatectl("jobs", "9999", "--json").stdout)["jobs"]
    assert jobs[0]["status"] == "failed"
    assert "success" in {job["status"] for job in jobs[1:]}
    shown = cluster.stack.fatectl("jobs", "9999", jobs[0]["name"])
    assert shown.returncode == 0, shown.stderr
    _, why = shown.stdout.split("secure_add_example_0 (guest) failed:")
    assert "federation federation:9394" in why
    assert "/federatedml/toy_example/secure_add_" in why, "FATE's own frame"
    cluster.wait_healthy()


def test_a_guest_that_only_followed_names_the_host_and_its_reason(cluster: Cluster) -> None:
    starter = "/data/projects/fate/eggroll/egg/conf/start-processor.sh"
    cluster.sh(10000, "egg", f"cp {starter} /tmp/starter && echo 'exit 1' > {starter}")
    try:
        failed = toy_job(cluster, "fate1_3")
        job = json.loads(cluster.stack.fatectl("jobs", "9999", "--json").stdout)["jobs"][0]["name"]
        shown = cluster.stack.fatectl("jobs", "9999", job).stdout
    finally:
        cluster.sh(10000, "egg", f"cat /tmp/starter > {starter}")
    assert failed.returncode == 1
    assert "party 10000: FATE's 5 s rule" in failed.stdout
    assert "is run once more" in failed.stdout
    assert "party 10000: FATE's 5 s rule" in failed.stderr
    assert "party 9999's task (guest) ended because of it" in failed.stderr
    assert "(guest) failed:\nended because party 10000's task failed:\nHopError: " in shown


def test_uploads_are_listed(cluster: Cluster) -> None:
    columns = "f_job_id, f_role, f_party_id, f_status, f_create_time"
    upload = f"INSERT INTO t_job ({columns}) VALUES ('1', 'local', '0', 'success', 1)"
    cluster.sql(9999, upload)
    try:
        jobs = json.loads(cluster.stack.fatectl("jobs", "9999", "--json").stdout)["jobs"]
    finally:
        cluster.sql(9999, "DELETE FROM t_job WHERE f_role = 'local'")
    assert (jobs[-1]["name"], jobs[-1]["role"], jobs[-1]["party"]) == ("1", "local", "0")


def test_every_service_is_there_and_never_had_to_start_again(cluster: Cluster) -> None:
    whole(cluster, SERVICES)


def test_nothing_is_left_to_do_after_up(cluster: Cluster) -> None:
    settled(cluster)


def test_the_state_is_not_filled_with_the_programs_stacks(cluster: Cluster) -> None:
    # The SDK registers the stack itself before the program runs.
    filled = [one["type"] for one in cluster.stack.resources() if one.get("stackTrace")]
    assert filled == ["pulumi:pulumi:Stack"]


def test_what_a_change_does_is_a_comment(cluster: Cluster) -> None:
    """What the engine prints is what the recorded previews of the unit tests look like."""
    before = copy.deepcopy(cluster.stack.config)
    cluster.stack.change(lambda c: c["fate:parties"][1]["training"]["publish"].update(proxy=9190))
    said = cluster.stack.python("fate_components.cli", "preview-comment", cluster.stack.name)
    cluster.stack.config = before
    cluster.stack.write()
    summary = "Interrupts `proxy` of party 10000; running jobs of party 10000 fail. No data is"
    assert summary in said.stdout, said.stderr
    assert "| replaced | ports 0.0.0.0:9100 → 0.0.0.0:9190 |" in said.stdout
    assert "Party 10000" in cluster.stack.auto.outputs()["topology"].value


def test_outputs_say_where_the_parties_are(cluster: Cluster) -> None:
    parties = cluster.stack.auto.outputs()["parties"].value
    assert parties["9999"] == {
        "fateboard": "http://127.0.0.1:9001",
        "fateflow": "http://127.0.0.1:9003",
        "proxy": "localhost:9000",
    }


def test_no_password_is_shown_anywhere(cluster: Cluster) -> None:
    passwords = {cluster.stack.master_secret}
    for party_id in (9999, 10000):
        for name in ("mysql-password", "mysql-root-password"):
            passwords.add(cluster.sh(party_id, "mysql", f"cat /run/secrets/{name}").strip())
        redis = cluster.sh(party_id, "redis", "cat /usr/local/etc/redis/redis.conf")
        passwords.add(redis.split("requirepass ")[1].strip())
    assert len(passwords) == 7
    no_password_shown(cluster, passwords)
    no_password_readable(cluster, passwords)


def test_fatectl_reaches_every_service(cluster: Cluster) -> None:
    logs = cluster.stack.fatectl("logs", "9999")
    assert logs.returncode == 0, logs.stderr
    by_service = {line.split("|")[0].strip() for line in logs.stdout.splitlines()}
    assert {"mysql", "redis", "python", "egg"} <= by_service <= SERVICES
    where = ("--host", cluster.host.url, "--stack", cluster.stack.name)
    command = (".venv/bin/python", "-m", "fate_components.cli", "exec", "9999", "redis", *where)
    inside = subprocess.run(
        [*command, "--", "sh", "-c", "hostname; exit 7"],
        cwd=cluster.stack.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (inside.returncode, inside.stdout.strip()) == (
        7,
        cluster.container(9999, "redis").attrs["Config"]["Hostname"],
    )


def test_only_the_proxies_are_open_to_other_machines(cluster: Cluster) -> None:
    closed_and_bounded(cluster, {"9370/tcp"})


def test_one_value_replaces_one_container(cluster: Cluster) -> None:
    before = cluster.lives()
    egg = cluster.container(10000, "egg")
    address = _addresses(egg)
    cluster.stack.change(lambda c: c["fate:parties"][1]["training"].update(processors=2))
    wanted = {"10000-egg": "replace", "10000-health": "update"}
    assert cluster.stack.preview().operations() == wanted
    assert cluster.stack.up().operations() == wanted
    after = cluster.lives()
    assert {name for name in before if before[name] != after[name]} == {egg.name}
    assert _addresses(cluster.container(10000, "egg")) == address
    cluster.toy_succeeds(9999, 10000)


def test_a_job_with_an_unknown_party_names_the_hop(cluster: Cluster) -> None:
    # By now the route tables are so old that the job is not tried again.
    refused = cluster.stack.fatectl("toy", "9999", "12345")
    assert refused.returncode == 1
    assert "party 12345 is neither in fate:parties nor in fate:peers" in refused.stderr
    failed = toy_job(cluster, "fate1_3", host=12345, peer=True)
    assert failed.returncode == 1
    assert "with party 12345 failed:\nits last lines:" in failed.stderr
    assert "127.0.0.1:9" in failed.stderr, "the job's own output must name the hop"


def _addresses(container: Any) -> set[str]:
    networks = container.attrs["NetworkSettings"]["Networks"].values()
    return {network["IPAddress"] for network in networks}


def killed_when_creating(cluster: Cluster, resource: str) -> None:
    """Kill an up in the middle of its work, and repair the stack."""
    up = cluster.stack.start("up", "--yes", "--skip-preview")
    assert up.stdout
    assert any(f"{resource} creating" in line for line in up.stdout)
    up.kill()
    up.communicate()
    repaired = cluster.stack.fatectl("repair")
    assert repaired.returncode == 0, repaired.stderr
    assert "released the lock of" in repaired.stdout


def test_a_third_party_disturbs_nobody(cluster: Cluster, changed: Callable[[Change], None]) -> None:
    before = cluster.lives()
    changed(lambda c: c["fate:parties"].append(party(10001, "lab", 9200)))
    preview = cluster.stack.preview()
    assert preview.operations() == changes.NEW_PARTY.touched
    assert "differs from the stack" not in preview.output, "nothing was changed by hand"

    stop = threading.Event()
    jobs: list[tuple[int, str]] = []

    def work() -> None:
        while not stop.is_set():
            jobs.append(cluster.toy(9999, 10000))

    worker = threading.Thread(target=work)
    worker.start()
    try:
        killed_when_creating(cluster, "10001-roll")
        cluster.stack.up()
    finally:
        stop.set()
        worker.join()
    assert jobs
    assert [said for code, said in jobs if code] == []
    cluster.stack.preview(expect_no_changes=True)

    after = cluster.lives()
    assert {name: after[name] for name in before} == before
    for old in (9999, 10000):
        assert f"fate-{cluster.stack.name}-10001-proxy" in cluster.routes(old)
    cluster.toy_succeeds(9999, 10001)
    cluster.toy_succeeds(10001, 10000)

    # A proxy that is replaced now must not come up with its original table.
    changed(lambda c: c["fate:parties"][0]["training"]["publish"].update(proxy=9009))
    changed(lambda c: c["fate:parties"][2].update(id=10002))
    proxy = {"9999-proxy": "replace", "9999-health": "update", **changes.ROUTES}
    renumbered = changes.whole(10001, "delete") | changes.whole(10002, "create") | proxy
    assert cluster.stack.preview().operations() == renumbered
    assert cluster.stack.up().operations() == renumbered
    cluster.toy_succeeds(9999, 10002)

    changed(lambda c: c["fate:parties"][0]["training"]["publish"].update(proxy=9000))
    changed(lambda c: c["fate:parties"].pop())
    removed = changes.whole(10002, "delete") | proxy
    assert cluster.stack.preview().operations() == removed
    assert cluster.stack.up().operations() == removed


def test_eggs_come_and_go_with_their_nodes(
    cluster: Cluster, changed: Callable[[Change], None]
) -> None:
    one_egg = {
        ("roll", "8011", "ROLL"),
        ("proxy", "9370", "PROXY"),
        ("egg", "7888", "EGG"),
        ("egg", "7778", "STORAGE"),
    }
    second = {("egg-2", "7888", "EGG"), ("egg-2", "7778", "STORAGE")}
    assert cluster.nodes(9999) == one_egg
    ids = cluster.sql(9999, "SELECT node_id FROM node ORDER BY node_id")

    changed(lambda c: c["fate:parties"][0]["training"].update(eggs=2))
    before = cluster.lives()
    cluster.stack.up()
    after = cluster.lives()
    assert {name: after[name] for name in before} == before
    assert cluster.nodes(9999) == one_egg | second
    cluster.toy_succeeds(9999, 10000)

    changed(lambda c: c["fate:parties"][0]["training"].update(eggs=1))
    cluster.stack.up()
    assert cluster.nodes(9999) == one_egg
    assert cluster.nodes(9999, "LOST") == second
    kept = cluster.sql(9999, "SELECT node_id FROM node ORDER BY node_id")
    assert kept[: len(ids)] == ids, "stored data is found by the node's id"
    cluster.toy_succeeds(9999, 10000)
    name = f"fate-{cluster.stack.name}-9999-egg-2"
    assert cluster.host.docker.volumes.get(name), "an egg's data stays on the host"


def only(*names: object) -> list[str]:
    """The targets that docs/from-kubefate.md gives for a party and its Docker host."""
    return [target for name in names for target in (f"**::{name}", f"**::{name}-**")]


def test_one_cluster_comes_and_goes_while_another_change_waits(
    cluster: Cluster, changed: Callable[[Change], None]
) -> None:
    name, before = f"fate-{cluster.stack.name}-9999", cluster.lives()

    def change(config: dict[str, Any]) -> None:
        config["fate:parties"][0]["serving"] = serving(9010)
        config["fate:parties"][1]["training"]["processors"] = 1  # this is not to be deployed

    changed(change)
    cluster.stack.up(target=only(9999, "lab"))
    after = cluster.lives()
    # FATE Flow reads where its party's serving cluster is.
    assert {one for one in before if before[one] != after[one]} == {f"{name}-python"}
    assert after.keys() - before.keys() == {
        f"{name}-serving-{service}" for service in ("proxy", "redis", "server")
    }

    cluster.stack.change(lambda c: c["fate:parties"][0].pop("serving"))
    cluster.stack.up(target=only(9999, "lab"))
    after = cluster.lives()
    assert after.keys() == before.keys()
    assert {one for one in before if before[one] != after[one]} == {f"{name}-python"}


def test_what_was_done_by_hand_is_seen_and_mended(cluster: Cluster) -> None:
    roll, federation = cluster.container(9999, "roll"), cluster.container(9999, "federation")
    addresses = _addresses(federation)
    roll.stop()
    federation.remove(force=True)
    # The state is not needed to see it.
    seen = cluster.stack.python("fate_components.cli", "status", PULUMI_BACKEND_URL="file:///none")
    assert seen.returncode == 3, seen.stderr
    assert "the state is out of reach" in seen.stderr
    assert "party 9999: 2 of 9 not healthy" in seen.stdout
    assert re.search(r"^roll +lab +exited ", seen.stdout, re.M)
    assert re.search(r"^federation +lab +missing ", seen.stdout, re.M)
    assert "party 10000: 9 healthy" in seen.stdout
    report = json.loads(cluster.stack.fatectl("doctor", "--json").stdout)
    assert len(report["errors"]) == 2, report
    assert "-9999-federation on Docker host lab is missing." in " ".join(report["errors"])
    assert all(way["seconds"] for way in report["ways"])
    assert len(report["ways"]) == 2
    wanted = {"9999-roll": "update", "9999-federation": "create"}
    assert cluster.stack.preview().operations(CONTAINER) == wanted
    assert cluster.stack.up().operations(CONTAINER) == wanted
    assert _addresses(cluster.container(9999, "federation")) == addresses
    cluster.wait_healthy()
    seen = cluster.stack.fatectl("status", "--json")
    assert seen.returncode == 0, seen.stdout
    for party_id in json.loads(seen.stdout)["parties"]:
        assert {one["service"] for one in party_id["services"]} == SERVICES
        assert all(one["memoryBytes"] for one in party_id["services"])
    cluster.toy_succeeds(9999, 10000)


def test_a_lost_database_container_gets_its_nodes_again(cluster: Cluster) -> None:
    nodes = cluster.nodes(9999)
    cluster.sql(9999, "DELETE FROM node")
    cluster.container(9999, "mysql").remove(force=True)
    assert cluster.stack.up().operations() == {
        "9999-mysql": "create",
        "9999-nodes": "update",
        "9999-health": "update",
    }
    assert cluster.nodes(9999) == nodes
    cluster.toy_succeeds(9999, 10000)


def test_a_name_that_is_taken_fails_the_up_at_once(cluster: Cluster) -> None:
    name = cluster.container(9999, "python").name
    cluster.container(9999, "python").remove(force=True)
    leftover = cluster.host.docker.containers.create("fate-lab/redis:5", name=name)
    try:
        said = cluster.stack.failing_up()
    finally:
        leftover.remove(force=True)
    assert f"{name} on Docker host lab is taken by a container that does not belong" in said
    assert " creating" not in said, "nothing may be touched"
    cluster.stack.up()
    cluster.toy_succeeds(9999, 10000)


def test_a_service_that_cannot_start_ends_the_up_with_its_log(cluster: Cluster) -> None:
    redis = cluster.container(9999, "redis")
    cluster.sh(9999, "redis", "echo not a database > /data/dump.rdb")
    redis.remove(force=True)
    try:
        said = cluster.stack.failing_up()
    finally:
        cluster.container(9999, "redis").remove(force=True)
        volume = {f"fate-{cluster.stack.name}-9999-redis": {"bind": "/data"}}
        cluster.host.docker.containers.run(
            "fate-lab/redis:5", ["rm", "/data/dump.rdb"], volumes=volume, remove=True
        )
    assert f"{redis.name} keeps exiting" in said
    assert "Wrong signature trying to load DB from file" in said, "the log must be shown"
    cluster.stack.up()
    cluster.toy_succeeds(9999, 10000)


def _log_in(cluster: Cluster, address: str, password: str) -> None:
    """Set the password of a registry as an operator does."""
    login = {"address": address, "user": "me", "password": cluster.stack.encrypted(password)}
    cluster.stack.change(lambda c: c.update({"fate:registries": [login]}))


def test_a_registry_with_a_password(
    cluster: Cluster, changed: Callable[[Change], None], tmp_path: Path
) -> None:
    passwords = [f"{what}-password-of-the-registry" for what in ("wrong", "right", "new")]
    before = cluster.lives()
    registry = Registry(cluster.host, tmp_path, "fate-lab/redis:5", "my/redis", "me", passwords[1])
    image = f"{registry.address}/my/redis:7"
    own = {"redis": {"image": image}}
    try:
        changed(lambda c: c["fate:parties"][0]["training"].update(services=own))
        said = cluster.stack.failing_up()
        assert f"Docker host lab may not pull {image}: {registry.address} requires a login" in said
        _log_in(cluster, registry.address, passwords[0])
        said = cluster.stack.failing_up()
        assert "does not accept the user me with this password" in said
        assert cluster.lives() == before
        _log_in(cluster, registry.address, passwords[1])
        assert cluster.stack.up().operations() == {
            "9999-redis": "replace", "9999-health": "update", "lab": "update",
            f"lab-own-{image}": "create",
        }  # fmt: skip
    finally:
        registry.close()
    pulled = cluster.host.docker.images.get(image)
    assert cluster.container(9999, "redis").attrs["Image"] == pulled.id
    cluster.stack.preview(expect_no_changes=True)
    _log_in(cluster, registry.address, passwords[2])
    assert cluster.stack.preview().operations() == {"lab": "update"}
    no_password_shown(cluster, set(passwords))


def test_ctrl_c_ends_an_up_that_waits(cluster: Cluster, changed: Callable[[Change], None]) -> None:
    # FATE Flow waits for Redis as long as it takes.
    cluster.sh(9999, "redis", "pkill -STOP redis-server")
    changed(lambda c: c["fate:parties"][0]["training"]["publish"].update({"fateflow-http": 9010}))
    up = cluster.stack.start("up", "--yes")
    try:
        assert up.stdout
        waits = f"waiting for fate-{cluster.stack.name}-9999-python"
        assert any(waits in line for line in up.stdout), "the starting containers must be shown"
        up.send_signal(signal.SIGINT)
        said, _ = up.communicate(timeout=ENDS_WITHIN)
    finally:
        cluster.sh(9999, "redis", "pkill -CONT redis-server")
    assert up.returncode != 0, said
    assert cluster.stack.up().operations() == {"9999-health": "update"}
    cluster.toy_succeeds(9999, 10000)


def test_passwords_can_be_changed(cluster: Cluster) -> None:
    jobs = cluster.sql(9999, "SELECT f_job_id FROM t_job ORDER BY f_job_id")
    assert jobs
    old = cluster.sh(9999, "mysql", "cat /run/secrets/mysql-password")
    cluster.stack.set_master_secret("another-secret-altogether")
    assert cluster.stack.up().operations() == changes.MASTER_SECRET.touched
    assert cluster.sh(9999, "mysql", "cat /run/secrets/mysql-password") != old
    assert cluster.sql(9999, "SELECT f_job_id FROM t_job ORDER BY f_job_id") == jobs
    cluster.toy_succeeds(9999, 10000)


def test_a_password_of_ones_own(cluster: Cluster) -> None:
    password = "a-password-of-mine"
    key = "fate:parties[0].training.redis.password"
    cluster.stack.auto.set_config(key, auto.ConfigValue(password, secret=True), path=True)
    assert cluster.stack.up().operations() == changes.ONE_PASSWORD.touched
    assert password in cluster.sh(9999, "redis", "cat /usr/local/etc/redis/redis.conf")
    assert password not in cluster.stack.state() + cluster.stack.file.read_text()
    cluster.toy_succeeds(9999, 10000)
    cluster.stack.write()
    cluster.stack.up()


def test_a_crash_of_docker_needs_nobody(cluster: Cluster) -> None:
    cluster.host.kill_dockerd()
    cluster.wait_healthy()
    cluster.toy_succeeds(9999, 10000)
    cluster.stack.preview(expect_no_changes=True)


def test_destroy_keeps_the_data_and_the_next_up_takes_it_up(cluster: Cluster) -> None:
    client = cluster.host.docker
    jobs = cluster.sql(9999, "SELECT f_job_id FROM t_job ORDER BY f_job_id")
    mine = {"label": f"fate.stack={cluster.stack.name}"}
    volumes = {volume.name for volume in client.volumes.list(filters=mine)}
    with all_stop_cleanly(cluster):
        cluster.stack.destroy()
    assert cluster.containers() == []
    assert client.networks.list(filters=mine) == []
    assert {volume.name for volume in client.volumes.list(filters=mine)} == volumes
    assert client.images.list("fate-lab/mysql"), "images stay on the host"

    cluster.stack.up()
    assert cluster.sql(9999, "SELECT f_job_id FROM t_job ORDER BY f_job_id") == jobs
    cluster.toy_succeeds(9999, 10000)
    cluster.stack.preview(expect_no_changes=True)


def test_data_can_be_given_up(cluster: Cluster) -> None:
    mine = {"label": f"fate.stack={cluster.stack.name}"}
    cluster.stack.change(lambda c: c.update({"fate:keepData": False}))
    assert cluster.stack.up().operations(CONTAINER) == {}
    deployed = cluster.stack.names("docker:index/volume:Volume")
    assert len(deployed) == 10
    cluster.stack.destroy()
    left = {volume.name for volume in cluster.host.docker.volumes.list(filters=mine)}
    assert left & deployed == set()
