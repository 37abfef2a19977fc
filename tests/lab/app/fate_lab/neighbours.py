"""Greets every service in a server_conf.json, so that a wrong entry makes the job fail.

All but FATE Board, which no service calls: FATE Flow makes links for people of its address.
"""

from __future__ import annotations

from typing import Any

from .protocol import greet

# the entries for lab services, with the kind of service that must answer there
_KINDS = {
    "proxy": (("port", "proxy"),),
    "roll": (("port", "roll"),),
    "federation": (("port", "federation"),),
    "fateflow": (("grpc.port", "fateflow-grpc"), ("http.port", "fateflow-http")),
}


def greet_all(caller: str, servers: dict[str, dict[str, Any]], party: str) -> None:
    for name, ports in _KINDS.items():
        for key, kind in ports:
            if name in servers:
                greet(caller, servers[name]["host"], servers[name][key], kind, party)
