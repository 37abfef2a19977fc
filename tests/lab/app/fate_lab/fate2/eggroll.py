"""Stands in for Eggroll 3: a cluster manager with its tables in MySQL, and a node manager."""

from __future__ import annotations

import json
import os
import threading
import time
from typing import Any

from .. import strictconf
from ..database import Database
from ..protocol import HopError, Listener, call, log
from ..strictconf import PROJECT, ConfError

HOME = f"{PROJECT}/eggroll"
_HEARTBEAT = 1.0  # seconds; the real one every 10
_LOCK = 100.0  # seconds that the lock of a node's number is kept after its last use
_WAIT = 60.0
_PREFIX = "eggroll.resourcemanager"
_JDBC = f"{_PREFIX}.clustermanager.jdbc"
_DATABASE = {
    f"{_JDBC}.driver.class.name": strictconf.exactly("com.mysql.cj.jdbc.Driver"),
    f"{_JDBC}.url": strictconf.jdbc_url,
    f"{_JDBC}.username": strictconf.filled,
    f"{_JDBC}.password": strictconf.filled,
}


def properties(path: str, database: bool = False) -> dict[str, str]:
    """A checked eggroll.properties, without the line of the section that Eggroll's Python reads."""
    head, _, rest = strictconf.read(path).partition("\n")
    if head != "[eggroll]":
        raise ConfError(path, "", "must begin with [eggroll], or Eggroll's Python does not read it")
    pair = f"{_PREFIX}.bootstrap.egg_pair"
    required: dict[str, strictconf.Check] = {
        f"{_PREFIX}.process.tag": strictconf.party_id,
        f"{_PREFIX}.clustermanager.host": strictconf.host,
        f"{_PREFIX}.clustermanager.port": strictconf.port,
        f"{_PREFIX}.nodemanager.host": strictconf.host,
        f"{_PREFIX}.nodemanager.port": strictconf.port,
        f"{_PREFIX}.nodemanager.net.device": strictconf.filled,
        f"{_PREFIX}.nodemanager.gpu.num.shell": strictconf.filled,
        "eggroll.data.dir": strictconf.exactly(f"{HOME}/data/"),
        "eggroll.logs.dir": strictconf.exactly(f"{HOME}/logs/"),
        "eggroll.bootstrap.root.script": strictconf.exactly("bin/eggroll_boot.sh"),
        f"{pair}.exepath": strictconf.exactly("bin/roll_pair/egg_pair_bootstrap.sh"),
        f"{pair}.venv": strictconf.exactly(""),
        f"{pair}.pythonpath": strictconf.exactly("python"),
        f"{pair}.filepath": strictconf.exactly("python/eggroll/computing/egg_pair/egg_pair.py"),
        f"{pair}.ld_library_path": strictconf.exactly(""),
        "eggroll.session.processors.per.node": strictconf.count,
    }
    required |= _DATABASE if database else {}
    return strictconf.properties_of(path, f"\n{rest}", required, {})


def cluster_manager(path: str, port: str) -> None:
    conf = properties(path, database=True)
    if port != conf[f"{_PREFIX}.clustermanager.port"]:
        raise ConfError(path, f"{_PREFIX}.clustermanager.port", f"is not that of -p, {port}")
    manager = ClusterManager(conf)
    manager.start()
    ops = {"heartbeat": manager.heartbeat, "session": manager.session}
    ops |= {"put": manager.put, "get": manager.get}
    Listener("clustermanager", manager.party, ops).serve("0.0.0.0", int(port))


class ClusterManager:
    def __init__(self, conf: dict[str, str]) -> None:
        self.conf, self.party = conf, conf[f"{_PREFIX}.process.tag"]
        self.me = f"clustermanager {self.party}"
        host, port, name = strictconf.jdbc_parts(conf[f"{_JDBC}.url"])
        user, password = conf[f"{_JDBC}.username"], conf[f"{_JDBC}.password"]
        self.database = Database(self.me, host, port, name, user, password)
        self.values: dict[str, Any] = {}
        self.locks: dict[int, float] = {}  # when each was last used, by the node's number
        self.heartbeats = threading.Lock()
        self.arrived = threading.Condition()

    def start(self) -> None:
        """Its own row, as the real one's first statements; it exits without its tables."""
        own = (
            self.conf[f"{_PREFIX}.clustermanager.host"],
            self.conf[f"{_PREFIX}.clustermanager.port"],
        )
        columns = "host, port, node_type, status, server_cluster_id"
        try:
            self.database.run(
                ("DELETE FROM server_node WHERE node_type = 'CLUSTER_MANAGER'", ()),
                (
                    f"INSERT INTO server_node ({columns}) "
                    "VALUES (%s, %s, 'CLUSTER_MANAGER', 'HEALTHY', 0)",
                    own,
                ),
            )
        except HopError as error:
            raise ConfError("mysql", "", str(error)) from None

    def heartbeat(self, node: dict[str, Any]) -> int:
        """Registers a node, and returns its number, or -1 the first time that it sees it.

        Like the real one, it locks the number that the node sends, and unlocks the one that it
        knows. If these differ and the other one's lock is still there, that fails: the node has
        sent a heartbeat with its number shortly before, or has tried this shortly before.
        """
        with self.heartbeats:
            sent = int(node["id"])
            self._use_lock(sent)
            known = self._update(sent, node["host"], node["port"], node["status"])
            if known != sent and self._use_lock(known, only_if_present=True):
                raise HopError(f"{self.me}: code 110, IllegalMonitorStateException")
            return known

    def _use_lock(self, number: int, only_if_present: bool = False) -> bool:
        present = time.monotonic() - self.locks.get(number, -_LOCK) < _LOCK
        if present or not only_if_present:
            self.locks[number] = time.monotonic()
        return present

    def _update(self, number: int, host: str, port: str, status: str) -> int:
        """Writes a heartbeat into server_node; returns the node's number there."""
        key: tuple[object, ...] = (number,)
        where = "server_node_id = %s"
        if number == -1:
            where, key = "host = %s AND port = %s", (host, port)
        rows = self.database.run((f"SELECT server_node_id FROM server_node WHERE {where}", key))
        if not rows:
            new = None if number == -1 else number
            self.database.run(
                (
                    "INSERT INTO server_node (server_node_id, host, port, node_type, status) "
                    "VALUES (%s, %s, %s, 'NODE_MANAGER', %s)",
                    (new, host, port, status),
                )
            )
            return number
        number = int(rows[0]["server_node_id"])
        change = (
            "UPDATE server_node SET host = %s, port = %s, status = %s WHERE server_node_id = %s"
        )
        self.database.run((change, (host, port, status, number)))
        return number

    def session(self, asked: dict[str, Any]) -> list[Any]:
        """Starts the processes of a session on the node, and returns what they compute."""
        query = "SELECT host, port FROM server_node WHERE node_type = %s AND status = 'HEALTHY'"
        rows = self.database.run((query, ("NODE_MANAGER",)))
        if len(rows) != 1:
            raise HopError(f"{self.me}: {len(rows)} healthy nodes in server_node")
        at = rows[0]["host"], rows[0]["port"]
        self.database.run(
            (
                "REPLACE INTO session_main (session_id, name, status) VALUES (%s, %s, 'ACTIVE')",
                (asked["session"], asked["session"]),
            )
        )
        return list(call(self.me, *at, "nodemanager", self.party, "run", asked))

    def put(self, body: dict[str, Any]) -> None:
        with self.arrived:
            self.values[body["tag"]] = body["value"]
            self.arrived.notify_all()

    def get(self, asked: dict[str, Any]) -> Any:
        with self.arrived:
            if not self.arrived.wait_for(lambda: asked["tag"] in self.values, _WAIT):
                raise HopError(f"{self.me}: nothing arrived as {asked['tag']}")
            return self.values.pop(asked["tag"])


def node_manager(path: str, port: str) -> None:
    conf = properties(path)
    if port != conf[f"{_PREFIX}.nodemanager.port"]:
        raise ConfError(path, f"{_PREFIX}.nodemanager.port", f"is not that of -p, {port}")
    node = NodeManager(conf)
    threading.Thread(target=node.keep_registered, daemon=True).start()
    Listener("nodemanager", node.party, {"run": node.run}).serve("0.0.0.0", int(port))


class NodeManager:
    def __init__(self, conf: dict[str, str]) -> None:
        self.conf, self.party = conf, conf[f"{_PREFIX}.process.tag"]
        self.me = f"nodemanager {self.party}"
        self.data = conf["eggroll.data.dir"]

    def keep_registered(self) -> None:
        keys = self.conf
        manager = (
            keys[f"{_PREFIX}.clustermanager.host"],
            int(keys[f"{_PREFIX}.clustermanager.port"]),
        )
        address = {"host": keys[f"{_PREFIX}.nodemanager.host"]}
        address["port"] = keys[f"{_PREFIX}.nodemanager.port"]
        number, status = self._known(address), "INIT"
        while True:
            try:
                sent = {"id": number, "status": status, **address}
                found = call(self.me, *manager, "clustermanager", self.party, "heartbeat", sent)
                if status == "INIT" and found != -1:
                    number, status = found, "HEALTHY"
                    self._keep(number, address)
            except HopError as error:
                log(f"heartbeat failed: {error}")
            time.sleep(_HEARTBEAT)

    def _known(self, address: dict[str, str]) -> int:
        """Its number, if its file has one, and has it for the same address."""
        try:
            with open(f"{self.data}NodeManagerMeta", encoding="utf-8") as file:
                found = json.load(file)
        except FileNotFoundError:
            return -1
        same = (found["nodeIp"], found["nodePort"]) == (address["host"], address["port"])
        return int(found["serverNodeId"]) if same else -1

    def _keep(self, number: int, address: dict[str, str]) -> None:
        meta = {"serverNodeId": number, "clusterId": 0, "nodeIp": address["host"]}
        meta["nodePort"] = address["port"]
        with open(f"{self.data}NodeManagerMeta", "w", encoding="utf-8") as file:
            json.dump(meta, file, separators=(",", ":"))

    def run(self, asked: dict[str, Any]) -> list[Any]:
        """Keeps a session's values in its data, in partitions, and returns their sums."""
        partitions = int(self.conf["eggroll.session.processors.per.node"])
        if asked["processors"] > partitions:
            raise HopError(
                f"{self.me}: {asked['processors']} processors, but there are {partitions}"
            )
        folder = f"{self.data}{asked['session']}"
        os.makedirs(folder, exist_ok=True)
        logs = f"{self.conf['eggroll.logs.dir']}{asked['session']}"
        os.makedirs(logs, exist_ok=True)
        with open(f"{logs}/LOG", "a", encoding="utf-8") as file:
            file.write("started\n")
        sums = []
        for number in range(partitions):
            path = f"{folder}/{number}"
            with open(path, "w", encoding="utf-8") as file:
                json.dump(asked["values"][number::partitions], file)
            with open(path, encoding="utf-8") as file:
                sums.append(sum(json.load(file)))
        return sums
