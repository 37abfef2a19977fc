"""What is wrong with the Docker hosts before a deployment."""

import copy
from collections.abc import Sequence
from typing import Any

import pytest

from fate_components import lines
from fate_components.checks import preflight
from fate_components.checks.preflight import Findings
from fate_components.docker.inspect.survey import Survey
from fate_components.stack_file import parse
from tests.support.bad_stack_files import GOOD, GOOD_2
from tests.support.stack_files import as_engine

FILE = GOOD | {"fate:exchange": {"host": "a", "port": 9399}}
INFO = {"ServerVersion": "20.10.24+dfsg1", "MemTotal": 64 << 30, "NCPU": 8, "DockerRootDir": "/d"}


def found(
    change: dict[str, Any] | None = None, left_out: Sequence[str] = (), **surveys: Survey
) -> Findings:
    settings, release = parse(
        as_engine(copy.deepcopy({**FILE, **(change or {})})), {"fate:masterSecret"}, "dev"
    )
    plan = lines.plan(settings, release, "dev")
    known = {"a": Survey(), "b": Survey()} | surveys
    return preflight.findings(settings, plan, lines.of(release), "dev", known, left_out)


def network(subnet: str, **more: Any) -> dict[str, Any]:
    return {"Labels": None, "Scope": "local", "IPAM": {"Config": [{"Subnet": subnet}]}, **more}


def test_a_host_that_is_ready() -> None:
    assert found(a=Survey(info=INFO, disk=6 << 30)) == Findings([], [])


def test_a_host_that_does_not_answer_is_named_with_what_runs_there() -> None:
    (error,) = found(a=Survey(error="Connection refused")).errors
    assert error == (
        "Docker host a (unix:///var/run/docker.sock), which runs party 9999, party 10000 and the "
        "exchange, does not answer: Connection refused. Check it with "
        "`docker -H unix:///var/run/docker.sock version`. To update the others only, run "
        "`fatectl up`."
    )


def test_a_host_that_the_update_leaves_out_may_be_down() -> None:
    result = found(left_out=["a"], a=Survey(error="Connection refused"))
    assert result.errors == []
    assert "Docker host a" in result.warnings[0]


def test_a_host_that_nothing_runs_on_may_be_down() -> None:
    result = found(b=Survey(error="timed out"))
    assert result.errors == []
    assert (
        "Docker host b (ssh://root@b.example.org:22) does not answer: timed out."
        in (result.warnings[0])
    )


@pytest.mark.parametrize(
    ("version", "old"),
    [("19.03.15", True), ("20.10.0-rc1", False), ("28.2.2", False), ("1.13", True), ("dev", False)],
)
def test_docker_is_too_old(version: str, old: bool) -> None:
    errors = found(a=Survey(info=INFO | {"ServerVersion": version})).errors
    assert errors == [
        f"Docker {version} on Docker host a is too old. Install 20.10 or newer there."
    ] * int(old)


@pytest.mark.parametrize(
    ("name", "others", "overlaps"),
    [
        ("other", network("10.9.0.0/16"), True),
        ("other", network("10.9.212.0/24"), False),
        ("other", network("10.8.0.0/16"), False),
        ("other", network("10.0.0.0/8"), True),
        ("other", network("fd00::/64"), False),
        ("other", network("10.9.0.0/16", Scope="swarm"), False),
        ("other", network("10.9.0.0/16", Labels={"fate.stack": "dev"}), False),
        ("other", network("10.9.0.0/16", Labels={"fate.stack": "prod"}), True),
        ("host", {"IPAM": {"Config": None}}, False),
        ("host", {"IPAM": {"Config": [{}]}}, False),
    ],
)
def test_others_have_addresses_of_ours(name: str, others: dict[str, Any], overlaps: bool) -> None:
    file = {"fate:hosts": GOOD["fate:hosts"] | {"a": GOOD["fate:hosts"]["a"] | {
        "subnet": "10.9.0.0/16"}}}  # fmt: skip
    errors = found(file, a=Survey(networks={name: others})).errors
    assert len(errors) == int(overlaps)
    if overlaps:
        assert f"Network {name} of Docker host a has the addresses" in errors[0]
        assert "Set fate:hosts.a.subnet to another private /16" in errors[0]


def test_a_network_with_our_name_is_one_error() -> None:
    name = "fate-dev-9999"
    settings, release = parse(as_engine(FILE), {"fate:masterSecret"}, "dev")
    (ours,) = {
        cluster.network.subnet
        for party in lines.plan(settings, release, "dev").parties
        for cluster in party.clusters.values()
        if cluster.network.name == name
    }
    (error,) = found(a=Survey(networks={name: network(str(ours))})).errors
    assert error.startswith(f"The name {name}")


DATA = {"fate:hosts": GOOD["fate:hosts"] | {"a": GOOD["fate:hosts"]["a"] | {"data": "/srv/fate"}}}


def volume(folder: str | None, **labels: str) -> dict[str, Any]:
    options = {"type": "none", "o": "bind", "device": folder} if folder else None
    known = {"fate.stack": "dev", "fate.party": "9999", "fate.cluster": "training"}
    return {"Labels": known | {f"fate.{k}": v for k, v in labels.items()}, "Options": options}


@pytest.mark.parametrize(
    ("file", "there", "says"),
    [
        ({}, volume(None), ""),
        (DATA, volume("/srv/fate/dev/9999/egg-2"), ""),
        (DATA, volume(None, party="4711"), ""),
        (DATA, volume(None, cluster="serving"), ""),
        (DATA, volume(None), "is in volumes of Docker, not in /srv/fate, and `pulumi up` does not "
         "move it. Remove fate:hosts.a.data, or move"),
        (DATA, volume("/data/dev/9999/egg-2"), "is in /data, not in /srv/fate, and `pulumi up` "
         "does not move it. Set fate:hosts.a.data to /data, or move"),
        ({}, volume("/data/dev/9999/egg-2"), "is in /data, not in volumes of Docker, and"),
        ({}, volume("/elsewhere"), "is in /elsewhere, not in volumes of Docker, and"),
    ],
)  # fmt: skip
def test_data_that_is_elsewhere(file: dict[str, Any], there: dict[str, Any], says: str) -> None:
    errors = found(file, a=Survey(volumes={"fate-dev-9999-egg-2": there, "other": {}})).errors
    assert len(errors) == bool(says)
    assert not says or f"The data of party 9999 on Docker host a {says}" in errors[0]


def test_resources_that_run_short_are_warnings() -> None:
    parties = [{"id": 9999, "host": "a", "training": {"eggs": 3, "processors": 4}}]
    scarce = INFO | {"MemTotal": 2 << 30, "NCPU": 2}
    result = found({"fate:parties": parties}, a=Survey(info=scarce, disk=1 << 30))
    assert result.errors == []
    memory, cores, disk = result.warnings
    assert "has 2048 MiB of memory, and what runs there takes 5293 MiB" in memory
    assert "has 2 cores, and a party there is set to 4 processors" in cores
    assert "has 1024 MiB of free disk space in /d." in disk


@pytest.mark.parametrize(
    ("change", "architecture", "warned"),
    [
        ({}, "x86_64", False),
        ({}, "aarch64", True),
        (
            {
                "fate:release": "2.2.0",
                "fate:images": "packages",
                "fate:exchange": {},
                "fate:parties": [{"id": 9999, "host": "a"}],
            },
            "aarch64",
            False,
        ),
    ],
)
def test_other_processors_than_those_of_the_images(
    change: dict[str, Any], architecture: str, warned: bool
) -> None:
    survey = Survey(info=INFO | {"Architecture": architecture})
    said = found(change, a=survey, b=Survey(info={"Architecture": "riscv64"})).warnings
    assert [one.split(".")[0] for one in said] == (
        ["Docker host a has aarch64 processors"] if warned else []
    )


@pytest.mark.parametrize(
    ("flags", "warned"), [(None, False), ({"sse4_2"}, True), ({"sse4_2", "avx2"}, False)]
)
def test_processors_that_native_code_does_not_run_on(flags: set[str] | None, warned: bool) -> None:
    known = None if flags is None else frozenset(flags)
    said = found(a=Survey(info=INFO, cpu_flags=known), b=Survey(cpu_flags=frozenset())).warnings
    assert [one.split(",")[0] for one in said] == (
        ["The processors of Docker host a lack avx2"] if warned else []
    )


def test_a_host_without_parties_needs_nothing() -> None:
    scarce = INFO | {"MemTotal": 1 << 30, "NCPU": 1}
    assert found(b=Survey(info=scarce, disk=0)) == Findings([], [])


@pytest.mark.parametrize(("apart", "warned"), [(9.0, False), (-75.0, True), (75.0, True)])
def test_clocks_that_differ(apart: float, warned: bool) -> None:
    hosts = {name: host | {"address": f"{name}.org"} for name, host in GOOD["fate:hosts"].items()}
    parties = [{"id": 9999, "host": "a"}, {"id": 10000, "host": "b"}]
    result = found(
        {"fate:hosts": hosts, "fate:parties": parties},
        a=Survey(info=INFO, clock=3600.0),
        b=Survey(info=INFO, clock=3600.0 + apart),
    )
    ahead = "b is 75 s ahead of that of a" if apart > 0 else "a is 75 s ahead of that of b"
    assert len(result.warnings) == int(warned)
    assert not warned or ahead in result.warnings[0]


def test_sparks_workers_need_what_they_offer() -> None:
    training = {"workers": 3, "cores": 10, "spark": {"cores": 4, "memory": "16g"}}
    file = GOOD_2 | {
        "fate:exchange": "",
        "fate:engines": {"computing": "spark"},
        "fate:parties": [{"id": 9999, "host": "a", "training": training}],
    }
    memory, cores = found(file, a=Survey(info=INFO | {"MemTotal": 48 << 30})).warnings
    assert "has 49152 MiB of memory, and what runs there takes 50" in memory
    assert "has 8 cores, and the Spark workers there offer 12 to jobs" in cores
    assert found(file, a=Survey(info=INFO | {"NCPU": 12})).warnings == []


def hdfs_found(a: dict[str, str], b: dict[str, str]) -> list[str]:
    """Errors of a party with HDFS on hosts a and b, with volumes by name and service."""
    file = GOOD_2 | {
        "fate:engines": {"computing": "spark", "storage": "hdfs"},
        "fate:hosts": {
            "a": {"docker": "unix:///var/run/docker.sock", "address": "10.0.0.1"},
            "b": {"docker": "ssh://root@b.example.org", "address": "10.0.0.2"},
        },
        "fate:parties": [
            {"id": 9999, "hosts": ["a", "b"],
             "training": {"hdfs": {"dataNodes": {"a": 1, "b": 1}}}},
        ],
    }  # fmt: skip
    surveys = {
        host: Survey(volumes={name: volume(None, service=one) for name, one in volumes.items()})
        for host, volumes in (("a", a), ("b", b))
    }
    settings, release = parse(as_engine(copy.deepcopy(file)), {"fate:masterSecret"}, "dev")
    return preflight.findings(
        settings, lines.plan(settings, release, "dev"), lines.of(release), "dev", surveys
    ).errors


def test_data_nodes_get_no_name_node_without_its_data() -> None:
    name, one, two = {"n": "name-node"}, {"d1": "data-node"}, {"d2": "data-node"}
    for a, b in (({}, {}), (name, {}), (name | one, two)):
        assert hdfs_found(a, b) == []
    (error,) = hdfs_found(one, two)
    assert error.startswith(
        "The volume of the name-node of party 9999 is not on Docker host a, and"
    )
    assert "d1 of Docker host a and d2 of Docker host b" in error
    # As when another host becomes the party's first.
    (error,) = hdfs_found({}, name | two)
    assert "remove this volume and run" in error
