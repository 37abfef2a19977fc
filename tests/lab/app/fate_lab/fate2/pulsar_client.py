"""What a job of FATE does with its party's Pulsar: it sets the broker up, sends and receives."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from .. import strictconf, yaml_file
from ..protocol import CONNECT_TIMEOUT, HopError, request
from ..strictconf import PROJECT, Check, ConfError
from . import pulsar_wire

ROUTES = f"{PROJECT}/fate_flow/conf/pulsar_route_table.yaml"
_ROUTE: dict[str, Check] = {
    "host": strictconf.host,
    "port": strictconf.json_port,
    "sslPort": strictconf.json_port,
    "proxy": strictconf.anything,
}


def route_table() -> dict[str, dict[str, Any]]:
    """The brokers of the parties, by their ids.

    Raises:
        ConfError: the file is not what FATE Flow takes.
    """
    table = yaml_file.read(ROUTES)
    for party, route in table.items():
        if wrong := strictconf.party_id(party):
            raise ConfError(ROUTES, party, wrong)
        if not isinstance(route, dict):
            raise ConfError(ROUTES, party, "is no route")
        strictconf.keys(ROUTES, f"{party}.", route, _ROUTE, {})
    return table


class Session:
    """A job at one party, in its broker.

    Args:
        me: who calls, for errors.
        conf: `federation.pulsar` of service_conf.yaml.
        job: the job's id, which names its namespace.
    """

    def __init__(self, me: str, conf: Mapping[str, Any], job: str) -> None:
        self.conf = conf
        self.tenant, self.namespace = conf["tenant"], job
        self.target = f"{me}: pulsar {conf['host']}:{conf['port']}"
        self.admin = f"{me}: pulsar {conf['host']}:{conf['mng_port']}"

    def open(self, party: str) -> None:
        """Create what sending to another party needs: its cluster, the tenant and the namespace."""
        own = self.conf["cluster"]
        if self._ask("GET", f"tenants/{self.tenant}", None, 404) is None:
            tenant = {"adminRoles": [], "allowedClusters": [own]}
            self._ask("PUT", f"tenants/{self.tenant}", tenant)
        # Like FATE, it never changes a cluster that is there.
        if self._ask("GET", f"clusters/{party}", None, 404) is None:
            self._ask("PUT", f"clusters/{party}", _cluster(party))
        allowed = self._ask("GET", f"tenants/{self.tenant}")["allowedClusters"]
        if party not in allowed:
            tenant = {"adminRoles": [], "allowedClusters": [*allowed, party]}
            self._ask("POST", f"tenants/{self.tenant}", tenant)
        place = f"namespaces/{self.tenant}/{self.namespace}"
        self._ask("PUT", place, {"replication_clusters": [own, party]}, 409)
        kept = {"retentionTimeInMinutes": self.conf["topic_ttl"], "retentionSizeInMB": -1}
        self._ask("POST", f"{place}/retention", kept)

    def send(self, topic: str, value: int) -> None:
        """Send a value to a topic, in all clusters that it is in."""
        self._broker({"op": "send", "topic": self._name(topic), "value": value})

    def receive(self, topic: str) -> int:
        """Wait for a value in a topic."""
        return int(self._broker({"op": "receive", "topic": self._name(topic)}))

    def _name(self, topic: str) -> str:
        return f"{self.tenant}/{self.namespace}/{topic}"

    def _broker(self, body: Mapping[str, Any]) -> Any:
        return pulsar_wire.ask(self.target, self.conf["host"], self.conf["port"], body)

    def _ask(self, method: str, path: str, body: Any = None, unless: int = 0) -> Any:
        """The answer of the admin API; None if its status is `unless`."""
        address = self.conf["host"], self.conf["mng_port"]
        wanted = method, f"/admin/v2/{path}", body
        headers = {"Content-Type": "application/json"}
        status, found = request(self.admin, address, wanted, headers, CONNECT_TIMEOUT)
        if status == unless:
            return None
        if status not in (200, 204):
            raise HopError(f"{self.admin}: {method} {path}: {status} {found.decode()}")
        return json.loads(found) if found else {}


def _cluster(party: str) -> dict[str, str]:
    """Another party's cluster, as FATE's own code finds it in the route table."""
    code = importlib.import_module("fate.arch.federation.backends.pulsar._federation")
    try:
        route = code.route(route_table(), SimpleNamespace(party_id=party))
    except ConfError as error:
        raise HopError(str(error)) from None
    if route is None:
        raise HopError(f"{ROUTES}: no route to party {party}")
    return {"brokerServiceUrl": f"pulsar://{route['host']}:{route['port']}"}
