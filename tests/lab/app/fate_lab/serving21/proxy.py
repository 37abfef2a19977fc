"""Stands in for serving-proxy of FATE Serving 2.1. Like the real one it stays up without ZooKeeper,
and then has its inner port alone.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import Any

from .. import strictconf
from ..protocol import Listener, log
from ..serving_proxy import LOST_AFTER, ServingProxy, failure
from ..strictconf import Check, ConfError
from .registry import Registry

_NET_ERROR, _SYSTEM_ERROR, _ROUTER_ERROR = 105, 110, 128
_OF_PROXY = 500  # added to its own codes, for another party's serving-server

REQUIRED: dict[str, Check] = {
    # not optional for this deployer: their defaults are another party, and a ZooKeeper
    "coordinator": strictconf.party_id,
    "server.port": strictconf.port,
    "proxy.grpc.intra.port": strictconf.port,
    "proxy.grpc.inter.port": strictconf.port,
    "useZkRouter": strictconf.true_or_false,
}
OPTIONAL: dict[str, Check] = {
    "zk.url": strictconf.host_and_port,
    "route.table": strictconf.file_there,
    "inference.service.name": strictconf.exactly("serving"),
    "routeType": strictconf.one_of("random", "consistent"),
    "auth.open": strictconf.exactly("false"),
    "acl.enable": strictconf.exactly("false"),
    "proxy.grpc.inference.timeout": strictconf.count,
    "proxy.grpc.unaryCall.timeout": strictconf.count,
}


def main(settings: str, _: bool) -> None:
    try:
        conf = strictconf.properties(settings, REQUIRED, OPTIONAL)
        ports = [conf[name] for name in REQUIRED if name.endswith("port")]
        if len(set(ports)) != len(ports):
            raise ConfError(settings, "server.port", "the three ports must be different")
        uses_zookeeper = conf["useZkRouter"] == "true"
        if uses_zookeeper != ("zk.url" in conf):
            raise ConfError(settings, "zk.url", "goes with useZkRouter=true, and only with it")
        proxy = Proxy(conf, os.path.abspath(conf.get("route.table", "conf/route_table.json")))
    except ConfError as error:
        sys.exit(f"fate-lab: {error}")
    threading.Thread(target=proxy.keep_reading, daemon=True).start()
    intra, inter = (int(conf[f"proxy.grpc.{kind}.port"]) for kind in ("intra", "inter"))
    coordinator, ops = conf["coordinator"], {"unary": proxy.unary}
    Listener("serving-proxy-intra", coordinator, ops).serve_in_background("0.0.0.0", intra)
    if uses_zookeeper:
        proxy.registry = Registry("proxy", conf["zk.url"], intra)
        proxy.registry.connected.wait()
    Listener("serving-proxy-inter", coordinator, ops).serve_in_background("0.0.0.0", inter)
    http = Listener("serving-proxy-http", coordinator, {}, proxy.page)
    http.serve("0.0.0.0", int(conf["server.port"]))


class Proxy(ServingProxy):
    no_route, not_allowed = _OF_PROXY + _SYSTEM_ERROR, _OF_PROXY + _ROUTER_ERROR
    registry: Registry | None = None

    def server(self, service: str = "") -> tuple[str, int] | None:
        """The serving-server that has registered the service, or the one in the route table."""
        found = self.registry.find(service or "serving") if self.registry else None
        return found or super().server()

    def lost(self, kind: str, text: str) -> dict[str, Any]:
        if kind == "serving-server":
            return super().lost(kind, text)
        time.sleep(LOST_AFTER)
        return failure(_OF_PROXY + _NET_ERROR, text)

    def page(self, method: str, path: str, body: bytes) -> tuple[int, str, bytes] | None:
        """Every answer is 200; there is no page for its health."""
        words = path.strip("/").split("/")
        if len(words) != 3 or words[0] != "federation":
            return None
        text = json.dumps(self.inference(words[2], body), separators=(",", ":"))
        return 200, "application/json;charset=UTF-8", text.encode()

    def refusal(self, code: tuple[str, str], reason: str) -> dict[str, Any]:
        """All its codes are numbers, and called as those of a serving-server."""
        codes = {"107": _NET_ERROR, "109": _ROUTER_ERROR}
        number = codes.get(code[0], _SYSTEM_ERROR)
        log(f"{self.me}: {number}: {reason}")
        return {"retcode": number, "retmsg": reason}
