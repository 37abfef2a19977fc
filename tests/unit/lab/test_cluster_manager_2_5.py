"""The stand-ins for Eggroll 2.5's cluster manager and node manager, without a database."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from fate_lab.database import Database, DatabaseError  # type: ignore[import-not-found]
from fate_lab.fate1_11 import nodemanager  # type: ignore[import-not-found]
from fate_lab.fate1_11.clustermanager import ClusterManager  # type: ignore[import-not-found]
from fate_lab.protocol import HopError  # type: ignore[import-not-found]

_PREFIX = "eggroll.resourcemanager"
_CONF = {
    f"{_PREFIX}.clustermanager.jdbc.url": "jdbc:mysql://mysql:3306/db?useSSL=true",
    f"{_PREFIX}.clustermanager.jdbc.username": "fate",
    f"{_PREFIX}.clustermanager.jdbc.password": "s3cret",
}
_NODE = {"id": -1, "host": "10.0.0.5", "port": 4671, "status": "INIT", "resources": {}}
Statement = tuple[str, Sequence[Any]]


def answering(rows: dict[str, list[dict[str, Any]]], ran: list[str]) -> Any:
    """A database that has rows for queries that begin like this, and no others."""

    def run(_: Any, *statements: Statement) -> list[dict[str, Any]]:
        ran.extend(text for text, _ in statements)
        last = statements[-1][0] if statements else ""
        return next((found for start, found in rows.items() if last.startswith(start)), [])

    return mock.patch.object(Database, "run", run)


def test_no_call_works_without_the_tables() -> None:
    missing = DatabaseError(1146, "table session_ranks missing")
    manager = ClusterManager(_CONF)
    with mock.patch.object(Database, "run", side_effect=missing), pytest.raises(HopError):
        manager.heartbeat(_NODE)
    with mock.patch.object(Database, "run", side_effect=missing), pytest.raises(HopError):
        manager.session({"session": "s"})


def test_a_node_learns_its_number_from_its_second_heartbeat() -> None:
    ran: list[str] = []
    manager = ClusterManager(_CONF)
    with answering({}, ran):
        assert manager.heartbeat(_NODE) == -1
    assert any(text.startswith("INSERT INTO server_node") for text in ran)
    with answering({"SELECT server_node_id FROM server_node": [{"server_node_id": 3}]}, ran):
        assert manager.heartbeat(_NODE) == 3


def test_a_session_needs_a_healthy_node() -> None:
    manager = ClusterManager(_CONF)
    with (
        answering({}, []),
        mock.patch("time.sleep"),
        pytest.raises(HopError, match="not ready"),
    ):
        manager.session({"session": "s"})


def test_a_session_that_has_failed_is_not_started_again() -> None:
    rows: dict[str, list[dict[str, Any]]] = {
        "SELECT server_node_id, host, port": [{"server_node_id": 1, "host": "a", "port": 1}],
        "SELECT status FROM session_main": [{"status": "ERROR"}],
    }
    with answering(rows, []), pytest.raises(HopError, match="session s is ERROR"):
        ClusterManager(_CONF).session({"session": "s"})


def test_a_node_manager_keeps_its_number(tmp_path: Path) -> None:
    conf = {"eggroll.data.dir": str(tmp_path), f"{_PREFIX}.nodemanager.port": "4671"}
    node = nodemanager.NodeManager(conf, "eggroll.properties")
    assert node.kept() == -1
    node.keep(7)
    assert node.kept() == 7
    meta = (tmp_path / "NodeManagerMeta").read_text()
    assert meta == '{"status":"INIT","serverNodeId":7,"clusterId":0}'


def test_a_node_manager_registers_the_host_that_it_is_told() -> None:
    conf = {"eggroll.data.dir": "data/", f"{_PREFIX}.nodemanager.port": "4671"}
    with mock.patch("socket.gethostbyname", return_value="172.18.0.5"):
        own = nodemanager.NodeManager(conf, "x").address()
        told = nodemanager.NodeManager(conf | {f"{_PREFIX}.nodemanager.host": "n2"}, "x").address()
    assert (own["host"], told["host"]) == ("172.18.0.5", "n2")
