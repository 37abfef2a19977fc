"""Stands in for Eggroll's cluster manager: nodes and sessions, all of them in MySQL.

It listens without a database, and asks it again for each call. It creates no tables.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

from .. import strictconf
from ..database import Database
from ..protocol import HopError, Listener, call, log
from ..strictconf import ConfError
from . import conf as eggroll

HEARTBEAT = 1.0  # seconds; the real ones 10
_LOSS = 5.0  # seconds without one; the real one 20, and it looks every 21
_TABLES = {
    "store_locator": "store_locator_id, store_type, namespace, name, path, total_partitions,"
    " partitioner, serdes, version, status, created_at, updated_at",
    "store_option": "store_option_id, store_locator_id, name, data, created_at, updated_at",
    "store_partition": "store_partition_id, store_locator_id, node_id, partition_id, status,"
    " created_at, updated_at",
    "server_node": "server_node_id, name, server_cluster_id, host, port, node_type, status,"
    " last_heartbeat_at, created_at, updated_at",
    "session_main": "session_id, name, status, tag, total_proc_count, active_proc_count,"
    " created_at, updated_at",
    "session_option": "session_option_id, session_id, name, data, created_at, updated_at",
    "session_processor": "processor_id, session_id, server_node_id, processor_type, status, tag,"
    " command_endpoint, transfer_endpoint, processor_option, pid, created_at, updated_at",
    "processor_resource": "id, processor_id, session_id, server_node_id, resource_type, allocated,"
    " extention, status, pid, created_at, updated_at",
    "node_resource": "resource_id, server_node_id, resource_type, total, used, pre_allocated,"
    " allocated, extention, status, created_at, updated_at",
    "session_ranks": "container_id, session_id, server_node_id, global_rank, local_rank",
}
"""The columns of Eggroll's tables; the deployer creates them."""


def main(path: str, port: str) -> None:
    conf = eggroll.java(path, "clustermanager")
    if port != conf[f"{eggroll.MANAGER}.port"]:
        raise ConfError(path, f"{eggroll.MANAGER}.port", f"is not that of -p, {port}")
    manager = ClusterManager(conf)
    ops = {
        "heartbeat": manager.heartbeat,
        "session": manager.session,
        "processors": manager.processors,
        "processor": manager.processor,
        "store": manager.store,
        "stop": manager.stop,
    }
    threading.Thread(target=manager.watch, daemon=True).start()
    Listener("clustermanager", "-", ops).serve("0.0.0.0", int(port))


class ClusterManager:
    def __init__(self, conf: Mapping[str, str]) -> None:
        self.conf, self.me = conf, "clustermanager"
        host, port, name = strictconf.jdbc_parts(conf[f"{eggroll.MANAGER}.jdbc.url"])
        user, password = (conf[f"{eggroll.MANAGER}.jdbc.{key}"] for key in ("username", "password"))
        self._database = Database(self.me, host, port, name, user, password)
        self.schema_seen = False
        self.lock = threading.Lock()

    @property
    def database(self) -> Database:
        """The database, once it has been seen to have all tables."""
        if not self.schema_seen:
            for table, columns in _TABLES.items():
                self._database.run((f"SELECT {columns} FROM {table} LIMIT 0", ()))
            self.schema_seen = True
        return self._database

    # nodes

    def heartbeat(self, node: dict[str, Any]) -> int:
        """Registers a node, and returns its number; -1 for one that it sees for the first time."""
        with self.lock:
            number = int(node["id"])
            key: tuple[object, ...] = (number,)
            where = "server_node_id = %s"
            if number == -1:
                where, key = "host = %s AND port = %s", (node["host"], node["port"])
            rows = self.database.run((f"SELECT server_node_id FROM server_node WHERE {where}", key))
            at = node["host"], node["port"]
            if not rows:
                self.database.run(
                    (
                        "INSERT INTO server_node (server_node_id, host, port, node_type, status,"
                        " server_cluster_id) VALUES (%s, %s, %s, 'NODE_MANAGER', %s, 0)",
                        (None if number == -1 else number, *at, node["status"]),
                    )
                )
                log(f"create new node {at}")
                return number
            number = int(rows[0]["server_node_id"])
            self.database.run(
                (
                    "UPDATE server_node SET host = %s, port = %s, status = %s,"
                    " last_heartbeat_at = NOW() WHERE server_node_id = %s",
                    (*at, node["status"], number),
                ),
                *self._resources(number, node["resources"]),
            )
            return number

    def _resources(
        self, number: int, resources: Mapping[str, int]
    ) -> list[tuple[str, tuple[object, ...]]]:
        query = (
            "INSERT INTO node_resource (server_node_id, resource_type, total) VALUES (%s, %s, %s)"
            " ON DUPLICATE KEY UPDATE total = VALUES(total)"
        )
        return [(query, (number, kind, total)) for kind, total in resources.items()]

    def watch(self) -> None:
        """Marks nodes that have stopped to send heartbeats."""
        lost = (
            "UPDATE server_node SET status = 'LOSS' WHERE status = 'HEALTHY'"
            " AND node_type = 'NODE_MANAGER' AND last_heartbeat_at < NOW() - INTERVAL %s SECOND"
        )
        while True:
            try:
                self.database.run((lost, (_LOSS,)))
            except HopError as error:
                log(f"handle node heart beat error {error}")
            time.sleep(2)

    def healthy(self) -> list[dict[str, Any]]:
        """The nodes that a session starts on. It waits for the first one once."""
        query = (
            "SELECT server_node_id, host, port FROM server_node WHERE node_type = 'NODE_MANAGER'"
            " AND status = 'HEALTHY' ORDER BY server_node_id"
        )
        for _ in range(2):
            if rows := self.database.run((query, ())):
                return rows
            log("cluster is not ready,waitting next try")
            time.sleep(HEARTBEAT)
        raise HopError(f"{self.me}: cluster is not ready: no HEALTHY row in server_node")

    # sessions

    def session(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        """Starts a session's processes on every healthy node, and waits for all of them."""
        nodes, session = self.healthy(), asked["session"]
        find = "SELECT status FROM session_main WHERE session_id = %s"
        if known := self.database.run((find, (session,))):
            if known[0]["status"] != "ACTIVE":
                raise HopError(f"{self.me}: session {session} is {known[0]['status']}")
            return self._running(session)
        per_node = int(asked.get("processors") or self.conf.get(eggroll.PROCESSORS, "1"))
        total = per_node * len(nodes)
        self.database.run(
            (
                "INSERT INTO session_main (session_id, name, status, tag, total_proc_count,"
                " active_proc_count) VALUES (%s, '', 'NEW', '', %s, 0)",
                (session, total),
            ),
            (
                "INSERT INTO session_option (session_id, name, data) VALUES (%s, %s, %s)",
                (session, eggroll.PROCESSORS, str(per_node)),
            ),
            *(
                (
                    "INSERT INTO session_processor (session_id, server_node_id, processor_type,"
                    " status, command_endpoint) VALUES (%s, %s, 'egg_pair', 'NEW', %s)",
                    (session, node["server_node_id"], f"{node['host']}:0"),
                )
                for node in nodes
                for _ in range(per_node)
            ),
        )
        for node in nodes:
            query = (
                "SELECT processor_id FROM session_processor WHERE session_id = %s"
                " AND server_node_id = %s ORDER BY processor_id"
            )
            rows = self.database.run((query, (session, node["server_node_id"])))
            start = {"session": session, "node": node["server_node_id"]}
            start["processors"] = [row["processor_id"] for row in rows]
            try:
                self._node(node, "start", start)
            except HopError:
                self.stop({"session": session, "status": "ERROR"})
                raise
        return self._started(session, total)

    def _started(self, session: str, total: int) -> list[dict[str, Any]]:
        deadline = time.monotonic() + float(self.conf.get(eggroll.START_TIMEOUT, "20000")) / 1000
        while len(found := self._running(session)) < total:
            if time.monotonic() > deadline:
                self.stop({"session": session, "status": "ERROR"})
                logs = f"{self.conf.get(eggroll.LOGS, 'logs/').rstrip('/')}/{session}"
                raise HopError(
                    f"{self.me}: unable to start all processors for session id: '{session}'. Please"
                    f" check corresponding bootstrap logs at '{logs}'. total processors: {total},"
                    f" started count: {len(found)}"
                )
            time.sleep(0.1)
        active = "UPDATE session_main SET status = 'ACTIVE', active_proc_count = %s"
        self.database.run((f"{active} WHERE session_id = %s", (total, session)))
        return found

    def _node(self, node: Mapping[str, Any], op: str, body: dict[str, Any]) -> Any:
        host, port = str(node["host"]), int(node["port"])
        return call(self.me, host, port, "nodemanager", "-", op, body)

    def _running(self, session: str) -> list[dict[str, Any]]:
        query = (
            "SELECT processor_id, server_node_id, command_endpoint, transfer_endpoint FROM"
            " session_processor WHERE session_id = %s AND status = 'RUNNING' ORDER BY processor_id"
        )
        return [
            {
                "id": row["processor_id"],
                "node": row["server_node_id"],
                "host": row["command_endpoint"].rpartition(":")[0],
                "command": int(row["command_endpoint"].rpartition(":")[2]),
                "transfer": int(row["transfer_endpoint"].rpartition(":")[2]),
            }
            for row in self.database.run((query, (session,)))
        ]

    def processors(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        """The processes of a session that has started; none of one that has not."""
        query = "SELECT session_id FROM session_main WHERE session_id = %s AND status = 'ACTIVE'"
        known = self.database.run((query, (asked["session"],)))
        return self._running(asked["session"]) if known else []

    def processor(self, asked: dict[str, Any]) -> None:
        """A process's heartbeat: it is at its node's host, whatever it says."""
        find = "SELECT command_endpoint FROM session_processor WHERE processor_id = %s"
        rows = self.database.run((find, (asked["id"],)))
        if not rows:
            raise HopError(f"{self.me}: no processor {asked['id']} in session_processor")
        host = rows[0]["command_endpoint"].rpartition(":")[0]
        ends = f"{host}:{asked['command']}", f"{host}:{asked['transfer']}"
        change = (
            "UPDATE session_processor SET status = %s, command_endpoint = %s,"
            " transfer_endpoint = %s, pid = %s WHERE processor_id = %s"
        )
        self.database.run((change, (asked["status"], *ends, asked["pid"], asked["id"])))

    def store(self, asked: dict[str, Any]) -> None:
        """Records a table: which node has which of its partitions."""
        key = asked["namespace"], asked["name"]
        insert = (
            "INSERT IGNORE INTO store_locator (store_type, namespace, name, path, total_partitions,"
            " status) VALUES ('ROLLPAIR_LMDB', %s, %s, '', %s, 'NORMAL')"
        )
        find = "SELECT store_locator_id FROM store_locator WHERE namespace = %s AND name = %s"
        nodes = asked["nodes"]
        rows = self.database.run((insert, (*key, len(nodes))), (find, key))
        place = (
            "INSERT IGNORE INTO store_partition (store_locator_id, node_id, partition_id, status)"
            " VALUES (%s, %s, %s, 'PRIMARY')"
        )
        number = rows[0]["store_locator_id"]
        self.database.run(*((place, (number, node, one)) for one, node in enumerate(nodes)))

    def stop(self, asked: dict[str, Any]) -> None:
        """Ends a session and its processes."""
        session, status = asked["session"], asked.get("status", "CLOSED")
        query = (
            "SELECT DISTINCT n.host, n.port, n.server_node_id FROM session_processor p JOIN"
            " server_node n ON n.server_node_id = p.server_node_id WHERE p.session_id = %s"
        )
        for node in self.database.run((query, (session,))):
            try:
                self._node(node, "stop", {"session": session})
            except HopError as error:
                log(str(error))
        self.database.run(
            (
                "UPDATE session_processor SET status = 'STOPPED' WHERE session_id = %s",
                (session,),
            ),
            (
                "UPDATE session_main SET status = %s, active_proc_count = 0 WHERE session_id = %s"
                " AND status IN ('NEW', 'ACTIVE')",
                (status, session),
            ),
        )
