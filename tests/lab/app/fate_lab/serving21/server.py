"""Stands in for serving-server of FATE Serving 2.1."""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any

from .. import published_model, strictconf
from ..federation import HOPS
from ..protocol import ANY, HopError, Listener, call, log
from ..served_models import Key, ServedModels, key_of, write
from ..strictconf import Check, ConfError
from .command import HOME
from .registry import Registry

_HOME = f"{HOME}/serving-server"
_RPC_TIMEOUT = 3.0
_OK, _PARAMETERS, _FEATURES, _NO_MODEL, _NET_ERROR, _NO_FEATURES, _ADAPTER, _NOT_LOADED = (
    0, 100, 102, 104, 105, 113, 116, 123,
)  # fmt: skip
_PACKAGE = "com.webank.ai.fate.serving.adaptor.dataaccess"
_NOT_IN_NAMES = "?:/&"


def _adapter(value: Any) -> str | None:
    return None if "." in str(value) else f"not the full name of a class: {value!r}"


REQUIRED: dict[str, Check] = {
    "port": strictconf.port,
    # both are true if they are left out
    "useRegister": strictconf.true_or_false,
    "useZkRouter": strictconf.true_or_false,
    "proxy": strictconf.host_and_port,
    "model.transfer.url": strictconf.transfer_url,
    "feature.single.adaptor": _adapter,
    "feature.batch.adaptor": _adapter,
}
OPTIONAL: dict[str, Check] = {
    "zk.url": strictconf.host_and_port,
    "model.cache.path": strictconf.absolute_path,
    "http.adapter.url": strictconf.filled,
    "serviceRoleName": strictconf.exactly("serving"),
    "cache.type": strictconf.exactly("local"),
    "remoteModelInferenceResultCacheSwitch": strictconf.exactly("false"),
    "acl.enable": strictconf.exactly("false"),
}

Answer = dict[str, Any]


def main(settings: str, adapters: bool) -> None:
    try:
        conf = strictconf.properties(settings, REQUIRED, OPTIONAL)
        registers = "true" in (conf["useRegister"], conf["useZkRouter"])
        if registers != ("zk.url" in conf):
            raise ConfError(settings, "zk.url", "goes with useRegister=true, and only with it")
        server = Server(conf, adapters)
        server.restore()
    except ConfError as error:
        sys.exit(f"fate-lab: {error}")
    port = int(conf["port"])
    if registers:
        server.registry = Registry("serving", conf["zk.url"], port)
        server.registry.names |= set(server.services)
    ops = {
        "publishLoad": server.load,
        "publishBind": server.bind,
        "inference": server.inference,
        "unary": server.host_part,
    }
    Listener("serving-server", ANY, ops).serve("0.0.0.0", port)


class Server(ServedModels):
    def __init__(self, conf: dict[str, str], adapters: bool) -> None:
        super().__init__("serving-server", f"{_HOME}/host_data.csv")
        self.conf, self.adapters = conf, adapters
        self.kept = f"{conf.get('model.cache.path', os.getcwd())}/.fate"
        self.registry: Registry | None = None
        self.loaded: list[Answer] = []  # the requests with which models were loaded
        self.services: dict[str, Answer] = {}  # service id -> the request that bound it
        self.lock = threading.Lock()

    # publishing; the requests have the names of FATE's PublishRequest

    def load(self, asked: Answer) -> Answer:
        own = _own(asked)
        url = asked["filePath"] or self.conf["model.transfer.url"]
        if self.from_flow_or_file(key_of(own), url, self._file(key_of(own))) is None:
            text = "model initialization error, please check if the model exists"
            return {"statusCode": _NOT_LOADED, "message": text, "error": ""}
        self._know(asked)
        with self.lock:
            self.loaded = [one for one in self.loaded if _own(one) != own] + [asked]
            write(f"{self.kept}/loadModelStore.cache", json.dumps(self.loaded))
        log(f"{self.me}: loaded model {own['name']} as {own['namespace']}")
        return {"statusCode": _OK, "message": "success", "error": ""}

    def bind(self, asked: Answer) -> Answer:
        own, service = _own(asked), asked["serviceId"]
        if {*service} & {*_NOT_IN_NAMES}:
            return {"statusCode": 120, "message": "Service id contains special characters"}
        found = [one for one in self.loaded if _own(one) == own]
        if not found:
            return {"statusCode": _NO_MODEL, "message": f"model {own['name']} is not exist "}
        with self.lock:
            self.services[service] = found[0]
            write(f"{self.kept}/bindModelStore.cache", json.dumps(self.services))
        if self.registry:
            self.registry.names.add(service)
        log(f"{self.me}: service {service} is model {own['name']}")
        return {"statusCode": _OK, "message": "success"}

    def restore(self) -> None:
        """Takes what it keeps from its own files, without FATE Flow."""
        store = f"{self.kept}/loadModelStore.cache"
        try:
            os.makedirs(self.kept, exist_ok=True)
            write(f"{self.kept}/.writable", "")
            os.remove(f"{self.kept}/.writable")
        except OSError as error:
            text = f"Invalid model cache file, cause: {error.strerror}"
            raise ConfError(store, "", text) from None
        for asked in _kept(store) or []:
            if self.from_file(key_of(_own(asked)), self._file(key_of(_own(asked)))) is not None:
                self.loaded.append(asked)
                self._know(asked)
        self.services = dict(_kept(f"{self.kept}/bindModelStore.cache") or {})

    def _know(self, asked: Answer) -> None:
        parts = {role: {p: _part(m) for p, m in of.items()} for role, of in asked["model"].items()}
        self.know_partners(parts, (asked["local"]["role"], asked["local"]["partyId"]))

    def _file(self, key: Key) -> str:
        return f"{self.kept}/model_{key[0]}_{key[1]}_cache"

    # as guest

    def inference(self, asked: Answer) -> Answer:
        """asked: serviceId, featureData, sendToRemoteFeatureData"""
        if not asked.get("serviceId"):
            return _answer(_PARAMETERS, "no service id")
        service = self.services.get(asked["serviceId"])
        if service is None or key_of(_own(service)) not in self.models:
            return _answer(_NO_MODEL, "model is null")
        if self.is_cold():
            return {"lost": f"{self.me}: no answer in time: it has just been started"}
        if not isinstance(asked.get("featureData"), dict):
            return _answer(_PARAMETERS, "no feature data")
        ids = asked.get("sendToRemoteFeatureData") or {}
        own = _own(service)
        try:
            score = published_model.score(self.models[key_of(own)], {**asked["featureData"], **ids})
        except (TypeError, ValueError) as error:
            return _answer(_FEATURES, str(error))
        host = self._ask_host(service, own, ids)
        if "lost" in host:
            return host
        if code := host["retcode"]:
            text = f"host return code {code} host msg :{host['retmsg']}"
            return _answer(int(f"2{code}"), text)
        total = score + host["data"]["score"]
        data = {"score": published_model.probability(total), "modelVersion": own["name"]}
        return _answer(_OK, "", data)

    def _ask_host(self, service: Answer, own: dict[str, str], ids: dict[str, Any]) -> Answer:
        host, _, port = self.conf["proxy"].rpartition(":")
        if self.registry and self.conf["useZkRouter"] == "true":
            found = self.registry.find("proxy")
            host, port = (found[0], str(found[1])) if found else ("127.0.0.1", "9")
        packet = {
            "from": service["local"]["partyId"],
            "to": service["role"]["host"][0],
            "hops": HOPS,
            "body": {"partner": own, "ids": ids},
        }
        try:
            return dict(
                call(
                    self.me, host, int(port), "serving-proxy-intra", ANY, "unary", packet,
                    answer_within=_RPC_TIMEOUT,
                )
            )  # fmt: skip
        except HopError as error:
            log(str(error))
            return {"lost": str(error)}

    # as host

    def host_part(self, packet: dict[str, Any]) -> Answer:
        asked = packet["body"]
        own = self.partners.get(key_of(asked["partner"]))
        if own is None or own not in self.models:
            return _answer(_NO_MODEL, f"{self.me} {packet['to']}: no model of this guest")
        if self.is_cold():
            return {"lost": f"{self.me}: no answer in time: it has just been started"}
        adapter = self.conf["feature.single.adaptor"].removeprefix(f"{_PACKAGE}.")
        if not self.adapters or adapter not in ("MockAdapter", "TestFilePickAdapter"):
            return _answer(_ADAPTER, "adaptor not found")
        try:
            if adapter == "MockAdapter":
                features = self.mock_adapter(asked["ids"])
            else:
                features = self.picked(asked["ids"].get("id"))  # for rows alone: device_id
        except (OSError, ValueError, IndexError, LookupError) as error:
            log(f"{self.me}: {type(error).__name__}: {error}")
            return _answer(_NO_FEATURES, "adaptor return error")
        return _answer(_OK, "", {"score": published_model.score(self.models[own], features)})


def _part(model: dict[str, str]) -> dict[str, str]:
    return {"name": model["tableName"], "namespace": model["namespace"]}


def _own(asked: Answer) -> dict[str, str]:
    """The party's own part of the model of a request."""
    local = asked["local"]
    return _part(asked["model"][local["role"]][local["partyId"]])


def _answer(code: int, text: str, data: dict[str, Any] | None = None) -> Answer:
    return {"retcode": code, "retmsg": text, **({"data": data} if data else {})}


def _kept(path: str) -> Any:
    if not os.path.isfile(path):
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)
