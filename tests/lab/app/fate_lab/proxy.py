"""Stands in for FATE's proxy, as a party's gateway to other parties or the exchange between them.

It forwards according to its route table: PARTY -> ROLE -> endpoints, each level with a "default".
Like the real one, it never forgets where it has sent a message of federation, or would have sent an
answer to it, whatever its table says later (ConfFileBasedFdnRouter.topicEndpointMapping and
DataTransferPipedClient.getStub, FATE v1.3.0). The topics of FATE Flow's calls contain the job's id,
so each job's calls follow the table.
"""

from __future__ import annotations

import itertools
import ssl
import threading
import time
from typing import Any

from . import strictconf
from .protocol import ANY, HopError, Listener, call, log
from .strictconf import ConfError

REREAD_EVERY = 10.0  # seconds; the real proxy reloads its table every 60 s

_KIND_OF_ROLE = {"fate": "federation", "fateflow": "fateflow-grpc"}
_ROLES = {"default", "serving", *_KIND_OF_ROLE}
_KEPT = "fate"  # the role whose topics are the same in every job
Table = dict[str, dict[str, list[dict[str, Any]]]]


def main(settings: str) -> None:
    conf = strictconf.properties(
        settings,
        {
            "coordinator": strictconf.filled,
            "ip": strictconf.ip_address,
            "port": strictconf.port,
            "route.table": strictconf.file_there,
        },
        {
            "server.crt": strictconf.file_or_empty,
            "server.key": strictconf.file_or_empty,
            "ca.crt": strictconf.file_or_empty,
            "root.crt": strictconf.anything,  # in the template, but not read by anything
            "log.properties": strictconf.anything,
            "audit.enabled": strictconf.anything,
            "debug.enabled": strictconf.anything,
            "neighbour.insecure.channel.enabled": strictconf.anything,
        },
    )
    _check_certificate(settings, conf)
    proxy = Proxy(conf["coordinator"], conf["route.table"])
    threading.Thread(target=proxy.keep_reading, daemon=True).start()
    listener = Listener("proxy", proxy.coordinator, {"forward": proxy.forward})
    listener.serve(conf["ip"], int(conf["port"]))


def _check_certificate(path: str, conf: dict[str, str]) -> None:
    """The lab does not use TLS, but checks the certificate, key and CA if they are given."""
    names = ("server.crt", "server.key", "ca.crt")
    given = [name for name in names if conf.get(name)]
    if not given:
        return
    if len(given) != len(names):
        raise ConfError(path, given[0], f"TLS needs all of {', '.join(names)}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(conf["server.crt"], conf["server.key"])
    except (OSError, ssl.SSLError) as error:
        raise ConfError(path, "server.crt, server.key", str(error)) from None
    try:
        context.load_verify_locations(conf["ca.crt"])
    except (OSError, ssl.SSLError) as error:
        raise ConfError(path, "ca.crt", str(error)) from None


def route_table(path: str, coordinator: str) -> Table:
    """Reads and checks a route table."""
    table, permission = read_table(path, coordinator, _ROLES)
    if not isinstance(permission, dict):
        raise ConfError(path, "permission", "is missing, or not an object")
    if permission != {"default_allow": True}:
        raise ConfError(path, "permission", 'must be {"default_allow": true}')
    _check_own_entry(path, table, coordinator)
    return table


def read_table(
    path: str, coordinator: str, known: set[str], more: tuple[str, ...] = ()
) -> tuple[Table, Any]:
    """The routes of a table, checked, with no roles but `known`; and its permission, unchecked.
    `more` are other keys that may be there."""
    top = strictconf.json_object(path)
    for key in top:
        if key not in ("route_table", "permission", *more):
            raise ConfError(path, key, "unknown key")
    if not isinstance(top.get("route_table"), dict):
        raise ConfError(path, "route_table", "is missing, or not an object")
    table: Table = top["route_table"]
    for party, roles in table.items():
        if party not in ("default", coordinator) and strictconf.party_id(party):
            raise ConfError(path, f"route_table.{party}", "is neither a party id nor default")
        if not isinstance(roles, dict):
            raise ConfError(path, f"route_table.{party}", "not an object")
        for role, endpoints in roles.items():
            where = f"route_table.{party}.{role}"
            if role not in known:
                raise ConfError(path, where, f"unknown role (known: {', '.join(sorted(known))})")
            if not isinstance(endpoints, list):
                raise ConfError(path, where, "not a list")
            for endpoint in endpoints:
                _check_endpoint(path, where, endpoint)
    return table, top.get("permission")


def _check_endpoint(path: str, where: str, endpoint: Any) -> None:
    if not isinstance(endpoint, dict) or not {"ip", "port"} <= set(endpoint):
        raise ConfError(path, where, f'needs "ip" and "port": {endpoint!r}')
    for key, value in endpoint.items():
        check = {"ip": strictconf.host, "port": strictconf.json_port, "hostname": strictconf.host}
        wrong = check[key](value) if key in check else "unknown key"
        if wrong:
            raise ConfError(path, f"{where}.{key}", wrong)


def _check_own_entry(path: str, table: Table, coordinator: str) -> None:
    if coordinator not in table:
        if strictconf.party_id(coordinator) is None:
            raise ConfError(path, f"route_table.{coordinator}", "own party is missing")
        return  # an exchange is not a party
    for role in _KIND_OF_ROLE:
        if not table[coordinator].get(role):
            raise ConfError(path, f"route_table.{coordinator}.{role}", "is missing in own party")
    # ConfFileBasedFdnRouter treats everything from the party's own entry on as intranet
    if list(table)[-1] != coordinator:
        raise ConfError(path, f"route_table.{coordinator}", "own party must be the last entry")


class Proxy:
    def __init__(self, coordinator: str, path: str) -> None:
        self.coordinator, self.path = coordinator, path
        self.me = f"proxy {coordinator}"
        self.turn = itertools.count()
        self.table = route_table(path, coordinator)
        self.kept: dict[str, dict[str, Any]] = {}  # endpoints of federations by party

    def keep_reading(self) -> None:
        """Reloads a changed table; keeps the old one if the new one is malformed."""
        while True:
            time.sleep(REREAD_EVERY)
            try:
                table = route_table(self.path, self.coordinator)
            except ConfError as error:
                log(f"{self.me}: keeping the old route table: {error}")
                continue
            if table != self.table:
                self.table = table
                log(f"{self.me}: reloaded the changed route table")

    def forward(self, packet: dict[str, Any]) -> Any:
        party, role = str(packet["to"]["party"]), packet["to"]["role"]
        if packet["hops"] <= 0:
            raise HopError(f"{self.me}: routing loop on the way to party {party}")
        endpoint = self.route(party, role)
        if endpoint is None:
            raise HopError(f"{self.me}: no route: party {party} role {role} has no endpoint")
        self.route(str(packet["from"]["party"]), packet["from"]["role"])
        host, port = endpoint["ip"], endpoint["port"]
        if party == self.coordinator:
            kind = _KIND_OF_ROLE[role]
            return call(self.me, host, port, kind, party, packet["op"], packet["body"])
        onward = {**packet, "hops": packet["hops"] - 1}
        target = f"{self.me}: no route: party {party} -> {host}:{port}"
        return call(self.me, host, port, "proxy", ANY, "forward", onward, target)

    def route(self, party: str, role: str) -> dict[str, Any] | None:
        """The endpoint of a topic, if there is one."""
        if role == _KEPT and party in self.kept:
            return self.kept[party]
        roles = self.table.get(party) or self.table.get("default") or {}
        endpoints = roles.get(role) or roles.get("default")
        if not endpoints:
            return None
        endpoint = endpoints[next(self.turn) % len(endpoints)]
        if role == _KEPT:
            self.kept[party] = endpoint
        return endpoint
