"""Fixtures for all tests on the real engine."""

import copy
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from tests.lab.build import build
from tests.support.engine.clusters import Cluster, Shared
from tests.support.engine.docker_hosts import DockerHost, Lan
from tests.support.engine.stacks import Change, Stack, engine_environment, party

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def engine_env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of the installed engine, with a backend of its own for the test session."""
    env = engine_environment(tmp_path_factory.mktemp("backend"))
    env["GOGC"] = "400"  # there is more memory than processor time
    with pytest.MonkeyPatch.context() as patch:
        # The automation API asks the CLI for its version in the environment of this process.
        patch.setenv("PATH", env["PATH"])
        yield env


# The longest first, so that no process is left with a long one at the end. test_two_parties removes
# the deployment that the two before it share with it.
_ORDER = (
    "test_fate2", "test_breakages", "test_changes", "test_two_parties", "test_several_hosts",
    "test_backup", "test_fate1_11", "test_tls", "test_interruptions", "test_drift",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Choose the order of the modules: each runs in one of two processes."""

    def place(item: pytest.Item) -> int:
        return _ORDER.index(item.path.stem) if item.path.stem in _ORDER else len(_ORDER)

    items.sort(key=place)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember that a shared deployment may be damaged when a test with it fails."""
    report = yield
    deployment = getattr(item, "funcargs", {}).get("deployment")
    if report.failed and isinstance(deployment, Shared):
        deployment.suspect = True
    return report


@pytest.fixture
def cluster(deployment: Shared) -> Cluster:
    """The module's deployment, complete whatever an earlier test has done to it."""
    return deployment.whole()


@pytest.fixture
def changed(cluster: Cluster) -> Iterator[Callable[[Change], None]]:
    """Changes the stack file, and restores and deploys it at the end of the test."""
    before = copy.deepcopy(cluster.stack.config)
    yield cluster.stack.change
    cluster.stack.config = before
    cluster.stack.write()
    cluster.stack.up()


@pytest.fixture(scope="session")
def lan() -> Iterator[Lan]:
    """The network that the tests' Docker hosts are on."""
    network = Lan()
    yield network
    network.close()


@pytest.fixture(scope="session")
def docker_host(lan: Lan) -> DockerHost:
    """A Docker host with the lab images and nothing else."""
    host = lan.host()
    build(host.url)
    return host


@pytest.fixture(scope="session")
def other_host(lan: Lan) -> DockerHost:
    """One more Docker host with the lab images."""
    host = lan.host()
    build(host.url)
    return host


@pytest.fixture(scope="session")
def two_parties(
    docker_host: DockerHost, engine_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shared]:
    """Parties 9999 and 10000, up on one Docker host. A test that changes them restores them."""
    stack = Stack(
        tmp_path_factory.mktemp("two-parties"),
        engine_env,
        {
            "fate:release": "1.3.0",
            "fate:registry": "fate-lab",
            "fate:hosts": {"lab": {"docker": docker_host.url}},
            "fate:parties": [party(9999, "lab", 9000), party(10000, "lab", 9100)],
        },
    )
    yield Shared(Cluster(docker_host, stack), stack.up())
    stack.destroy()
