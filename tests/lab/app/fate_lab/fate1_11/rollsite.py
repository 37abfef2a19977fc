"""Stands in for rollsite, as a party's gateway to other parties or the exchange between them.

It forwards according to its route table. What is for its own party, by the table, and is a value
of a job, it puts into the processes of the job's session.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

from ..protocol import ANY, HopError, Listener, call, log
from . import conf as eggroll
from .routes import Route, RouteError, Routes
from .tls import Tls

_REREAD_EVERY = 2.0  # seconds; the real one 60
_SESSION_WITHIN = 60.0
HOPS = 6


def main(path: str) -> None:
    conf = eggroll.java(path, "rollsite")
    routes = Routes(
        os.path.abspath(conf.get(f"{eggroll.SITE}.route.table.path", "conf/route_table.json"))
    )
    try:
        routes.read()
    except RouteError as error:
        print(f'Exception in thread "main" {error}', file=sys.stderr, flush=True)
        sys.exit(1)
    site = RollSite(conf, routes)
    threading.Thread(target=site.keep_reading, daemon=True).start()
    site.listen()


class RollSite:
    def __init__(self, conf: Mapping[str, str], routes: Routes) -> None:
        self.conf, self.routes = conf, routes
        self.party = conf[f"{eggroll.SITE}.party.id"]
        self.me = f"rollsite {self.party}"
        self.tls = Tls.of(conf)

    def listen(self) -> None:
        ops = {"unary": self.unary, "push": self.push}
        if self.tls.server:
            port = int(self.conf.get(f"{eggroll.SITE}.secure.port", "9380"))
            secure = Listener("transfer", ANY, ops)
            secure.credentials = self.tls.server
            secure.serve_in_background("0.0.0.0", port)
        Listener("transfer", ANY, ops).serve("0.0.0.0", int(self.conf[f"{eggroll.SITE}.port"]))

    def keep_reading(self) -> None:
        """Reloads the table, until it cannot: then it keeps the old one for good."""
        while True:
            time.sleep(_REREAD_EVERY)
            before = self.routes.table
            try:
                self.routes.read()
            except RouteError as error:
                log(f"{self.me}: no more reads of the route table: {error}")
                return
            if self.routes.table != before:
                log(f"{self.me}: reloaded the changed route table")

    def unary(self, packet: dict[str, Any]) -> Any:
        """A call of a party's FATE Flow."""
        route = self._route(packet, packet["role"])
        if self._is_own(route):
            raise HopError(f"{self.me}: operation {packet['body'].get('method')} not supported")
        return self._forward(packet, route, "unary")

    def push(self, packet: dict[str, Any]) -> Any:
        """A value of a job, for the session of its receiver."""
        route = self._route(packet, "default")
        if self._is_own(route):
            return self._keep(packet["body"])
        return self._forward(packet, route, "push")

    def _route(self, packet: dict[str, Any], role: str) -> Route:
        if packet["hops"] <= 0:
            raise HopError(f"{self.me}: routing loop on the way to party {packet['to']}")
        try:
            return self.routes.query(str(packet["to"]), role)
        except RouteError as error:
            raise HopError(f"{self.me}: no route to party {packet['to']}: {error}") from None

    def _is_own(self, route: Route) -> bool:
        ports = {int(self.conf[f"{eggroll.SITE}.port"])}
        ports.add(int(self.conf.get(f"{eggroll.SITE}.secure.port", "9380")))
        return route.host == self.conf[f"{eggroll.SITE}.host"] and route.port in ports

    def _forward(self, packet: dict[str, Any], route: Route, op: str) -> Any:
        target = f"{self.me}: party {packet['to']} -> {route.host}:{route.port}"
        onward = {**packet, "hops": packet["hops"] - 1}
        # Without a certificate of the authority, is_secure has no effect.
        between = str(packet["from"]) != str(packet["to"])
        secure = self.tls.client if route.secure and between else None
        at = route.host, route.port, "transfer", ANY
        return call(self.me, *at, op, onward, target, credentials=secure)

    def _keep(self, body: dict[str, Any]) -> None:
        session = body["session"]
        try:
            manager = eggroll.at_manager(self.conf)
        except KeyError as error:
            raise HopError(f"{self.me}: no {error} in eggroll.properties") from None
        deadline = time.monotonic() + _SESSION_WITHIN
        while not (pairs := call(self.me, *manager, ANY, "processors", {"session": session})):
            if time.monotonic() > deadline:
                raise HopError(f"{self.me}: no session {session} at the cluster manager")
            time.sleep(0.2)
        host, port = pairs[0]["host"], pairs[0]["transfer"]
        call(self.me, host, port, "egg-pair-transfer", session, "receive", body)
