"""Stands in for Eggroll's roll: the entry point to a party's tables and processors.

It gets all addresses from meta-service: from the node rows that the deployer inserted.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from . import strictconf
from .protocol import ANY, HopError, Listener, call

Node = dict[str, Any]


def main(settings: str) -> None:
    conf = strictconf.properties(
        settings,
        {
            "party.id": strictconf.party_id,
            "service.port": strictconf.port,
            "meta.service.ip": strictconf.host,
            "meta.service.port": strictconf.port,
        },
        {"service.ip": strictconf.ip_address},
    )
    roll = Roll(conf["party.id"], conf["meta.service.ip"], int(conf["meta.service.port"]))
    ops = {
        "session": lambda _: roll.party,
        "end-session": roll.end_session,
        "put": roll.put,
        "read": roll.read,
        "count": roll.count,
        "process": roll.process,
        "drop": roll.drop,
    }
    Listener("roll", roll.party, ops).serve("0.0.0.0", int(conf["service.port"]))


def checked(me: str, rows: list[Node]) -> list[Node]:
    """The healthy rows of table `node`; fails if they are inconsistent."""
    rows = [row for row in rows if row["status"] == "HEALTHY"]
    eggs: dict[str, list[str]] = {"EGG": [], "STORAGE": []}
    for kind in ("ROLL", "PROXY"):
        found = sum(row["type"] == kind for row in rows)
        if found != 1:
            raise HopError(f"{me}: table node has {found} healthy {kind} rows, needs 1")
    for row in rows:
        if row["type"] in eggs:
            eggs[row["type"]].append(row["ip"])
        elif row["type"] not in ("ROLL", "PROXY"):
            raise HopError(f"{me}: table node: unknown type {row['type']!r}")
    for kind, ips in eggs.items():
        if len(ips) != len(set(ips)):
            raise HopError(f"{me}: table node has duplicate healthy {kind} rows: {sorted(ips)}")
    if not eggs["EGG"] or sorted(eggs["EGG"]) != sorted(eggs["STORAGE"]):
        raise HopError(
            f"{me}: table node: EGG rows {sorted(eggs['EGG'])} and STORAGE rows"
            f" {sorted(eggs['STORAGE'])} must name the same eggs"
        )
    return rows


class Roll:
    def __init__(self, party: str, meta_host: str, meta_port: int) -> None:
        self.party, self.me = party, f"roll {party}"
        self.meta_host, self.meta_port = meta_host, meta_port
        self.pool = ThreadPoolExecutor(16)

    # addresses

    def meta(self, op: str, **body: Any) -> Any:
        return call(
            self.me, self.meta_host, self.meta_port, "meta-service", self.party, op, body
        )  # fmt: skip

    def nodes(self) -> list[Node]:
        return checked(self.me, self.meta("nodes"))

    def fragments(self, table: dict[str, Any]) -> list[Node]:
        """The STORAGE node of each fragment of the table, in order."""
        nodes = {node["node_id"]: node for node in self.nodes() if node["type"] == "STORAGE"}
        result = []
        for order, node_id in enumerate(self.meta("table", **table)["fragments"]):
            if node_id not in nodes:
                raise HopError(
                    f"{self.me}: fragment {order} of table {table['namespace']}/{table['name']}"
                    f" is on node {node_id}, which is not a healthy STORAGE row"
                )
            result.append(nodes[node_id])
        return result

    def storage(self, node: Node, op: str, **body: Any) -> Any:
        return call(self.me, node["ip"], node["port"], "storage-service", ANY, op, body)

    def each(self, do: Callable[[int], Any], total: int) -> list[Any]:
        return list(self.pool.map(do, range(total)))

    # tables: {"namespace", "name", "partitions"}, keys are strings

    def put(self, asked: dict[str, Any]) -> None:
        nodes = self.fragments(asked)
        parts: list[dict[str, Any]] = [{} for _ in nodes]
        for key, value in asked["pairs"].items():
            parts[zlib.crc32(key.encode()) % len(nodes)][key] = value
        table = {name: asked[name] for name in ("namespace", "name")}

        def store(i: int) -> None:
            self.storage(nodes[i], "put", **table, fragment=i, pairs=parts[i])

        self.each(store, len(nodes))

    def read(self, asked: dict[str, Any]) -> dict[str, Any]:
        nodes = self.fragments(asked)
        table = {name: asked[name] for name in ("namespace", "name")}
        parts = self.each(lambda i: self.storage(nodes[i], "read", **table, fragment=i), len(nodes))
        return {key: value for part in parts for key, value in part.items()}

    def count(self, asked: dict[str, Any]) -> dict[str, int]:
        """Rows and partitions; also greets every storage, with or without fragments."""
        for node in self.nodes():
            if node["type"] == "STORAGE":
                self.storage(node, "hello")
        return {"count": len(self.read(asked)), "partitions": len(self.fragments(asked))}

    def drop(self, asked: dict[str, Any]) -> None:
        """Drops every table of a namespace."""
        for node in self.nodes():
            if node["type"] == "STORAGE":
                self.storage(node, "drop", namespace=asked["namespace"])
        self.meta("drop", namespace=asked["namespace"])

    # work for processors

    def process(self, asked: dict[str, Any]) -> list[Any]:
        """Runs `function` on every fragment, on the egg that stores it; one answer per fragment."""
        eggs = {node["ip"]: node for node in self.nodes() if node["type"] == "EGG"}
        nodes = self.fragments({"namespace": asked["namespace"], **asked["like"]})
        for made in asked["makes"]:  # register what the function will write
            self.meta("table", **{**asked["like"], "namespace": asked["namespace"], "name": made})
        processors = {ip: itertools.cycle(self.session(egg, asked)) for ip, egg in eggs.items()}
        chosen = [next(processors[node["ip"]]) for node in nodes]

        def run(i: int) -> Any:
            body = {**asked, "fragment": i}
            ip, port = chosen[i]
            return call(self.me, ip, port, "processor", ANY, "run", body)

        return self.each(run, len(nodes))

    def session(self, egg: Node, asked: dict[str, Any]) -> list[tuple[str, int]]:
        """The egg's processors for the session, started if necessary. Like Eggroll 1, it passes the
        egg's name in the node table as the processors' address."""
        body = {
            "session": asked["session"],
            "engine-addr": egg["ip"],
            "node-manager": f"{egg['ip']}:{egg['port']}",
        }
        answer = call(self.me, egg["ip"], egg["port"], "egg", self.party, "session", body)
        return [(ip, port) for ip, port in answer]

    def end_session(self, asked: dict[str, Any]) -> None:
        for egg in self.nodes():
            if egg["type"] == "EGG":
                call(self.me, egg["ip"], egg["port"], "egg", self.party, "end-session", asked)
