"""A party stands still for a backup, and runs again whatever happens."""

import subprocess
from collections.abc import Callable

import pytest

from fate_components.party import deployed
from fate_components.party.deployed import Deployed, Found, PartyError, standing_still

HOST = "unix:///var/run/docker.sock"
OTHER = "ssh://root@b1.example.org:22"


def container(service: str, status: str = "running", host: str = HOST) -> Found:
    return Found(service, service, service, "image", status, (), host)


PARTY = Deployed(
    "dev",
    "9999",
    (
        container("mysql"),
        container("redis"),
        container("python"),
        container("fateboard", "exited"),
        container("serving-server", host=OTHER),
    ),
)


class Docker:
    """Docker hosts that note what they are told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.paused: set[str] = set()
        self.fails = ""
        self.unwilling: list[str] = []

    def __call__(self, host: str, command: str, *arguments: str, limit: float = 0) -> str:
        if command == "inspect":
            return "".join(f"{str(one in self.paused).lower()} {one}\n" for one in arguments[2:])
        self.told.append(" ".join([command, *arguments]))
        if self.told[-1] == self.fails:
            raise PartyError("no")
        if command == "pause" and self.unwilling and self.unwilling[0] in arguments:
            self.paused.update({*arguments} - {self.unwilling.pop()})
            raise PartyError("OCI runtime pause failed: unable to freeze: unknown")
        if command in ("pause", "unpause"):
            change = self.paused.update if command == "pause" else self.paused.difference_update
            change(arguments)
        return ""


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> Docker:
    hosts = Docker()
    monkeypatch.setattr(deployed, "docker", hosts)
    saved = subprocess.CompletedProcess([], 0, "OK\n", "")

    def run(self: Deployed, container: Found, script: str) -> subprocess.CompletedProcess[str]:
        hosts.told.append(f"save {container.name}")
        return saved

    monkeypatch.setattr(Deployed, "run", run)
    return hosts


def test_redis_saves_its_data_when_nobody_writes_to_it(docker: Docker) -> None:
    with standing_still(PARTY, for_good=False):
        assert docker.told == ["pause python", "pause serving-server", "save redis", "pause redis"]
    assert docker.told[4:] == ["unpause redis python", "unpause serving-server"]


def raises_nothing() -> None:
    pass


def interrupted() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("fails", ["pause python", "pause redis", "pause serving-server", ""])
@pytest.mark.parametrize("inside", [raises_nothing, interrupted])
def test_everything_runs_again_after_an_error(
    docker: Docker, fails: str, inside: Callable[[], None]
) -> None:
    docker.fails = fails
    try:
        with standing_still(PARTY, for_good=False):
            inside()
    except (PartyError, KeyboardInterrupt):
        assert {"start redis python", "start serving-server"} <= set(docker.told)
    assert docker.paused == set()


def test_a_docker_host_that_does_not_answer_keeps_no_other_from_running(docker: Docker) -> None:
    docker.fails = "unpause redis python"
    with pytest.raises(PartyError, match="no"), standing_still(PARTY, for_good=False):
        pass
    assert docker.told[-2:] == ["unpause redis python", "unpause serving-server"]


def test_a_container_that_does_not_freeze_at_once_is_paused_again(docker: Docker) -> None:
    docker.unwilling = ["redis", "redis"]
    both = Deployed("dev", "9999", (container("redis"), container("python")))
    with standing_still(both, for_good=False):
        assert docker.paused == {"redis", "python"}
    assert docker.told.count("pause redis") == 3
    docker.unwilling = ["redis"] * deployed._TRIES
    with pytest.raises(PartyError, match="freeze"), standing_still(both, for_good=False):
        pass
    assert docker.paused == set()


def test_what_a_killed_backup_has_left_paused_runs_again(docker: Docker) -> None:
    docker.paused = {"python"}
    left = Deployed("dev", "9999", (container("mysql"), container("python", "paused")))
    with standing_still(left, for_good=False):
        assert docker.told == ["unpause python", "pause python"]
    assert docker.paused == set()


def test_a_party_that_moves_stays_stopped(docker: Docker) -> None:
    with standing_still(PARTY, for_good=True):
        assert docker.told == ["stop python", "stop serving-server", "save redis", "stop redis"]
    assert docker.told[4:] == ["stop mysql"]


def test_a_party_that_could_not_be_backed_up_does_not_stay_stopped(docker: Docker) -> None:
    with pytest.raises(ValueError, match="disk"), standing_still(PARTY, for_good=True):
        raise ValueError("disk is full")
    assert docker.told[4:] == ["start redis python", "start serving-server", "start mysql"]
