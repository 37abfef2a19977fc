"""Stands in for FATE Flow 2 with Eggroll or standalone computing and OSX.

The only job is the toy job: each party adds up values that the parties have split among them.
Everything goes through the services that service_conf.yaml names.
"""

from __future__ import annotations

import json
import os
import random
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from .. import strictconf
from ..database import Database
from ..protocol import HopError, Listener, call, log
from ..strictconf import PROJECT, Check, ConfError
from . import eggroll, yaml_file

_CONF = f"{PROJECT}/fate_flow/conf/service_conf.yaml"
_LOGS = f"{PROJECT}/fate_flow/logs"
_VALUES = 200
_HOPS = 6


def conf() -> dict[str, Any]:
    """A checked service_conf.yaml."""
    found = yaml_file.read(_CONF)
    engines = found.get("default_engines") or {}
    in_eggroll = engines.get("computing") == "eggroll"
    _check(found, "party_id", strictconf.party_id)
    if not isinstance(found["party_id"], str):
        raise ConfError(_CONF, "party_id", "must be a text")
    _check(found, "use_registry", _is(False))
    own: dict[str, Check] = {"host": strictconf.ip_address, "http_port": strictconf.json_port}
    own |= {"grpc_port": strictconf.json_port, "proxy_name": strictconf.exactly("osx")}
    _check_all(found, "fateflow", own)
    _check(found.get("database") or {}, "engine", strictconf.exactly("mysql"), "database.")
    server: dict[str, Check] = {
        "name": strictconf.filled,
        "user": strictconf.filled,
        "passwd": strictconf.filled,
    }
    server |= {"host": strictconf.host, "port": strictconf.json_port}
    _check_all(found["database"], "mysql", server, "database.")
    _check(engines, "federation", strictconf.exactly("osx"), "default_engines.")
    _check(engines, "computing", strictconf.one_of("eggroll", "standalone"), "default_engines.")
    storage = "eggroll" if in_eggroll else "standalone"
    _check(engines, "storage", strictconf.exactly(storage), "default_engines.")
    osx: dict[str, Check] = {"host": strictconf.host, "port": strictconf.json_port}
    # Only Eggroll can stream.
    osx["mode"] = strictconf.exactly("stream" if in_eggroll else "queue")
    _check_all(found.get("federation") or {}, "osx", osx, "federation.")
    if in_eggroll:
        manager: dict[str, Check] = {"host": strictconf.host, "port": strictconf.json_port}
        manager |= {"cores": strictconf.json_port, "nodes": _is(1)}
        _check_all(found.get("computing") or {}, "eggroll", manager, "computing.")
        path = f"{os.environ.get('EGGROLL_HOME', '').rstrip('/')}/conf/eggroll.properties"
        theirs = eggroll.properties(path)
        at = found["computing"]["eggroll"]
        for key in ("host", "port"):
            name = f"eggroll.resourcemanager.clustermanager.{key}"
            if theirs[name] != str(at[key]):
                raise ConfError(path, name, "differs from service_conf.yaml")
    return found


def _is(wanted: object) -> Check:
    return lambda value: None if value is wanted else f"must be {wanted}"


def _check(found: Mapping[str, Any], key: str, check: Check, where: str = "") -> None:
    if key not in found:
        raise ConfError(_CONF, f"{where}{key}", "is missing")
    if wrong := check(found[key]):
        raise ConfError(_CONF, f"{where}{key}", wrong)


def _check_all(
    found: Mapping[str, Any], key: str, checks: Mapping[str, Check], where: str = ""
) -> None:
    inside = found.get(key)
    if not isinstance(inside, dict):
        raise ConfError(_CONF, f"{where}{key}", "is missing")
    for name, check in checks.items():
        _check(inside, name, check, f"{where}{key}.")


def main() -> None:
    try:
        flow = FateFlow(conf())
        flow.database.run(("SELECT 1", ()))
    except (ConfError, HopError) as error:
        print(f"fate-lab: {error}", file=sys.stderr, flush=True)
        sys.exit(2)
    at = flow.conf["fateflow"]
    rest = Listener("fateflow-http", flow.party, {}, flow.page)
    rest.queries = True
    rest.serve_in_background(at["host"], at["http_port"])
    Listener("fateflow-grpc", flow.party, {"unary": flow.unary}).serve(at["host"], at["grpc_port"])


class FateFlow:
    def __init__(self, conf: dict[str, Any]) -> None:
        self.conf, self.party = conf, conf["party_id"]
        self.me = f"fateflow {self.party}"
        server = conf["database"]["mysql"]
        place = server["host"], server["port"], server["name"], server["user"], server["passwd"]
        self.database = Database(self.me, *place)
        self.jobs: dict[tuple[str, str], str] = {}  # (job, role) -> status

    def page(self, method: str, path: str, body: bytes) -> tuple[int, str, bytes]:
        answer = self.unary({"method": method, "path": path, "body": json.loads(body or b"{}")})
        return 200, "application/json", json.dumps(answer).encode()

    def unary(self, asked: dict[str, Any]) -> dict[str, Any]:
        """A request of FATE Flow's REST API, of its own party or another."""
        path, _, query = asked["path"].partition("?")
        given = {key: values[0] for key, values in parse_qs(query).items()} | asked["body"]
        try:
            match path:
                case "/v2/server/fateflow":
                    return {"code": 0, "data": {}}
                case "/v2/site/info/query":
                    return {"code": 0, "data": {"party_id": self.party}}
                case "/v2/job/submit":
                    return {"code": 0, "job_id": self._submit(given["dag_schema"]["dag"])}
                case "/v2/job/query":
                    found = self.jobs.get((given["job_id"], given["role"]))
                    return {"code": 0, "data": [{"status": found}] if found else []}
                case "/v2/partner/job/create":
                    self._start(given)
                    return {"code": 0}
        except HopError as error:
            return {"code": 1002, "message": str(error)}
        return {"code": 404, "message": f"no such page: {path}"}

    def _osx(self, op: str, body: dict[str, Any]) -> Any:
        at = self.conf["federation"]["osx"]
        return call(self.me, at["host"], at["port"], "osx", self.party, op, body)

    def _forward(self, party: str, op: str, body: dict[str, Any]) -> Any:
        return self._osx("forward", {"to": party, "op": op, "body": body, "hops": _HOPS})

    def _submit(self, dag: dict[str, Any]) -> str:
        job = time.strftime("%Y%m%d%H%M%S") + f"{random.randrange(10**7):07}"
        parties = {one["role"]: one["party_id"][0] for one in dag["parties"]}
        for role, party in parties.items():
            given = {"job": job, "role": role, "parties": parties}
            asked = {"method": "POST", "path": "/v2/partner/job/create", "body": given}
            answer = self._forward(party, "unary", asked)
            if answer["code"]:
                raise HopError(answer["message"])
        return job

    def _start(self, given: dict[str, Any]) -> None:
        self.jobs[given["job"], given["role"]] = "running"
        threading.Thread(target=self._run, args=(given,), daemon=True).start()

    def _run(self, given: dict[str, Any]) -> None:
        job, role = given["job"], given["role"]
        ended, said = "success", "the sum is right"
        try:
            Task(self, job, role, given["parties"]).run()
        except HopError as error:
            ended, said = "failed", str(error)
        os.makedirs(f"{_LOGS}/{job}", exist_ok=True)
        name = "lab_ERROR.log" if ended == "failed" else "lab.log"
        with open(f"{_LOGS}/{job}/{name}", "a", encoding="utf-8") as file:
            file.write(f"{role}: {said}\n")
        log(f"job {job} as {role}: {ended}: {said}")
        self.jobs[job, role] = ended


class Task:
    """The toy job at one party: it computes with its own engine, and sends through OSX."""

    def __init__(self, flow: FateFlow, job: str, role: str, parties: dict[str, str]) -> None:
        self.flow, self.job, self.role = flow, job, role
        self.other = "host" if role == "guest" else "guest"
        self.peer = parties[self.other]
        self.mode = flow.conf["federation"]["osx"]["mode"]

    def run(self) -> None:
        given = [random.randrange(10**6) for _ in range(_VALUES)]
        kept = [1 - value for value in given]
        self._send("share", sum(given))
        own = sum(self._compute(kept)) + self._get("share")
        if self.role == "host":
            self._send("sum", own)
        elif (total := own + self._get("sum")) != 2 * _VALUES:
            raise HopError(f"the sum is {total}, not {2 * _VALUES}: values were lost")

    def _compute(self, values: list[int]) -> list[int]:
        if self.mode == "queue":
            return values
        asked = {"session": f"{self.job}-{self.role}", "values": values, "processors": 1}
        return list(self._manager("session", asked))

    def _manager(self, op: str, body: dict[str, Any]) -> Any:
        at, flow = self.flow.conf["computing"]["eggroll"], self.flow
        return call(flow.me, at["host"], at["port"], "clustermanager", flow.party, op, body)

    def _send(self, name: str, value: int) -> None:
        tag = f"{self.job}/{self.other}/{name}"
        self.flow._forward(self.peer, "push", {"tag": tag, "value": value, "mode": self.mode})

    def _get(self, name: str) -> int:
        asked = {"tag": f"{self.job}/{self.role}/{name}"}
        found = (
            self._manager("get", asked) if self.mode == "stream" else self.flow._osx("pop", asked)
        )
        return int(found)
