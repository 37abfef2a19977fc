"""What the program registers, seen through Pulumi's mocks."""

import json
from typing import Any

import pulumi
import pytest

from fate_components.docker.client.daemon import Daemon
from fate_components.docker.inspect.survey import Survey
from tests.support.bad_stack_files import GOOD, GOOD_2
from tests.support.fate_1_3 import SERVICES
from tests.support.program import (
    COMMAND,
    CONTAINER,
    IMAGE,
    NETWORK,
    VOLUME,
    Recorder,
    labels,
    run,
    secret,
)

MASTER = GOOD["fate:masterSecret"]


@pytest.fixture(scope="module")
def registered() -> Recorder:
    return run()


def test_each_party_gets_every_service(registered: Recorder) -> None:
    assert sorted(registered.of(CONTAINER)) == sorted(
        f"fate-dev-{party}-{service}" for party in (9999, 10000) for service in SERVICES
    )


def test_peers_get_nothing_but_routes(registered: Recorder) -> None:
    assert not [r.name for r in registered.resources if "10001" in r.name]


def test_every_object_can_be_found_by_its_labels(registered: Recorder) -> None:
    for name, inputs in (registered.of(CONTAINER) | registered.of(VOLUME)).items():
        found = labels(inputs)
        assert found.pop("fate.service") in SERVICES, name
        assert found.pop("fate.party") in ("9999", "10000"), name
        assert found == {"fate.stack": "dev", "fate.cluster": "training"}, name
    networks = {name: labels(inputs) for name, inputs in registered.of(NETWORK).items()}
    assert networks.pop("fate-dev-shared") == {"fate.stack": "dev"}
    assert networks == {
        f"fate-dev-{party}": {
            "fate.stack": "dev",
            "fate.party": party,
            "fate.cluster": "training",
        }
        for party in ("9999", "10000")
    }


@pytest.mark.parametrize("other", [{}, {"IPAM": {"Config": []}}])
def test_a_network_that_is_there_as_it_should_be_is_imported(
    registered: Recorder, other: dict[str, Any]
) -> None:
    wanted = registered.of(NETWORK)["fate-dev-9999"]
    (addresses,) = wanted["ipamConfigs"]
    there = {
        "Id": "n1",
        "Labels": labels(wanted),
        "IPAM": {"Config": [{"Subnet": addresses["subnet"], "Gateway": addresses["gateway"]}]},
    }
    again = run(found={"a": Survey(networks={"fate-dev-9999": there | other})})
    imported = {r.name: r.resource_id for r in again.resources if r.resource_id}
    assert imported == ({} if other else {"9999": "n1"})


def test_images_come_from_the_registry_once_per_docker_host() -> None:
    registered = run({"fate:registry": "registry.example.org:5000/fate"})
    images = [r.inputs["name"] for r in registered.resources if r.typ == IMAGE]
    assert len(images) == len(set(images)) == 9
    assert "registry.example.org:5000/fate/mysql:8" in images
    assert "registry.example.org:5000/fate/federatedai/egg:1.3.0-release" in images


def test_every_container_has_a_health_check_and_nothing_waits_in_the_provider(
    registered: Recorder,
) -> None:
    for name, inputs in registered.of(CONTAINER).items():
        assert "wait" not in inputs, name
        assert inputs["init"], name
        assert "false" not in inputs["healthcheck"]["tests"][1].split(), name


def test_a_party_waits_once_for_all_its_containers(registered: Recorder) -> None:
    waits = {r.name: r.inputs for r in registered.resources if "docker.wait" in str(r.inputs)}
    assert set(waits) == {"9999-health", "10000-health", "9999-nodes", "10000-nodes"}
    assert waits["9999-health"]["stdin"].splitlines() == [
        f"fate-dev-9999-{service} 9999-{service}-id"
        for service in ("mysql", "redis", "meta-service", "roll", "egg", "federation", "proxy",
                        "python", "fateboard")
    ]  # fmt: skip


def test_containers_have_only_the_capabilities_that_they_need(registered: Recorder) -> None:
    for name, inputs in registered.of(CONTAINER).items():
        own = name.split("-")[-1] in ("mysql", "redis")
        assert inputs["capabilities"]["drops"] == ["ALL"], name
        assert bool(inputs["capabilities"].get("adds")) is own, name
        assert inputs["securityOpts"] == ["no-new-privileges"], name


def test_logs_are_rotated() -> None:
    logs = {"maxSize": "1m", "maxFile": 5}
    hosts = {"a": {**GOOD["fate:hosts"]["a"], "logs": logs}}
    for registered, wanted in (
        (run(), {"max-size": "10m", "max-file": "3"}),
        (run({"fate:hosts": hosts}), {"max-size": "1m", "max-file": "5"}),
    ):
        for inputs in registered.of(CONTAINER).values():
            assert inputs["logDriver"] == "json-file"
            assert inputs["logOpts"] == wanted


def test_files_with_passwords_are_for_root_only(registered: Recorder) -> None:
    for name, inputs in registered.of(CONTAINER).items():
        for file in secret(inputs.get("uploads")) or []:
            if secret(file["content"]):
                assert file["permissions"] == "0600", (name, file["file"])


def test_data_outlives_containers(registered: Recorder) -> None:
    kept = {
        volume["containerPath"]: volume["volumeName"]
        for name, inputs in registered.of(CONTAINER).items()
        for volume in inputs.get("volumes", [])
        if "9999" in name
    }
    assert kept == {
        "/var/lib/mysql": "fate-dev-9999-mysql",
        "/data": "fate-dev-9999-redis",
        "/data/projects/fate/data-dir": "fate-dev-9999-egg",
        "/data/projects/fate/python/logs": "fate-dev-9999-python-logs",
        "/data/projects/fate/python/jobs": "fate-dev-9999-python-jobs",
    }
    assert set(kept.values()) <= set(registered.of(VOLUME))


def test_data_in_a_folder_of_the_host() -> None:
    hosts = GOOD["fate:hosts"] | {"a": GOOD["fate:hosts"]["a"] | {"data": "/srv/fate/"}}
    volumes = run({"fate:hosts": hosts}).of(VOLUME)
    assert volumes["fate-dev-10000-python-logs"]["driverOpts"] == {
        "type": "none", "o": "bind", "device": "/srv/fate/dev/10000/python-logs"
    }  # fmt: skip
    devices = {inputs["driverOpts"]["device"] for inputs in volumes.values()}
    assert len(devices) == len(volumes) == 10
    assert all("driverOpts" not in inputs for inputs in run().of(VOLUME).values())


@pytest.mark.parametrize(
    ("file", "readers"), [(GOOD, {"python"}), (GOOD_2, {"fateflow", "client"})]
)
def test_files_to_upload_are_mounted_where_jobs_are_submitted(
    file: dict[str, Any], readers: set[str]
) -> None:
    party = {"id": 9999, "host": "a", "training": {"uploads": "/srv/uploads/"}}
    mounted = {
        name: volume
        for name, inputs in run({**file, "fate:parties": [party]}).of(CONTAINER).items()
        for volume in inputs.get("volumes", [])
        if "hostPath" in volume
    }
    path = "/data/projects/fate/uploads"
    wanted = {"containerPath": path, "hostPath": "/srv/uploads", "readOnly": True}
    assert mounted == {f"fate-dev-9999-{name}": wanted for name in readers}


def test_addresses_are_fixed_and_apart(registered: Recorder) -> None:
    taken = [
        attachment["ipv4Address"]
        for inputs in registered.of(CONTAINER).values()
        for attachment in inputs["networksAdvanced"]
    ]
    assert len(taken) == len(set(taken)) == 20


def test_only_what_parties_offer_is_published(registered: Recorder) -> None:
    published = {
        (port["internal"], port["external"], port["ip"])
        for name, inputs in registered.of(CONTAINER).items()
        for port in inputs.get("ports", [])
        if "10000" in name
    }
    assert published == {
        (9370, 9371, "0.0.0.0"),
        (8080, 8081, "127.0.0.1"),
        (9360, 9361, "127.0.0.1"),
        (9380, 9381, "127.0.0.1"),
    }


def test_no_password_outside_of_secret_files(registered: Recorder) -> None:
    hidden = {
        name: secret(inputs.get("uploads")) for name, inputs in registered.of(CONTAINER).items()
    }
    assert sorted(name for name, files in hidden.items() if files and "9999" in name) == [
        f"fate-dev-9999-{service}"
        for service in ("fateboard", "meta-service", "mysql", "python", "redis")
    ]
    passwords = {
        line.split("=")[1]
        for files in hidden.values()
        for file in files or []
        for line in file["content"].splitlines()
        if line.startswith("jdbc.password=")
    }
    assert len(passwords) == 2
    for resource in registered.resources:
        shown = {k: v for k, v in resource.inputs.items() if secret(v) is None}
        text = json.dumps(shown, default=str)
        assert not any(secret in text for secret in [*passwords, MASTER]), resource.name


def test_eggs_are_scaled_by_one_number() -> None:
    parties = [{"id": 9999, "host": "a", "training": {"eggs": 3}}]
    registered = run({"fate:parties": parties})
    eggs = {name for name in registered.of(CONTAINER) if "egg" in name}
    assert eggs == {"fate-dev-9999-egg", "fate-dev-9999-egg-2", "fate-dev-9999-egg-3"}
    (nodes,) = [r for r in registered.resources if r.typ == COMMAND and "nodes" in r.name]
    for egg in ("egg", "egg-2", "egg-3"):
        assert f"('{egg}', 7888, 'EGG', 'HEALTHY')" in nodes.inputs["stdin"]
        assert f"('{egg}', 7778, 'STORAGE', 'HEALTHY')" in nodes.inputs["stdin"]


def test_the_exchange_is_one_more_proxy() -> None:
    registered = run({"fate:exchange": {"host": "a", "port": 9399}})
    exchange = registered.of(CONTAINER)["fate-dev-exchange"]
    assert labels(exchange) == {
        "fate.stack": "dev",
        "fate.cluster": "exchange",
        "fate.service": "proxy",
    }
    assert [(p["internal"], p["external"]) for p in exchange["ports"]] == [(9370, 9399)]


def test_passwords_of_registries_are_secret() -> None:
    login = {"address": "r.example.org", "user": "me", "password": "hunter2"}
    hub = login | {"address": "docker.io"}
    registered = run({"fate:registries": [login, hub]}, secret=["fate:registries"])
    (one, _) = [r for r in registered.resources if r.typ == "pulumi:providers:docker"]
    auth = json.loads(secret(one.inputs["registryAuth"]))
    assert [found["address"] for found in auth] == [
        "r.example.org", "registry-1.docker.io", "docker.io"
    ]  # fmt: skip
    assert {(found["username"], found["password"]) for found in auth} == {("me", "hunter2")}
    assert all("registryAuth" not in r.inputs for r in run().resources)


ARCHIVE = {"fate:images": "archive", "fate:archive": "/no/images.tar", "fate:registry": "r:5000"}


class Images(Daemon):
    """A daemon that has some images."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def get(self, path: str) -> Any:
        return {} if any(path == f"/images/{name}/json" for name in self._names) else None


def test_images_are_loaded_from_an_archive_where_one_is_missing() -> None:
    registered = run(ARCHIVE)
    load = registered.of(COMMAND)["a-images"]
    assert load["create"].endswith(
        "-m fate_components.docker.images.archive --host unix:///var/run/docker.sock /no/images.tar"
    )
    names = {r.inputs["name"] for r in registered.resources if r.typ == IMAGE}
    assert load["environment"]["IMAGES"].split() == sorted(names)
    # Nothing is missing, so the archive is not even opened.
    run(ARCHIVE, found={"a": Survey(Images(*names))})


def test_an_archive_that_does_not_help_is_told_first() -> None:
    names = [r.inputs["name"] for r in run(ARCHIVE).resources if r.typ == IMAGE]
    there = {"a": Survey(Images(*names[1:]))}
    says = rf"fate:archive: /no/images.tar cannot be read: .*; Docker host a lacks {names[0]}$"
    with pytest.raises(pulumi.RunError, match=says):
        run(ARCHIVE, found=there)


def test_only_the_images_that_run_somewhere_are_built() -> None:
    own = {"services": {"fateflow": {"image": "my/fateflow:1"}}}
    parties = [
        {**party, "training": {**party["training"], **own}} for party in GOOD_2["fate:parties"]
    ]
    build = run({**GOOD_2, "fate:parties": parties}).of(COMMAND)["a-images"]
    assert build["create"].endswith(" client mysql nginx rabbitmq")
