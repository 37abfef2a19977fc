"""Stands in for FATE Serving's serving-server: answers inference requests with published models.

FATE Flow loads models into it and binds them to service ids. As guest it adds the host's score to
its own, which it gets through its serving-proxy; as host it looks up features for the guest's ids.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, NoReturn

from . import published_model, strictconf
from .federation import HOPS
from .protocol import ANY, HopError, Listener, call, log
from .redis_client import Redis
from .served_models import Key, ServedModels, key_of, write
from .strictconf import PROJECT, Check, ConfError

KEPT = "/root/.fate"  # models and requests; a volume keeps them for the next container
HOST_DATA = f"{PROJECT}/serving-server/host_data.csv"
_LOADS, _BINDS = f"{KEPT}/publishLoadStore.cache", f"{KEPT}/publishOnlineStore.cache"

RPC_TIMEOUT = 3.0
OK, EMPTY_DATA, INVALID_FEATURE, NO_FEATURES, NO_MODEL, SYSTEM_ERROR, NO_ADAPTER = (
    0, 100, 102, 103, 104, 110, 111,
)  # fmt: skip
_GUEST, _HOST = 1000, 2000  # added to a code: which side it is about

_REQUIRED: dict[str, Check] = {
    "port": strictconf.port,
    "useZkRouter": strictconf.exactly("false"),
    "proxy": strictconf.host_and_port,
    "redis.ip": strictconf.host,
    "redis.port": strictconf.port,
    "redis.password": strictconf.filled,
    "OnlineDataAccessAdapter": strictconf.filled,
    "InferencePreProcessingAdapter": strictconf.exactly("PassPreProcessing"),
    "InferencePostProcessingAdapter": strictconf.exactly("PassPostProcessing"),
    "model.transfer.url": strictconf.transfer_url,
}
_OPTIONAL: dict[str, Check] = {
    "useRegister": strictconf.true_or_false,  # not optional: see main()
    "ip": strictconf.ip_address,
    "serviceRoleName": strictconf.exactly("serving"),
    "remoteModelInferenceResultCacheSwitch": strictconf.true_or_false,
    "external.remoteModelInferenceResultCacheTTL": strictconf.count,
    "zk.url": strictconf.anything,  # in the image's file, not read with useRegister=false
    "acl.enable": strictconf.exactly("false"),
    **dict.fromkeys(
        (
            "inferenceWorkerThreadNum", "modelCacheMaxSize", "inferenceResultCacheTTL",
            "inferenceResultCacheCacheMaxSize", "remoteModelInferenceResultCacheTTL",
            "remoteModelInferenceResultCacheMaxSize", "external.inferenceResultCacheTTL",
            "redis.timeout", "redis.maxTotal", "redis.maxIdle",
        ),
        strictconf.count,
    ),
}  # fmt: skip

Answer = dict[str, Any]


def main(settings: str) -> None:
    try:
        conf = strictconf.properties(settings, {"port": strictconf.port}, _REQUIRED | _OPTIONAL)
        if conf.get("useRegister", "true") == "true":
            _open_and_exit(settings, int(conf["port"]))
        server = ServingServer(strictconf.properties(settings, _REQUIRED, _OPTIONAL))
        server.restore()
    except ConfError as error:
        sys.exit(f"fate-lab: {error}")  # with 1, as the real one does without a port
    ops = {
        "load": server.load,
        "bind": server.bind,
        "inference": server.inference,
        "unary": server.host_part,
    }
    Listener("serving-server", ANY, ops).serve("0.0.0.0", int(conf["port"]))


def _open_and_exit(settings: str, port: int) -> NoReturn:
    """What the real one does when it is to register itself, and there is no ZooKeeper."""
    Listener("serving-server", ANY, {}).serve_in_background("0.0.0.0", port)
    time.sleep(2)
    raise ConfError(settings, "useRegister", "must be false: there is no ZooKeeper")


class ServingServer(ServedModels):
    def __init__(self, conf: dict[str, str]) -> None:
        super().__init__("serving-server", HOST_DATA)
        self.conf = conf
        self.redis = Redis(
            self.me, conf["redis.ip"], int(conf["redis.port"]), conf["redis.password"]
        )
        self.services: dict[str, Answer] = {}  # service id -> the request that bound it
        self.lock = threading.Lock()

    # publishing

    def load(self, asked: dict[str, Any]) -> Answer:
        """Gets our part of a model from FATE Flow. asked: local, role, model (by role and party)"""
        role, party = asked["local"]["role"], asked["local"]["party_id"]
        own = asked["model"].get(role, {}).get(party)
        if own is None or self.model(key_of(own)) is None:
            return {"statusCode": NO_MODEL, "message": f"{self.me}: no model for {role} {party}"}
        self.know_partners(asked["model"], (role, party))
        self.keep(_LOADS, asked)
        log(f"{self.me}: loaded model {own['name']} as {role} {party}")
        return {"statusCode": OK, "message": ""}

    def bind(self, asked: dict[str, Any]) -> Answer:
        """Answers a service id with a model. asked: service_id, and the same as for load"""
        role, party = asked["local"]["role"], asked["local"]["party_id"]
        own = asked["model"][role][party]
        if self.models.get(key_of(own)) is None and self.model(key_of(own)) is None:
            return {"statusCode": NO_MODEL, "message": f"{self.me}: no model {own['name']}"}
        self.services[asked["service_id"]] = {**asked, "own": own}
        self.keep(_BINDS, asked)
        log(f"{self.me}: service {asked['service_id']} is model {own['name']}")
        return {"statusCode": OK, "message": ""}

    def model(self, key: Key) -> dict[str, float] | None:
        """A model from FATE Flow, or from this server's own files if FATE Flow has none."""
        return self.from_flow_or_file(
            key, self.conf["model.transfer.url"], f"{KEPT}/model_{key[0]}_{key[1]}_cache"
        )

    def keep(self, path: str, asked: dict[str, Any]) -> None:
        """Adds a request to those that are repeated at the next start. Like the real one, it takes
        requests that differ in the service's id only for the same, and keeps the last."""
        with self.lock:
            kept = {key: line for key, line in map(_split, _lines(path)) if key != _digest(asked)}
            kept[_digest(asked)] = f"{base64.b64encode(_publish_request(asked)).decode()}:1"
            write(path, "\n".join(["", *(f"{key}={line}" for key, line in kept.items()), ""]))

    def restore(self) -> None:
        try:
            os.makedirs(KEPT, exist_ok=True)
            write(f"{KEPT}/.writable", "")
            os.remove(f"{KEPT}/.writable")
        except OSError as error:
            raise ConfError(KEPT, "", f"cannot be written: {error.strerror}") from None
        for path, repeat in ((_LOADS, self.load), (_BINDS, self.bind)):
            for request in _requests(path):
                repeat(request)

    # as guest

    def inference(self, asked: dict[str, Any]) -> Answer:
        """asked: serviceId, featureData, sendToRemoteFeatureData"""
        try:
            return self.guest_part(asked)
        except HopError as error:  # Redis
            log(str(error))
            return _answer(SYSTEM_ERROR, str(error))

    def guest_part(self, asked: dict[str, Any]) -> Answer:
        self.redis.command("PING")  # where the real one looks for an answer to the same case id
        service = self.services.get(asked.get("serviceId") or "")
        if service is None:
            return _answer(_GUEST + NO_MODEL, f"no service {asked.get('serviceId')!r}")
        if self.is_cold():
            return {"lost": f"{self.me}: no answer in time: it has just been started"}
        if asked.get("featureData") is None:
            return _answer(_GUEST + EMPTY_DATA, "no featureData")
        ids = asked.get("sendToRemoteFeatureData") or {}
        try:
            total = published_model.score(
                self.models[key_of(service["own"])], {**asked["featureData"], **ids}
            )
        except (TypeError, ValueError) as error:
            return _answer(_GUEST + INVALID_FEATURE, str(error))
        host = self.ask_host(service, ids)
        if "lost" in host:
            return host
        code = host["retcode"]
        total += host["data"].get("score", 0.0)
        data = {"prob": published_model.probability(total), "retcode": code}
        if code == SYSTEM_ERROR:  # the host was not asked at all
            return _answer(_HOST, host["retmsg"], data)
        return _answer(code + _HOST if code else OK, host["retmsg"] or "success", data)

    def ask_host(self, service: Answer, ids: dict[str, Any]) -> Answer:
        """The host's answer, from Redis if it has answered the same question before."""
        model = service["own"]
        words = [model["namespace"], model["name"], *(f"{k}:{v}" for k, v in sorted(ids.items()))]
        question = "lab-serving:" + hashlib.sha256("\n".join(words).encode()).hexdigest()
        use_cache = self.conf.get("remoteModelInferenceResultCacheSwitch", "true") == "true"
        if use_cache and (text := self.redis.command("GET", question)):
            return dict(json.loads(text))
        host, _, port = self.conf["proxy"].rpartition(":")
        packet = {
            "from": service["local"]["party_id"],
            "to": service["role"]["host"][0],
            "hops": HOPS,
            "body": {"partner": model, "ids": ids},
        }
        try:
            answer = call(
                self.me, host, int(port), "serving-proxy-intra", ANY, "unary", packet,
                answer_within=RPC_TIMEOUT,
            )  # fmt: skip
        except HopError as error:
            log(str(error))
            return _answer(SYSTEM_ERROR, str(error))
        if use_cache and answer.get("retcode") == OK:
            seconds = self.conf.get("external.remoteModelInferenceResultCacheTTL", "86400")
            self.redis.command("SETEX", question, seconds, json.dumps(answer))
        return dict(answer)

    # as host

    def host_part(self, packet: dict[str, Any]) -> Answer:
        asked = packet["body"]
        own = self.partners.get(key_of(asked["partner"]))
        if own is None or own not in self.models:
            return _answer(NO_MODEL, f"{self.me} {packet['to']}: no model of this guest")
        if self.is_cold():
            return {"lost": f"{self.me}: no answer in time: it has just been started"}
        adapter = _ADAPTERS.get(self.conf["OnlineDataAccessAdapter"])
        if adapter is None:
            name = self.conf["OnlineDataAccessAdapter"]
            return _answer(NO_ADAPTER, f"{self.me} {packet['to']}: no adapter {name}")
        try:
            features = adapter(self, asked["ids"])
        except (OSError, ValueError, IndexError, LookupError) as error:
            log(f"{self.me}: {type(error).__name__}: {error}")
            return _answer(NO_FEATURES, f"{self.me} {packet['to']}: no features: {error}")
        score = published_model.score(self.models[own], features)
        return _answer(OK, "", {"score": score})

    def test_file_pick(self, ids: dict[str, Any]) -> dict[str, float]:
        return self.picked(ids.get("device_id"))


_ADAPTERS: dict[str, Callable[[ServingServer, dict[str, Any]], dict[str, float]]] = {
    "MockAdapter": ServingServer.mock_adapter,
    "TestFilePick": ServingServer.test_file_pick,
}


def _answer(code: int, text: str, data: dict[str, Any] | None = None) -> Answer:
    return {"retcode": code, "retmsg": text, "data": data or {}, "flag": 0}


def _lines(path: str) -> list[str]:
    if not os.path.isfile(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [line for line in file.read().splitlines() if "=" in line]


def _split(line: str) -> tuple[str, str]:
    key, _, kept = line.partition("=")
    return key, kept


def _requests(path: str) -> list[dict[str, Any]]:
    """The requests that a file keeps."""
    contents = (base64.b64decode(_split(line)[1].partition(":")[0]) for line in _lines(path))
    return [json.loads(content.rpartition(_JSON)[2]) for content in contents]


def _digest(asked: dict[str, Any]) -> str:
    words = {key: asked[key] for key in ("local", "role", "model")}
    return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()


_JSON = b"\0json\0"  # begins field 15, which the real message lacks: the request as it was sent


def _publish_request(asked: dict[str, Any]) -> bytes:
    """The request as FATE Serving's message of protobuf, and in one more field as JSON."""

    def field(number: int, value: str | bytes) -> bytes:
        data = value.encode() if isinstance(value, str) else value
        size, length = len(data), b""
        while size >= 0x80:
            length, size = length + bytes([size & 0x7F | 0x80]), size >> 7
        return bytes([number << 3 | 2]) + length + bytes([size]) + data

    local = field(1, asked["local"]["role"]) + field(2, asked["local"]["party_id"])
    models = b""
    for role, parties in asked["model"].items():
        of_role = b""
        for party, model in parties.items():
            info = field(1, model["name"]) + field(2, model["namespace"])
            of_role += field(1, field(1, party) + field(2, info))
        models += field(3, field(1, role) + field(2, of_role))
    text = json.dumps(asked).encode()
    service = field(4, asked["service_id"]) if "service_id" in asked else b""
    return field(1, local) + models + service + field(15, _JSON + text)
