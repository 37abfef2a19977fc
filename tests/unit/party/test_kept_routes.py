"""A proxy of FATE 1.3 is restarted when it may keep an old route, and only then."""

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pulumi
import pytest

from fate_components.docker import restart, wait
from fate_components.docker.client import cli
from fate_components.docker.client.queries import Queries
from fate_components.docker.inspect.survey import Survey
from fate_components.docker.tool import PYTHON
from fate_components.lines.fate1_3 import proxy
from fate_components.party import kept_routes
from tests.support.delivery import Container
from tests.support.deployed import State
from tests.support.program import COMMAND, run

STARTED = datetime(2026, 1, 1, 12, tzinfo=UTC)
NAME = "fate-dev-9999-proxy"


def table(**routes: str) -> str:
    """A route table: by party, the host of its proxy."""
    entries = {
        party.removeprefix("p"): {"default": [{"ip": ip, "port": 9370}]}
        for party, ip in routes.items()
    }
    return json.dumps({"route_table": entries, "permission": {"default_allow": True}})


OLD = table(default="127.0.0.1", p10000="b1", p9999="federation")


@pytest.mark.parametrize(
    ("after", "found"),
    [
        (OLD, []),
        (OLD.replace(", ", " ,\n"), []),
        (table(default="127.0.0.1", p10000="b1", p10001="b2", p9999="federation"), []),
        (table(default="127.0.0.1", p10000="b2", p9999="federation"), ["10000"]),
        (table(default="127.0.0.1", p9999="federation"), ["10000"]),
        (table(default="exchange", p10000="exchange", p9999="federation"), ["default", "10000"]),
        (table(p10000="b1", p9999="federation"), ["default"]),
        ("half a ta", [kept_routes.EVERY]),
    ],
)
def test_what_changed_or_went_is_outdated_and_what_is_new_is_not(
    after: str, found: list[str]
) -> None:
    assert kept_routes.outdated(OLD, after) == found
    assert bool(kept_routes.called(found)) == bool(found)


@pytest.mark.parametrize(
    ("parties", "said"),
    [
        (["10000"], "its route to party 10000"),
        (["default", "10000", "10001"], "its routes to party 10000, 10001 and its default route"),
        (["default"], "its default route"),
        ([kept_routes.EVERY], "its routes"),
    ],
)
def test_what_is_outdated_has_a_name(parties: list[str], said: str) -> None:
    assert kept_routes.called(parties) == said


class Proxy(Container):
    """A running proxy, with the clock of its files as that of its start."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.file.write_text(OLD + "\n")
        self.record = folder / "outdated"
        (folder / "python").write_text(
            f"""#!/bin/sh
[ "$2" = fate_components.docker.restart ] && exec touch {folder}/last
exec {sys.executable} "$@"
"""
        )
        (folder / "python").chmod(0o755)


@pytest.fixture(scope="module")
def script() -> str:
    registered = run().of(COMMAND)["9999-proxy-routes"]
    assert registered["environment"]["OUTDATED"] == proxy.OUTDATED
    return str(registered["create"])


@pytest.fixture
def container(tmp_path: Path) -> Proxy:
    return Proxy(tmp_path)


def given(container: Proxy, content: str, script: str, kills: str = "") -> None:
    """Deliver a table, or be killed before a command."""
    script = script.replace(PYTHON, f"{container.folder}/python")
    assert kills in script
    if kills:
        script = script.replace(kills, "exit 137; #", 1)
    with (
        mock.patch("tests.support.delivery.SCRIPT", script),
        mock.patch.dict("os.environ", OUTDATED=str(container.record)),
    ):
        if kills:
            with pytest.raises(subprocess.CalledProcessError, match="status 137"):
                container.deliver(content, "c1")
        else:
            container.deliver(content, "c1")


NEW = table(default="127.0.0.1", p10000="b2", p9999="federation")


def test_a_changed_route_is_recorded_and_an_added_one_is_not(container: Proxy, script: str) -> None:
    added = table(default="127.0.0.1", p10000="b1", p10001="b2", p9999="federation")
    given(container, added, script)
    assert container.file.read_text().strip() == added
    assert not container.record.exists()
    given(container, NEW, script)
    assert container.file.read_text().strip() == NEW
    assert container.record.read_text() == "10000\n10001"
    assert (container.folder / "last").exists(), "the restart is decided by what was recorded"


@pytest.mark.parametrize(
    "kills",
    [
        'docker exec -i "$CONTAINER" sh -c \'cat > "$0"\'',
        'docker exec -i "$CONTAINER" sh -c \'cat > "$0.new"',
        'docker exec "$CONTAINER" sh -c "$APPLY"',
        f"{PYTHON} -m fate_components.docker.restart",
    ],
)
def test_a_delivery_that_is_killed_is_completed_by_the_next(
    container: Proxy, script: str, kills: str
) -> None:
    last = container.folder / "last"
    replaced = kills.replace(PYTHON, f"{container.folder}/python")
    given(container, NEW, script, replaced)
    assert not last.exists()
    given(container, NEW, script)
    assert container.file.read_text().strip() == NEW
    assert container.record.read_text() == "10000"
    assert last.exists()


@pytest.mark.parametrize(
    ("written", "due"),
    [
        (None, False),
        (STARTED - timedelta(milliseconds=1), False),
        (STARTED + timedelta(milliseconds=1), True),
    ],
)
def test_a_container_that_started_before_the_record_is_restarted_once(
    written: datetime | None, due: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []
    waited: list[dict[str, str]] = []
    found = {"State": {"StartedAt": "2026-01-01T12:00:00.000000123Z"}}
    daemon = mock.Mock(
        **{"return_value.get.return_value": found, "return_value.modified.return_value": written}
    )
    monkeypatch.setattr(restart, "Daemon", daemon)

    def docker(arguments: Sequence[str], **_: object) -> mock.Mock:
        ran.append([*arguments])
        return mock.Mock(returncode=0)

    monkeypatch.setattr(cli, "run", docker)
    monkeypatch.setattr(wait, "wait", lambda ids, _: waited.append(ids))
    monkeypatch.setattr(sys, "argv", ["restart", NAME, proxy.OUTDATED])
    monkeypatch.setenv("CONTAINER", "c1")
    monkeypatch.setenv("DOCKER_HOST", "unix:///x.sock")
    restart.main()
    assert ran == ([["restart", "c1"]] if due else [])
    assert waited == ([{NAME: "c1"}] if due else [])


class Files(Queries):
    """The files in a proxy: its table, and the record of what is outdated if there is one."""

    def __init__(self, present: str, record: datetime | None) -> None:
        self._files = {proxy.ROUTE_TABLE: present, proxy.OUTDATED: "10000"}
        self._record = record

    async def modified(self, container: str, path: str) -> datetime | None:
        return self._record if path == proxy.OUTDATED else STARTED

    async def read(self, container: str, path: str) -> str | None:
        return self._files.get(path)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr("pulumi.log.info", found.append)
    return found


@pytest.mark.parametrize(
    ("host", "record", "why"),
    [
        ("", None, ""),
        ("other", None, "its route to party 10000: running jobs of party 9999 fail"),
        ("", STARTED + timedelta(seconds=5), "its route to party 10000: running jobs"),
        ("", STARTED - timedelta(seconds=5), ""),
    ],
)
def test_a_preview_says_that_a_proxy_is_restarted(
    said: list[str], host: str, record: datetime | None, why: str
) -> None:
    registered = run().of(COMMAND)["9999-proxy-routes"]
    present = str(registered["stdin"]).replace(
        "fate-dev-10000-proxy", host or "fate-dev-10000-proxy"
    )
    there: dict[str, Any] = {
        "Id": "c1", "Name": f"/{NAME}", "Created": STARTED.isoformat(), "Config": {},
        "State": {"StartedAt": STARTED.isoformat(), "Running": False}, "HostConfig": {},
        "NetworkSettings": {},
    }  # fmt: skip
    with mock.patch(
        "fate_components.docker.inspect.drift.generation", return_value=pulumi.Output.from_input(0)
    ):
        survey = Survey(
            containers={NAME: there}, questions=Files(present, record), deployed=State(None)
        )
        routes = run(found={"a": survey}).of(COMMAND)["9999-proxy-routes"]
    told = [text for text in said if "is restarted" in text]
    assert len(told) == bool(why)
    assert all(text.startswith(f"{NAME} is restarted to forget {why}") for text in told)
    # What nothing else would run again is a repair.
    assert routes["environment"].get("REPAIRS") == ("1" if why and not host else None)
