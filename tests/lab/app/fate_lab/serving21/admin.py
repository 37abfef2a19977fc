"""Stands in for serving-admin of FATE Serving 2.1: a log-in, and a look at what is registered."""

from __future__ import annotations

import hashlib
import json
import sys
import threading
import time
from typing import Any

from .. import strictconf
from ..protocol import ANY, HopError, Listener, greet, log
from ..strictconf import Check, ConfError
from .registry import Registry

_PARAM_ERROR = 120
_KINDS = {"serving": "serving-server", "proxy": "serving-proxy-intra"}
_EVERY = 5.0  # the real one looks every 30 s

REQUIRED: dict[str, Check] = {
    "server.port": strictconf.port,
    "zk.url": strictconf.host_and_port,
    "admin.username": strictconf.filled,
    "admin.password": strictconf.filled,
    # the real one does not start with another one
    "spring.mvc.pathmatch.matching-strategy": strictconf.exactly("ANT_PATH_MATCHER"),
}


def main(settings: str, _: bool) -> None:
    try:
        conf = strictconf.properties(settings, REQUIRED, {})
    except ConfError as error:
        sys.exit(f"fate-lab: {error}")
    port = int(conf["server.port"])
    registry = Registry("admin", conf["zk.url"], port)
    registry.connected.wait()
    threading.Thread(target=_look, args=(registry,), daemon=True).start()
    admin = Admin(conf["admin.username"], conf["admin.password"])
    Listener("serving-admin", ANY, {}, admin.page).serve("0.0.0.0", port)


def _look(registry: Registry) -> None:
    """Says who is registered at an address where nobody answers."""
    while True:
        for name, kind in _KINDS.items():
            for host, port in registry.addresses.get(name, []):
                try:
                    greet("serving-admin", host, port, kind, ANY)
                except HopError as error:
                    log(str(error))
        time.sleep(_EVERY)


class Admin:
    def __init__(self, user: str, password: str) -> None:
        self.user, self.password = user, password

    def page(self, method: str, path: str, body: bytes) -> tuple[int, str, bytes] | None:
        if path == "/" and method == "GET":
            return 200, "text/html", b"<title>FATE Serving</title>\n"
        if path != "/api/admin/login" or method != "POST":
            return None
        try:
            asked = json.loads(body)
            right = (asked["username"], asked["password"]) == (self.user, self.password)
        except (ValueError, KeyError, TypeError):
            right = False
        answer: dict[str, Any] = {
            "retcode": _PARAM_ERROR,
            "retmsg": "username or password is wrong",
        }
        if right:
            token = hashlib.md5(f"{self.user}_{self.password}".encode()).hexdigest()
            answer = {"retcode": 0, "data": {"timestamp": 0, "sessionToken": token}}
        return 200, "application/json", json.dumps(answer).encode()
