"""Updates that are killed at any moment: one command makes the stack whole, with all its data."""

import copy
import io
import os
import random
import secrets
import tarfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from pulumi import automation as auto

from fate_components.docker.inspect import local
from fate_components.operate import recorded
from tests.support.engine import kept_images
from tests.support.engine.clusters import Cluster
from tests.support.engine.docker_hosts import DockerHost, Lan
from tests.support.engine.kills import VICTIMS, has_lost_ports, kill_dockerd, killed
from tests.support.engine.stacks import Stack, party, party2

ROWS = [["1", "kept"], ["2", "kept too"]]


@dataclass(frozen=True)
class Line:
    """A release line.

    Args:
        config: what its stack file says of it.
        party: its party 9999 on Docker host lab.
        service: a service with a volume.
        folder: where it has that volume.
    """

    config: dict[str, str]
    party: dict[str, Any]
    service: str
    folder: str


LINES = {
    "1.3.0": Line(
        {"fate:release": "1.3.0", "fate:registry": "fate-lab"},
        party(9999, "lab", 9900),
        "python",
        "/data/projects/fate/python/jobs",
    ),
    "2.2.0": Line(
        {"fate:release": kept_images.RELEASE, "fate:images": "packages"},
        party2(9999, "lab", 9900),
        "fateflow",
        "/data/projects/fate/fate_flow/data",
    ),
}
# How many updates of each line are killed; by default, test_fate2 alone kills some of FATE 2.
KILLS = int(os.environ.get("KILLS", "18"))
KILLED = LINES if "KILLS" in os.environ else ["1.3.0"]


@pytest.fixture(scope="module", params=KILLED)
def line(request: pytest.FixtureRequest) -> Line:
    return LINES[request.param]


@pytest.fixture(scope="module")
def cluster(
    line: Line, docker_host: DockerHost, engine_env: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Cluster]:  # fmt: skip
    if "fate:images" in line.config:
        kept_images.load(docker_host)
    stack = Stack(
        tmp_path_factory.mktemp("killed"),
        engine_env,
        {
            **line.config,
            "fate:hosts": {"lab": {"docker": docker_host.url}},
            "fate:parties": [copy.deepcopy(line.party)],
        },
    )
    stack.up()
    found = Cluster(docker_host, stack)
    values = ", ".join(f"({id}, '{text}')" for id, text in ROWS)
    found.sql(9999, f"CREATE TABLE kept (id INT, text TEXT); INSERT INTO kept VALUES {values}")
    found.sh(9999, line.service, f"echo kept > {line.folder}/kept")
    yield found
    stack.destroy()


def log_files(stack: Stack) -> None:
    """A change that replaces every container."""
    logs = stack.config["fate:hosts"]["lab"].setdefault("logs", {"maxFile": 1})
    logs["maxFile"] += 1
    stack.write()


def master_secret(stack: Stack) -> None:
    """A change of all passwords."""
    stack.set_master_secret(secrets.token_hex(16))
    stack.write()


def one_password(stack: Stack) -> None:
    """A change of the password of the services' account in MySQL."""
    mysql = {"password": stack.encrypted(secrets.token_hex(16))}
    stack.change(lambda config: config["fate:parties"][0]["training"].update(mysql=mysql))


CHANGES: tuple[Callable[[Stack], None], ...] = (log_files, master_secret, one_password)


@pytest.mark.parametrize("number", range(KILLS))
def test_one_command_mends_it(cluster: Cluster, line: Line, number: int) -> None:
    # Each phase of a stack's life with each victim, at a moment that only the number decides.
    chance = random.Random(number)
    turn = number // 3
    phase, victim = ("create", "update", "destroy")[number % 3], VICTIMS[turn % 3]
    if phase == "create":
        cluster.stack.destroy()
    if phase == "update":
        CHANGES[(turn + turn // 3) % 3](cluster.stack)
    # Docker may keep the addresses of a network that it was creating when it was killed, and does
    # not list that network.
    after = "docker:index:Container" if phase == "create" and victim is kill_dockerd else ""
    command = "destroy" if phase == "destroy" else "up"
    killed(cluster, command, chance.randrange(1, 90), victim, after)
    mended = cluster.stack.up()
    assert "error:" not in mended.output, "an operator must see no error for what is mended"
    cluster.stack.preview(expect_no_changes=True)
    assert cluster.sql(9999, "SELECT id, text FROM kept ORDER BY id") == ROWS
    assert cluster.sh(9999, line.service, f"cat {line.folder}/kept") == "kept\n"
    if victim is kill_dockerd:
        # The containers that it left need nothing of `up`, and start again with Docker.
        cluster.wait_healthy()
    for container in cluster.containers():
        assert container.attrs["State"]["Health"]["Status"] == "healthy", container.name


def test_networks_that_the_state_has_lost_are_taken_up_again(cluster: Cluster) -> None:
    # The provider takes a network for removed when the daemon does not answer a refresh.
    stack = cluster.stack
    state = stack.auto.export_stack()
    deployment = dict(state.deployment or {})
    resources = deployment.pop("resources")
    left = {one["urn"]: one for one in resources if not one["type"].endswith(":Network")}
    assert len(left) == len(resources) - 2
    deployment["resources"] = [recorded.cut(one, left) for one in left.values()]
    stack.auto.import_stack(auto.Deployment(version=state.version, deployment=deployment))
    before = {container.id for container in cluster.containers()}
    assert set(stack.up().operations().values()) == {"import"}
    assert {container.id for container in cluster.containers()} == before
    stack.preview(expect_no_changes=True)


def test_the_ports_that_docker_lost_are_free_after_its_next_start(lan: Lan) -> None:
    host = lan.host()
    archive = io.BytesIO()
    tarfile.open(fileobj=archive, mode="w").close()
    host.docker.api.import_image_from_data(archive.getvalue(), "empty")
    with ThreadPoolExecutor(1) as thread:
        while not has_lost_ports(host):  # dockerd may be faster than its kill
            there = {"80/tcp": ("127.0.0.1", 9902)}
            container = host.docker.containers.create("empty", "nothing", ports=there)
            starting = thread.submit(container.start)
            while not local.proxied(host.url) and not starting.done():
                pass
            host.kill_dockerd()
            container.remove()
    host.restart_dockerd()
    assert not has_lost_ports(host)
