"""Stands in for FATE Serving's serving-proxy: takes inference requests over HTTP, and carries what
the party's serving-server asks another party, according to its route table.

Like the real one it stays up when some settings are wrong: then ports are missing.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import threading
import time
from typing import Any, NoReturn

from . import strictconf
from .protocol import ANY, HopError, Listener, call, log
from .proxy import Table, read_table
from .strictconf import PROJECT, Check, ConfError

ROUTE_TABLE = f"{PROJECT}/serving-proxy/conf/route_table.json"
REREAD_EVERY = 10.0
LOST_AFTER = 1.0  # seconds until a request that got lost is given up; the real one takes 3
_SENTINEL = 8719  # a port that the real one's overload protection opens too

# codes that a serving-proxy gives itself over HTTP, and to a serving-server
PARAMETERS, SYSTEM, NO_NETWORK, NO_PERMISSION = (
    ("100", "PARAM_ERROR"), ("103", "SYSTEM_ERROR"), ("107", "NET_ERROR"), ("109", "ROUTER_ERROR"),
)  # fmt: skip
_NO_ROUTE, _NOT_ALLOWED = 503, 509

_HEAD = {"serviceId", "caseId", "applyId", "appId", "caseid", "applyid", "appid", "serviceid"}
_BODY = {"featureData", "sendToRemoteFeatureData", "serviceId", "modelId", "modelVersion", "seqno"}

_REQUIRED: dict[str, Check] = {
    "server.port": strictconf.port,
    "proxy.grpc.intra.port": strictconf.port,
    "proxy.grpc.inter.port": strictconf.port,
}
_OPTIONAL: dict[str, Check] = {
    "coordinator": strictconf.party_id,  # coordinator and useZkRouter are not optional: see main()
    "useZkRouter": strictconf.true_or_false,
    "route.table": strictconf.file_there,
    "inference.service.name": strictconf.exactly("serving"),
    "routeType": strictconf.one_of("random", "consistent"),
    "auth.open": strictconf.exactly("false"),
    "auth.file": strictconf.file_there,
    "zk.url": strictconf.anything,  # in the image's file, not read with useZkRouter=false
    "acl.enable": strictconf.exactly("false"),
    "management.endpoints.web.exposure.include": strictconf.filled,
    **{
        f"proxy.{name}": strictconf.count
        for name in (
            "grpc.inference.timeout", "grpc.inference.async.timeout", "grpc.unaryCall.timeout",
            "grpc.threadpool.coresize", "grpc.threadpool.maxsize", "grpc.threadpool.queuesize",
            "async.timeout", "async.coresize", "async.maxsize",
        )
    },
}  # fmt: skip


def main(settings: str) -> None:
    try:
        conf = strictconf.properties(settings, _REQUIRED, _OPTIONAL)
        if len({conf[name] for name in _REQUIRED}) != len(_REQUIRED):
            raise ConfError(settings, ", ".join(_REQUIRED), "must be different ports")
        if "coordinator" not in conf:
            _stay_up_without(f"{settings}: coordinator: is missing", "any port")
        coordinator = conf["coordinator"]
        grpc = {kind: int(conf[f"proxy.grpc.{kind}.port"]) for kind in ("intra", "inter")}
        if conf.get("useZkRouter", "true") == "true":
            for kind, port in grpc.items():
                Listener(kind, coordinator, {}).serve_in_background("0.0.0.0", port)
            reason = f"{settings}: useZkRouter: must be false: there is no ZooKeeper"
            _stay_up_without(reason, "HTTP")
        table_file = os.path.abspath(conf.get("route.table", ROUTE_TABLE))
        proxy = ServingProxy(conf, table_file)
    except ConfError as error:
        sys.exit(f"fate-lab: {error}")
    threading.Thread(target=proxy.keep_reading, daemon=True).start()
    for kind, port in grpc.items():
        listener = Listener(f"serving-proxy-{kind}", coordinator, {"unary": proxy.unary})
        listener.serve_in_background("0.0.0.0", port)
    Listener("sentinel", ANY, {}).serve_in_background("0.0.0.0", _SENTINEL)
    http = Listener("serving-proxy-http", coordinator, {}, proxy.page)
    http.serve("0.0.0.0", int(conf["server.port"]))


def _stay_up_without(reason: str, missing: str) -> NoReturn:
    log(f"fate-lab: {reason}; running without {missing}")
    while True:
        time.sleep(3600)


class Routes:
    """A route table: the own party's "serving" is its server, other parties' is their proxy."""

    def __init__(self, path: str, coordinator: str) -> None:
        self.table: Table
        self.table, permission = read_table(path, coordinator, {"default", "serving"})
        if not self.table.get(coordinator, {}).get("serving"):
            where = f"route_table.{coordinator}.serving"
            raise ConfError(path, where, "is missing: it is the party's own serving-server")
        self.allowed = permission is not None
        if permission is not None:
            ok = isinstance(permission, dict) and set(permission) == {"default_allow"}
            if not ok or not isinstance(permission["default_allow"], bool):
                raise ConfError(path, "permission", 'must be {"default_allow": true}')
            self.allowed = permission["default_allow"]

    def endpoints(self, party: str) -> list[dict[str, Any]]:
        services = self.table.get(party, self.table.get("default")) or {}
        return services.get("serving", services.get("default")) or []


class ServingProxy:
    """A serving-proxy of FATE Serving 1.2; others have other codes."""

    no_route, not_allowed = _NO_ROUTE, _NOT_ALLOWED

    def __init__(self, conf: dict[str, str], path: str) -> None:
        self.coordinator, self.path = conf["coordinator"], path
        self.me = f"serving-proxy {self.coordinator}"
        self.timeout = int(conf.get("proxy.grpc.inference.timeout", "3000")) / 1000
        self.turn = itertools.count()
        self.use(Routes(path, self.coordinator))

    def use(self, routes: Routes) -> None:
        self.routes = routes
        if not routes.allowed:
            log(f"{self.me}: {self.path}: without permission default_allow, refuses every request")

    def keep_reading(self) -> None:
        """Reads the table again; keeps the old one if the new one is not valid."""
        while True:
            time.sleep(REREAD_EVERY)
            try:
                routes = Routes(self.path, self.coordinator)
            except ConfError as error:
                log(f"{self.me}: keeping the old route table: {error}")
                continue
            if (routes.table, routes.allowed) != (self.routes.table, self.routes.allowed):
                self.use(routes)
                log(f"{self.me}: reloaded the changed route table")

    def endpoint(self, party: str) -> tuple[str, int] | None:
        endpoints = self.routes.endpoints(party)
        if not endpoints:
            return None
        endpoint = endpoints[next(self.turn) % len(endpoints)]
        return endpoint["ip"], endpoint["port"]

    # between serving-servers

    def unary(self, packet: dict[str, Any]) -> dict[str, Any]:
        """Passes a guest's question on to the host, by way of the host's serving-proxy."""
        party = packet["to"]
        if not self.routes.allowed:
            return failure(self.not_allowed, f"{self.me}: no permission in its route table")
        endpoint = self.server() if party == self.coordinator else self.endpoint(party)
        if endpoint is None or packet["hops"] <= 0:
            return failure(self.no_route, f"{self.me}: no route to party {party}")
        kind = "serving-server" if party == self.coordinator else "serving-proxy-inter"
        onward = {**packet, "hops": packet["hops"] - 1}
        try:
            answer = call(
                self.me, *endpoint, kind, ANY, "unary", onward, answer_within=self.timeout
            )
        except HopError as error:
            log(str(error))
            return self.lost(kind, str(error))
        return dict(answer)

    def lost(self, kind: str, text: str) -> dict[str, Any]:
        """The answer if what was to answer cannot be reached."""
        time.sleep(LOST_AFTER)
        return {"lost": text}

    def server(self, service: str = "") -> tuple[str, int] | None:
        """Where the party's own serving-server is."""
        return self.endpoint(self.coordinator)

    # HTTP

    def page(self, method: str, path: str, body: bytes) -> tuple[int, str, bytes] | None:
        words = path.strip("/").split("/")
        if method == "GET" and path == "/actuator/health":
            answer: dict[str, Any] = {"status": "UP"}
        elif len(words) == 3 and words[0] == "federation":
            answer = self.inference(words[2], body)
        else:
            return None
        text = json.dumps(answer, separators=(",", ":"))
        return 200, "application/json;charset=UTF-8", text.encode()

    def inference(self, name: str, body: bytes) -> dict[str, Any]:
        try:
            asked = json.loads(body)
            head, rest = asked.get("head") or {}, asked.get("body") or {}
            unknown = {*(set(asked) - {"head", "body"}), *(set(head) - _HEAD), *(set(rest) - _BODY)}
        except (ValueError, AttributeError, TypeError) as error:
            return self.refusal(SYSTEM, f"the request is not valid: {error}")
        if unknown:
            return self.refusal(PARAMETERS, f"unknown keys: {', '.join(sorted(unknown))}")
        if name != "inference":
            return self.refusal(SYSTEM, f"the lab has no {name}")
        if not self.routes.allowed:
            return self.refusal(NO_PERMISSION, "no permission in the route table")
        endpoint = self.server(head.get("serviceId") or "")
        assert endpoint  # the table was checked
        try:
            answer = call(
                self.me, *endpoint, "serving-server", ANY, "inference", {**head, **rest},
                answer_within=self.timeout,
            )  # fmt: skip
        except HopError as error:
            return self.refusal(NO_NETWORK, str(error))
        if "lost" in answer:
            return self.refusal(NO_NETWORK, answer["lost"])
        return dict(answer)

    def refusal(self, code: tuple[str, str], reason: str) -> dict[str, Any]:
        """The real one's answer has `code`, a text, and no `retcode`, if it is the proxy's own."""
        log(f"{self.me}: {code[0]} {code[1]}: {reason}")
        return {"code": code[0], "message": f"{code[1]}: {reason}"}


def failure(code: int, text: str) -> dict[str, Any]:
    return {"retcode": code, "retmsg": text, "data": {}, "flag": 0}
