"""Stands in for Eggroll's meta-service: manages tables, fragments and nodes, all stored in MySQL.

It listens even without a database and queries it again for every call, so it recovers by itself.
"""

from __future__ import annotations

from typing import Any

from . import strictconf
from .database import Database
from .protocol import HopError, Listener

# the columns of Eggroll's five tables; the deployer creates them
_TABLES = {
    "dtable": "table_id, namespace, table_name, table_type, total_fragments, dispatcher, serdes,"
    " storage_version, status, created_at, updated_at",
    "fragment": "fragment_id, table_id, node_id, fragment_order, status, created_at, updated_at",
    "node": "node_id, host, ip, port, type, status, last_heartbeat_at, created_at, updated_at",
    "task": "task_id, task_name, task_type, status, created_at, updated_at",
    "result": "result_id, result_name, result_type, value, status, task_id, created_at, updated_at",
}
_TYPE = "LMDB"


def main(settings: str) -> None:
    conf = strictconf.properties(
        settings,
        {
            "party.id": strictconf.party_id,
            "service.port": strictconf.port,
            "jdbc.driver.classname": strictconf.exactly("com.mysql.cj.jdbc.Driver"),
            "jdbc.url": strictconf.jdbc_url,
            "jdbc.username": strictconf.filled,
            "jdbc.password": strictconf.filled,
        },
        {"target.project": strictconf.exactly("meta-service"), "service.ip": strictconf.ip_address},
    )
    me = f"meta-service {conf['party.id']}"
    host, port, name = strictconf.jdbc_parts(conf["jdbc.url"])
    meta = MetaService(
        me, Database(me, host, port, name, conf["jdbc.username"], conf["jdbc.password"])
    )
    ops = {"nodes": meta.nodes, "table": meta.table, "drop": meta.drop}
    listener = Listener("meta-service", conf["party.id"], ops)
    listener.serve("0.0.0.0", int(conf["service.port"]))


class MetaService:
    def __init__(self, me: str, database: Database) -> None:
        self.me, self.database, self.schema_seen = me, database, False

    def nodes(self, _: dict[str, Any]) -> list[dict[str, Any]]:
        if not self.schema_seen:
            for table, columns in _TABLES.items():
                self.database.run((f"SELECT {columns} FROM `{table}` LIMIT 0", ()))
            self.schema_seen = True
        query = "SELECT node_id, host, ip, port, type, status FROM node ORDER BY node_id"
        return self.database.run((query, ()))

    def table(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The fragments of a table; creates a new table over all healthy STORAGE nodes."""
        key = (asked["namespace"], asked["name"], _TYPE)
        find = (
            "SELECT table_id, total_fragments FROM dtable"
            " WHERE namespace = %s AND table_name = %s AND table_type = %s",
            key,
        )
        found = self.database.run(find)
        if not found:
            nodes = [n for n in self.nodes({}) if n["status"] == "HEALTHY"]
            storages = [n["node_id"] for n in nodes if n["type"] == "STORAGE"]
            if not storages:
                raise HopError(f"{self.me}: no healthy STORAGE row in table node")
            total = int(asked["partitions"])
            insert = (
                "INSERT IGNORE INTO dtable"
                " (namespace, table_name, table_type, total_fragments, status)"
                " VALUES (%s, %s, %s, %s, 'NORMAL')"
            )
            found = self.database.run((insert, (*key, total)), find)
            spread = [storages[i % len(storages)] for i in range(total)]
            place = (
                "INSERT IGNORE INTO fragment (table_id, node_id, fragment_order, status)"
                " VALUES (%s, %s, %s, 'PRIMARY')"
            )
            table_id = found[0]["table_id"]
            self.database.run(*((place, (table_id, node, i)) for i, node in enumerate(spread)))
        fragments = self.database.run(
            (
                "SELECT node_id, fragment_order FROM fragment"
                " WHERE table_id = %s ORDER BY fragment_order",
                (found[0]["table_id"],),
            )
        )
        if len(fragments) != found[0]["total_fragments"]:
            raise HopError(
                f"{self.me}: table {key[0]}/{key[1]} has {len(fragments)} of"
                f" {found[0]['total_fragments']} fragments in table fragment"
            )
        return {"fragments": [fragment["node_id"] for fragment in fragments]}

    def drop(self, asked: dict[str, Any]) -> None:
        of = "SELECT table_id FROM dtable WHERE namespace = %s"
        key = (asked["namespace"],)
        self.database.run(
            (f"DELETE FROM fragment WHERE table_id IN ({of})", key),
            ("DELETE FROM dtable WHERE namespace = %s", key),
        )
