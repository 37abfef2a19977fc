"""Stands in for FATE's federation: sends a party's tables and objects to other parties.

Like the real federation, it gets the addresses of roll and proxy from meta-service (rows ROLL and
PROXY). The proxy.* keys of its file serve the same purpose in the real one, so they must match too.
"""

from __future__ import annotations

import threading
from typing import Any

from . import strictconf
from .protocol import HopError, Listener, call, greet
from .roll import checked

_WAIT = 90.0  # a job that receives nothing within this time fails
HOPS = 6


def main(settings: str) -> None:
    conf = strictconf.properties(
        settings,
        {
            "party.id": strictconf.party_id,
            "service.port": strictconf.port,
            "meta.service.ip": strictconf.host,
            "meta.service.port": strictconf.port,
            "proxy.ip": strictconf.host,
            "proxy.port": strictconf.port,
        },
        {"service.ip": strictconf.ip_address},
    )
    federation = Federation(conf)
    ops = {"send": federation.send, "push": federation.push, "get": federation.get}
    Listener("federation", federation.party, ops).serve("0.0.0.0", int(conf["service.port"]))


class Federation:
    def __init__(self, conf: dict[str, str]) -> None:
        self.conf, self.party = conf, conf["party.id"]
        self.me = f"federation {self.party}"
        self.received: dict[str, dict[str, Any]] = {}
        self.arrived = threading.Condition()

    def node(self, kind: str) -> tuple[str, int]:
        host, port = self.conf["meta.service.ip"], int(self.conf["meta.service.port"])
        rows = call(self.me, host, port, "meta-service", self.party, "nodes")
        row = next(row for row in checked(self.me, rows) if row["type"] == kind)
        return row["ip"], row["port"]

    def roll(self, op: str, body: dict[str, Any]) -> Any:
        return call(self.me, *self.node("ROLL"), "roll", self.party, op, body)

    def send(self, asked: dict[str, Any]) -> None:
        """Sends `object`, or the rows of `table`, under `tag` to the federation of party `to`."""
        proxy = self.conf["proxy.ip"], int(self.conf["proxy.port"])
        greet(self.me, *proxy, "proxy", self.party)
        parcel = {"tag": asked["tag"], "object": asked.get("object")}
        if asked.get("table"):
            parcel["pairs"] = self.roll("read", asked["table"])
            parcel["partitions"] = asked["table"]["partitions"]
        body = {
            "from": {"party": self.party, "role": "fate"},
            "to": {"party": asked["to"], "role": "fate"},
            "hops": HOPS,
            "op": "push",
            "body": parcel,
        }
        call(self.me, *self.node("PROXY"), "proxy", self.party, "forward", body)

    def push(self, parcel: dict[str, Any]) -> None:
        """Receives a parcel from another party; a table goes into this party's storage."""
        if "pairs" in parcel:
            namespace, _, name = parcel["tag"].partition("/")
            table = {"namespace": namespace, "name": name, "partitions": parcel["partitions"]}
            self.roll("put", {**table, "pairs": parcel.pop("pairs")})
            parcel["table"] = table
        with self.arrived:
            self.received[parcel["tag"]] = parcel
            self.arrived.notify_all()

    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        tag = asked["tag"]
        with self.arrived:
            if not self.arrived.wait_for(lambda: tag in self.received, _WAIT):
                raise HopError(f"{self.me}: {tag} did not arrive within {_WAIT:.0f} s")
            return self.received.pop(tag)
