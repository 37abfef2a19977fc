"""Stands in for OSX, as a party's gateway to other parties or the exchange between them.

It forwards according to its route table, and keeps what arrives for its own party: in queues, or
with Eggroll in the session of the job, at the cluster manager.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from .. import strictconf
from ..protocol import ANY, HopError, Listener, call, log
from ..proxy import Table, read_table
from ..strictconf import ConfError

_REREAD_EVERY = 1.0  # seconds; the real one 3
_WAIT = 60.0


def main(folder: str) -> None:
    conf = strictconf.properties(
        f"{folder}/broker/broker.properties",
        {
            "grpc.port": strictconf.port,
            "open.http.server": strictconf.exactly("false"),
            "open.grpc.tls.server": strictconf.exactly("false"),
            # The real one refuses values in queue mode without them, whichever engine computes.
            "eggroll.cluster.manager.ip": strictconf.host,
            "eggroll.cluster.manager.port": strictconf.port,
        },
        {},
    )
    osx = Osx(conf, f"{folder}/broker/route_table.json")
    threading.Thread(target=osx.keep_reading, daemon=True).start()
    ops = {"forward": osx.forward, "pop": osx.pop}
    Listener("osx", osx.owner, ops).serve("0.0.0.0", int(conf["grpc.port"]))


def route_table(path: str) -> tuple[str, Table]:
    """The party that it is of, and the routes."""
    top = strictconf.json_object(path)
    own = top.get("self_party")
    if not isinstance(own, list) or len(own) != 1 or not isinstance(own[0], str):
        raise ConfError(path, "self_party", "must be a list with the id of the party")
    table, _ = read_table(path, own[0], {"default", "fateflow"}, ("self_party",))
    exchange = strictconf.party_id(own[0]) is not None
    if not exchange and "fateflow" not in table.get(own[0], {}):
        raise ConfError(path, f"route_table.{own[0]}.fateflow", "is missing in own party")
    return own[0], table


class Osx:
    def __init__(self, conf: dict[str, str], path: str) -> None:
        self.path = path
        self.owner, self.table = route_table(path)
        self.me = f"osx {self.owner}"
        manager = conf["eggroll.cluster.manager.ip"], int(conf["eggroll.cluster.manager.port"])
        self.manager = manager
        self.queues: dict[str, Any] = {}
        self.arrived = threading.Condition()

    def keep_reading(self) -> None:
        """Reloads a changed table; keeps the old one if the new one is malformed."""
        while True:
            time.sleep(_REREAD_EVERY)
            try:
                _, table = route_table(self.path)
            except ConfError as error:
                log(f"{self.me}: keeping the old route table: {error}")
                continue
            if table != self.table:
                self.table = table
                log(f"{self.me}: reloaded the changed route table")

    def forward(self, packet: dict[str, Any]) -> Any:
        party, op = str(packet["to"]), packet["op"]
        if packet["hops"] <= 0:
            raise HopError(f"{self.me}: routing loop on the way to party {party}")
        role = "fateflow" if op == "unary" else "default"
        if party == self.owner and op == "push":
            return self._keep(packet["body"])
        roles = self.table.get(party) or self.table.get("default") or {}
        endpoints = roles.get(role) or roles.get("default")
        if not endpoints:
            raise HopError(f"{self.me}: no route: party {party} role {role} has no endpoint")
        host, port = endpoints[0]["ip"], endpoints[0]["port"]
        if party == self.owner:
            return call(self.me, host, port, "fateflow-grpc", party, "unary", packet["body"])
        onward = {**packet, "hops": packet["hops"] - 1}
        target = f"{self.me}: no route: party {party} -> {host}:{port}"
        return call(self.me, host, port, "osx", ANY, "forward", onward, target)

    def _keep(self, body: dict[str, Any]) -> None:
        if body["mode"] == "stream":
            call(self.me, *self.manager, "clustermanager", self.owner, "put", body)
            return
        with self.arrived:
            self.queues[body["tag"]] = body["value"]
            self.arrived.notify_all()

    def pop(self, asked: dict[str, Any]) -> Any:
        with self.arrived:
            if not self.arrived.wait_for(lambda: asked["tag"] in self.queues, _WAIT):
                raise HopError(f"{self.me}: nothing arrived as {asked['tag']}")
            return self.queues.pop(asked["tag"])
