"""What is changed by hand on a Docker host is shown by a preview, and mended by an up."""

import io
import tarfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pulumi.automation as auto
import pytest
from docker.errors import APIError
from docker.models.containers import Container

from tests.support.engine.clusters import Cluster, Shared
from tests.support.engine.docker_hosts import DockerHost, wait_for
from tests.support.engine.stacks import Stack, party

P = "/data/projects/fate"
ROLL = "fate-lab/federatedai/roll:1.3.0-release"
EDITED = 1_000_000_000  # the time of a file that was brought from elsewhere, in seconds


@pytest.fixture(scope="module")
def deployment(
    docker_host: DockerHost, engine_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shared]:
    """Party 9999, alone on a Docker host."""
    stack = Stack(
        tmp_path_factory.mktemp("drift"),
        engine_env,
        {
            "fate:release": "1.3.0",
            "fate:registry": "fate-lab",
            "fate:hosts": {"lab": {"docker": docker_host.url}},
            "fate:parties": [party(9999, "lab", 9300)],
        },
    )
    cluster = Cluster(docker_host, stack)
    first = stack.up()
    cluster.sql(9999, "CREATE TABLE kept (x INT); INSERT INTO kept VALUES (42)")
    cluster.sh(9999, "egg", f"echo 42 > {P}/data-dir/kept")
    yield Shared(cluster, first)
    stack.destroy()


def mended(cluster: Cluster, wanted: dict[str, str]) -> str:
    """Check that a preview shows these operations, and that an up does them and leaves nothing.

    Returns:
        what the preview has printed.
    """
    preview = cluster.stack.preview()
    assert preview.operations() == wanted
    assert cluster.stack.up().operations() == wanted
    cluster.stack.preview(expect_no_changes=True)
    cluster.wait_healthy()
    cluster.toy_succeeds(9999, 9999)
    return preview.output


def has_its_data(cluster: Cluster) -> None:
    assert cluster.sql(9999, "SELECT x FROM kept") == [["42"]]
    assert cluster.sh(9999, "egg", f"cat {P}/data-dir/kept").strip() == "42"


def edit(container: Container, path: str, change: Callable[[str], str]) -> None:
    """Change a file like `docker cp` of one that was edited elsewhere."""
    folder, _, name = path.rpartition("/")
    archive = io.BytesIO(b"".join(container.get_archive(path)[0]))
    with tarfile.open(fileobj=archive) as source:
        file = source.extractfile(name)
        assert file
        content = change(file.read().decode()).encode()
    edited = io.BytesIO()
    with tarfile.open(fileobj=edited, mode="w") as target:
        member = tarfile.TarInfo(name)
        member.size, member.mtime = len(content), EDITED
        target.addfile(member, io.BytesIO(content))
    assert container.put_archive(folder, edited.getvalue())


def edit_routes(proxy: Container, default: str) -> None:
    """Change the address of a proxy's default route by hand.

    The toy job does not take that route: a proxy that has read the edited table keeps it for a
    while after it is mended.
    """
    path = f"{P}/proxy/conf/route_table.json"
    edit(proxy, path, lambda text: text.replace("127.0.0.1", default))


def pause(container: Container) -> None:
    """Pause a container; on a busy machine the kernel does not freeze it at the first attempt."""

    def paused() -> bool:
        with suppress(APIError):
            container.pause()
        container.reload()
        return container.status == "paused"

    wait_for("a container to be paused", paused)


def network(cluster: Cluster) -> Any:
    return cluster.host.docker.networks.get(f"fate-{cluster.stack.name}-9999")


def connect_without_alias(cluster: Cluster, container: Container) -> None:
    (at,) = container.attrs["NetworkSettings"]["Networks"].values()
    network(cluster).disconnect(container)
    network(cluster).connect(container, ipv4_address=at["IPAddress"])


def fail_to_start(cluster: Cluster, container: Container) -> None:
    """Have Docker try in vain to start a container, for a reason that then goes away."""
    (at,) = container.attrs["NetworkSettings"]["Networks"].values()
    container.stop()
    other = cluster.host.docker.containers.create("fate-lab/redis:5", entrypoint=["sleep", "600"])
    network(cluster).connect(other, ipv4_address=at["IPAddress"])
    other.start()
    with pytest.raises(APIError, match="already in use"):
        container.start()
    other.remove(force=True)


def test_changed_containers_are_replaced_and_stopped_ones_started(cluster: Cluster) -> None:
    one = {found.labels["fate.service"]: found for found in cluster.containers()}
    table = cluster.routes(9999)
    one["mysql"].kill()
    pause(one["redis"])
    connect_without_alias(cluster, one["meta-service"])
    one["roll"].update(mem_limit="512m", memswap_limit="512m")
    network(cluster).disconnect(one["egg"])
    edit(one["federation"], f"{P}/federation/conf/federation.properties", lambda t: t + "x=y\n")
    edit_routes(one["proxy"], "127.0.0.2")
    one["python"].rename("renamed")
    one["fateboard"].remove(force=True)
    said = mended(
        cluster,
        {
            "9999-mysql": "update",
            "9999-redis": "replace",
            "9999-meta-service": "replace",
            "9999-roll": "replace",
            "9999-egg": "replace",
            "9999-federation": "replace",
            "9999-proxy-routes": "update",
            "9999-python": "replace",
            "9999-fateboard": "create",
            "9999-health": "update",
        },
    )
    name = f"fate-{cluster.stack.name}-9999"
    for why in (
        f"{name}-redis is replaced: it is paused",
        f"{name}-meta-service is replaced: it is not called meta-service in network {name}",
        f"{name}-roll is replaced: Memory is limited to 536870912; MemorySwap is limited",
        f"{name}-egg is replaced: it is not connected to network {name}",
        f"{name}-federation is replaced: {P}/federation/conf/federation.properties was edited",
        f"proxy-routes in {name}-proxy differs from the stack",
    ):
        assert why in said
    assert cluster.container(9999, "proxy").id == one["proxy"].id
    assert cluster.routes(9999).strip() == table.strip()
    has_its_data(cluster)


def test_the_same_again_is_mended_again(cluster: Cluster) -> None:
    nodes = cluster.nodes(9999)
    cluster.sql(9999, "DELETE FROM node WHERE type = 'EGG'")
    pause(cluster.container(9999, "redis"))
    edit_routes(cluster.container(9999, "proxy"), "127.0.0.3")
    cluster.container(9999, "federation").update(restart_policy={"Name": "on-failure"})
    cluster.sh(9999, "fateboard", f"rm {P}/fateboard/conf/application.properties")
    fail_to_start(cluster, cluster.container(9999, "meta-service"))
    by_hand = cluster.container(9999, "roll")
    name, labels = by_hand.name, by_hand.labels
    by_hand.remove(force=True)
    cluster.host.docker.containers.create("fate-lab/redis:5", name=name, labels=labels)
    said = mended(
        cluster,
        {
            "9999-nodes": "update",
            "9999-redis": "replace",
            "9999-meta-service": "replace",
            "9999-proxy-routes": "update",
            "9999-federation": "update",
            "9999-fateboard": "replace",
            "9999-roll": "create",
            "9999-health": "update",
        },
    )
    assert "9999-meta-service is replaced: Docker could not start it: " in said
    assert cluster.nodes(9999) == nodes
    assert "9394" in cluster.routes(9999)
    has_its_data(cluster)


def test_a_network_that_was_removed_is_made_again_with_all_in_it(cluster: Cluster) -> None:
    lost = network(cluster)
    for one in cluster.containers():
        lost.disconnect(one, force=True)
    lost.remove()
    everything = {f"9999-{one.labels['fate.service']}": "replace" for one in cluster.containers()}
    commands = dict.fromkeys(("9999-nodes", "9999-proxy-routes", "9999-health"), "update")
    mended(cluster, {"9999": "create", **everything, **commands})
    has_its_data(cluster)


def test_what_others_have_is_named_before_anything_is_touched(cluster: Cluster) -> None:
    name = cluster.container(9999, "roll").name
    for service in ("roll", "fateboard"):
        cluster.container(9999, service).remove(force=True)
    before = cluster.lives()
    docker = cluster.host.docker.containers
    others = [
        docker.create("fate-lab/redis:5", name=name),
        docker.run(
            "fate-lab/redis:5",
            ["sleep", "1000"],
            ports={"80/tcp": ("127.0.0.1", 9301)},
            detach=True,
            name="webserver",
        ),
    ]
    try:
        for operation in (cluster.stack.preview, cluster.stack.up):
            with pytest.raises(auto.CommandError) as error:
                operation()
            said = str(error.value)
            assert f"The name {name} on Docker host lab is taken by a container that does" in said
            assert "Port 9301 of Docker host lab is taken by container webserver" in said
            assert "fate:parties[0].training.publish.fateboard" in said
        assert cluster.lives() == before
    finally:
        for other in others:
            other.remove(force=True)
    created = {"9999-roll": "create", "9999-fateboard": "create", "9999-health": "update"}
    mended(cluster, created)
    has_its_data(cluster)


def test_lost_images_come_from_an_archive(cluster: Cluster, tmp_path: Path) -> None:
    images, file = cluster.host.docker.images, tmp_path / "images.tar"
    saved = cluster.stack.fatectl("images", "save", str(file))
    assert saved.returncode == 0, saved.stderr
    assert f"{file}: 9 images of Docker host lab, " in saved.stdout
    id = images.get(ROLL).id

    def lose() -> None:
        cluster.container(9999, "roll").remove(force=True)
        images.remove(ROLL, force=True)

    lose()
    cluster.stack.change(lambda c: c.update({"fate:images": "archive", "fate:archive": str(file)}))
    again = {"lab-federatedai/roll:1.3.0-release": "create"}
    lost = {"9999-roll": "create", "9999-health": "update"}
    assert cluster.stack.up().operations() == {"lab-images": "create"} | again | lost
    assert images.get(ROLL).id == id
    before = cluster.lives()

    # A container still uses the image, which only lost its name.
    images.remove(ROLL, force=True)
    assert cluster.stack.preview().operations() == again
    assert cluster.stack.up().operations() == again
    assert cluster.lives() == before
    assert images.get(ROLL).id == id

    # The command that loaded all images is not run again.
    lose()
    cluster.stack.change(lambda c: c.update({"fate:services": {"egg": {"image": "not/there:1"}}}))
    said = cluster.stack.failing_up()
    assert f"fate:archive: {file} lacks not/there:1, and so does Docker host lab" in said
    assert images.list(ROLL) == []
    cluster.stack.change(lambda c: c.pop("fate:services"))
    assert cluster.stack.up().operations() == again | lost
    assert images.get(ROLL).id == id
    cluster.stack.preview(expect_no_changes=True)
    cluster.toy_succeeds(9999, 9999)
    has_its_data(cluster)


def test_an_emptied_host_gets_everything_again(cluster: Cluster) -> None:
    for one in cluster.containers():
        one.remove(force=True)
    mine = {"label": f"fate.stack={cluster.stack.name}"}
    for lost in cluster.host.docker.networks.list(filters=mine):
        lost.remove()
    for volume in cluster.host.docker.volumes.list(filters=mine):
        volume.remove()
    shown = cluster.stack.preview().operations()
    assert set(shown.values()) == {"create", "update"}
    assert cluster.stack.up().operations() == shown
    cluster.stack.preview(expect_no_changes=True)
    cluster.toy_succeeds(9999, 9999)
