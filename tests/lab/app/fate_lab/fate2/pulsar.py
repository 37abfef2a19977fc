"""Stands in for a standalone Pulsar broker, with replication to the brokers of other parties.

It has the pages of Pulsar's admin API that FATE calls, with Pulsar's answers. A value that a job
sends to a topic is passed on to the topic's other clusters, at the addresses that they were
created with.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socketserver
import sys
import threading
from typing import Any, NoReturn

from .. import strictconf
from ..protocol import ANY, HopError, Listener, exit_on_sigterm, log
from ..strictconf import Check, ConfError
from . import pulsar_wire

_HOME = "/pulsar"
_CONF = f"{_HOME}/conf/standalone.conf"
_CLUSTERS = f"{_HOME}/data/clusters.json"
_ADMIN = "/admin/v2/"
_WAIT = 60.0  # seconds
_REFUSED = {404: "does not exist", 409: "already exists", 412: "has clusters that do not exist"}


def _bytes(value: Any) -> str | None:
    return None if str(value).isdigit() and int(value) >= 1 << 20 else f"not a size: {value!r}"


def _share(value: Any) -> str | None:
    try:
        return None if 0 < float(value) < 1 else f"not between 0 and 1: {value!r}"
    except ValueError:
        return f"not a number: {value!r}"


def _listener(value: Any) -> str | None:
    ok = re.fullmatch(r"[a-z]+:pulsar://[0-9a-z.]+:[0-9]{1,5}", value)
    return None if ok else f"not NAME:pulsar://HOST:PORT: {value!r}"


_REQUIRED: dict[str, Check] = {
    "clusterName": strictconf.filled,
    "brokerServicePort": strictconf.port,
    "webServicePort": strictconf.port,
    # Jobs need large messages, and topics that nobody creates.
    "maxMessageSize": _bytes,
    "nettyMaxFrameSizeBytes": _bytes,
    "allowAutoTopicCreation": strictconf.exactly("true"),
    "allowAutoTopicCreationType": strictconf.exactly("non-partitioned"),
}
_OPTIONAL: dict[str, Check] = {
    "bindAddress": strictconf.exactly("0.0.0.0"),  # others call it
    "brokerDeleteInactiveTopicsEnabled": strictconf.true_or_false,
    "replicationMetricsEnabled": strictconf.true_or_false,
    "loadBalancerEnabled": strictconf.exactly("false"),
    "loadManagerClassName": strictconf.exactly(
        "org.apache.pulsar.broker.loadbalance.NoopLoadManager"
    ),
    # There is one bookie.
    "managedLedgerDefaultEnsembleSize": strictconf.exactly("1"),
    "managedLedgerDefaultWriteQuorum": strictconf.exactly("1"),
    "managedLedgerDefaultAckQuorum": strictconf.exactly("1"),
    "ledgerStorageClass": strictconf.exactly(
        "org.apache.bookkeeper.bookie.storage.ldb.DbLedgerStorage"
    ),
    "journalSyncData": strictconf.true_or_false,
    "diskUsageThreshold": _share,
    "diskUsageWarnThreshold": _share,
    "allowLoopback": strictconf.exactly("true"),
    # One more port; the real one refuses its clients unless its listener is advertised.
    "bindAddresses": _listener,
    "advertisedListeners": _listener,
}


def main(arguments: list[str]) -> NoReturn:
    exit_on_sigterm()
    try:
        if arguments != ["standalone", "-nss"]:
            raise ConfError("bin/pulsar", "", f"usage: standalone -nss, not {' '.join(arguments)}")
        if os.getcwd() != _HOME:
            raise ConfError("bin/pulsar", "", f"keeps its data below {os.getcwd()}, not {_HOME}")
        conf = strictconf.properties(_CONF, _REQUIRED, _OPTIONAL)
        if conf["maxMessageSize"] != conf["nettyMaxFrameSizeBytes"]:
            raise ConfError(_CONF, "nettyMaxFrameSizeBytes", "differs from maxMessageSize")
        ports = [conf["brokerServicePort"]]
        if another := conf.get("bindAddresses"):
            advertised = conf.get("advertisedListeners", "")
            if another.partition(":")[0] != advertised.partition(":")[0]:
                raise ConfError(_CONF, "bindAddresses", "its listener is not advertised")
            ports.append(another.rpartition(":")[2])
    except ConfError as error:
        print(f"fate-lab: {error}", file=sys.stderr, flush=True)
        sys.exit(2)
    broker = Broker(conf["clusterName"])
    admin = Listener("pulsar-http", ANY, {}, broker.page)
    admin.serve_in_background("0.0.0.0", int(conf["webServicePort"]))
    for port in ports:
        _serve(broker, int(port))
    while True:
        signal.pause()


def _serve(broker: Broker, port: int) -> None:
    class Client(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                asked = pulsar_wire.accept(self.request)
            except (OSError, ValueError) as error:
                log(f"{self.client_address[0]} does not speak Pulsar's protocol: {error}")
                return
            if asked is None:
                return
            try:
                found = {"result": broker.asked(asked)}
            except HopError as error:
                log(str(error))
                found = {"error": str(error)}
            pulsar_wire.answer(self.request, found)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = daemon_threads = True
        request_queue_size = 128

    threading.Thread(target=Server(("", port), Client).serve_forever, daemon=True).start()
    log(f"pulsar listens on port {port}")


def _kept() -> dict[str, dict[str, Any]]:
    """The clusters that it knew before a restart."""
    if not os.path.exists(_CLUSTERS):
        return {}
    with open(_CLUSTERS, encoding="utf-8") as file:
        return dict(json.load(file))


class Broker:
    """A broker, which is also its cluster's only one.

    Args:
        cluster: the name of its cluster.
    """

    def __init__(self, cluster: str) -> None:
        self.cluster = cluster
        self.clusters: dict[str, dict[str, Any]] = {cluster: {}, **_kept()}
        # It connects to a cluster once: a changed address counts from its next start.
        self.connected: dict[str, str] = {}
        self.tenants: dict[str, list[str]] = {}  # and the clusters that they may use
        self.namespaces: dict[str, list[str]] = {}  # and their clusters
        self.topics: dict[str, list[Any]] = {}
        self.changed = threading.Condition()

    # Its admin API

    def page(self, method: str, path: str, body: bytes) -> tuple[int, str, bytes] | None:
        if not path.startswith(_ADMIN):
            return None
        kind, *names = path.removeprefix(_ADMIN).split("/")
        given = json.loads(body or b"null")
        with self.changed:
            code, found = self._page(method, kind, names, given)
            self.changed.notify_all()
        if code == 204:
            return code, "application/json", b""
        if code != 200:
            found = {"reason": f"{'/'.join(names)} {_REFUSED[code]}"}
        return code, "application/json", json.dumps(found).encode()

    def _page(self, method: str, kind: str, names: list[str], given: Any) -> tuple[int, Any]:
        match method, kind, names:
            case "GET", "clusters", []:
                return 200, list(self.clusters)
            case "GET", "clusters", [name]:
                return (200, self.clusters[name]) if name in self.clusters else (404, None)
            case "PUT", "clusters", [name]:
                return (409, None) if name in self.clusters else self._set_cluster(name, given)
            case "POST", "clusters", [name]:
                return self._set_cluster(name, given) if name in self.clusters else (404, None)
            case "GET", "tenants", [name]:
                if name not in self.tenants:
                    return 404, None
                return 200, {"adminRoles": [], "allowedClusters": self.tenants[name]}
            case "PUT", "tenants", [name]:
                return (409, None) if name in self.tenants else self._set_tenant(name, given)
            case "POST", "tenants", [name]:
                return self._set_tenant(name, given) if name in self.tenants else (404, None)
            case "GET", "namespaces", [tenant]:
                if tenant not in self.tenants:
                    return 404, None
                return 200, [one for one in self.namespaces if one.startswith(f"{tenant}/")]
            case "PUT", "namespaces", [tenant, name]:
                if f"{tenant}/{name}" in self.namespaces:
                    return 409, None
                return self._set_clusters(tenant, name, given["replication_clusters"])
            case _, "namespaces", [tenant, name, *_] if f"{tenant}/{name}" not in self.namespaces:
                return 404, None
            case "GET", "namespaces", [tenant, name, "replication"]:
                return 200, self.namespaces[f"{tenant}/{name}"]
            case "POST", "namespaces", [tenant, name, "replication"]:
                return self._set_clusters(tenant, name, given)
            case "POST", "namespaces", [_, _, "retention"]:
                whole = given.keys() == {"retentionTimeInMinutes", "retentionSizeInMB"}
                return (204, None) if whole else (412, None)
        return 404, None

    def _set_cluster(self, name: str, given: dict[str, Any]) -> tuple[int, None]:
        self.clusters[name] = given
        with open(_CLUSTERS, "w", encoding="utf-8") as file:
            json.dump(self.clusters, file)
        return 204, None

    def _set_tenant(self, name: str, given: dict[str, Any]) -> tuple[int, None]:
        if not given["allowedClusters"] or set(given["allowedClusters"]) - self.clusters.keys():
            return 412, None
        self.tenants[name] = given["allowedClusters"]
        return 204, None

    def _set_clusters(self, tenant: str, name: str, clusters: list[str]) -> tuple[int, None]:
        if tenant not in self.tenants:
            return 404, None
        if set(clusters) - set(self.tenants[tenant]):
            return 412, None
        self.namespaces[f"{tenant}/{name}"] = clusters
        return 204, None

    # Its own port

    def asked(self, asked: dict[str, Any]) -> Any:
        """A client sends to a topic or receives from it, or another broker passes a value on."""
        topic = asked["topic"]
        namespace = topic.rpartition("/")[0]
        with self.changed:
            # Both parties create it, and one is first.
            if not self.changed.wait_for(lambda: namespace in self.namespaces, _WAIT):
                raise HopError(f"pulsar: nobody has created the namespace {namespace}")
            others = [one for one in self.namespaces[namespace] if one != self.cluster]
            if asked["op"] == "receive":
                found = self.topics.setdefault(topic, [])
                if not self.changed.wait_for(lambda: found, _WAIT):
                    raise HopError(f"pulsar: nothing arrived in {topic}")
                return found.pop(0)
            if asked["op"] == "replicate":
                self.topics.setdefault(topic, []).append(asked["value"])
                self.changed.notify_all()
                return None
            for one in others:
                self.connected.setdefault(one, self.clusters[one]["brokerServiceUrl"])
            addresses = {one: self.connected[one] for one in others}
        for cluster, url in addresses.items():
            name, _, port = url.removeprefix("pulsar://").rpartition(":")
            target = f"pulsar: no way to cluster {cluster} at {url}"
            passed = {"op": "replicate", "topic": topic, "value": asked["value"]}
            pulsar_wire.ask(target, name, int(port), passed)
        return None


if __name__ == "__main__":
    main(sys.argv[1:])
