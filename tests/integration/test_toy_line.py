"""A release line that only its own package and its release file know, on the real engine."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.engine.clusters import Cluster, Shared
from tests.support.engine.docker_hosts import DockerHost
from tests.support.engine.stacks import ROOT, Stack


@pytest.fixture(scope="module")
def deployment(
    docker_host: DockerHost, engine_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shared]:
    """Two parties of the toy line."""
    stack = Stack(
        tmp_path_factory.mktemp("toy-line"),
        engine_env,
        {
            "fate:release": "0.1.0",
            "fate:registry": "fate-lab",
            "fate:verify": True,
            "fate:hosts": {"lab": {"docker": docker_host.url}},
            "fate:parties": [
                {"id": 9999, "host": "lab"},
                {"id": 10000, "host": "lab", "training": {"publish": {"redis": 6380}}},
            ],
        },
    )
    with_toy_line(stack.folder)
    yield Shared(Cluster(docker_host, stack), stack.up())
    stack.destroy()


def with_toy_line(project: Path) -> None:
    """Add the toy line's package and its release file to a project."""
    (project / "tests").symlink_to(ROOT / "tests")
    (project / "config").unlink()
    (project / "config" / "releases").mkdir(parents=True)
    files = [*(ROOT / "config" / "releases").iterdir(), ROOT / "tests/toy_line/release.yaml"]
    for file in files:
        name = "0.1.0.yaml" if file.name == "release.yaml" else file.name
        (project / "config" / "releases" / name).symlink_to(file)


def jobs(cluster: Cluster, party: int) -> list[dict[str, Any]]:
    done = cluster.stack.fatectl("jobs", str(party), "--json")
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout)["jobs"])


def test_it_is_verified_and_shows_its_jobs(cluster: Cluster, deployment: Shared) -> None:
    assert "success on both parties" in deployment.first.output
    for party, role in ((9999, "guest"), (10000, "host")):
        (job,) = jobs(cluster, party)
        assert (job["role"], job["status"]) == (role, "success")
    assert cluster.stack.preview(expect_no_changes=True).operations() == {}


def test_it_is_backed_up_and_restored(cluster: Cluster, tmp_path: Path) -> None:
    before = jobs(cluster, 9999)
    file = str(tmp_path / "backup")
    backup = cluster.stack.fatectl("backup", "9999", file)
    assert backup.returncode == 0, backup.stderr
    cluster.sh(9999, "redis", "rm /data/job.json")
    restore = cluster.stack.fatectl("restore", "9999", file, "--yes")
    assert restore.returncode == 0, restore.stdout + restore.stderr
    cluster.stack.up()
    assert jobs(cluster, 9999) == before
