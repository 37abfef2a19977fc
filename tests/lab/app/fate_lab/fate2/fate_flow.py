"""Stands in for FATE Flow 2 with Eggroll, standalone or Spark's computing, and OSX or Pulsar.

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
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs

from .. import strictconf, yaml_file
from ..database import Database
from ..protocol import HopError, Listener, call, log
from ..strictconf import PROJECT, Check, ConfError
from . import eggroll, gateways

_CONF = f"{PROJECT}/fate_flow/conf/service_conf.yaml"
_LOGS = f"{PROJECT}/fate_flow/logs"
_TASK, _VALUES, _CORES = "toy_example_0", 200, 4
# How a component's process logs what ended it.
_ERROR = """[ERROR][{now}][1][execute_cli.execute_component_from_config][line:143]: {error}
Traceback (most recent call last):
  File "{root}/fate/python/fate/components/entrypoint/cli/component/execute_cli.py", line 124, in \
execute_component_from_config
    component.execute(ctx, role, **execution_io.get_kwargs())
  File "{root}/fate/python/fate/components/components/toy_example.py", line 60, in run
    ctx.hosts.get("share")
HopError: {error}
"""
_INFO = "[INFO][{now}][1][toy_example.run][line:60]: the sum is right\n"
_STORAGE = {"eggroll": "eggroll", "standalone": "standalone", "spark": "file"}


def conf() -> dict[str, Any]:
    """A checked service_conf.yaml."""
    found = yaml_file.read(_CONF)
    engines, at = found.get("default_engines") or {}, "default_engines."
    in_eggroll = engines.get("computing") == "eggroll"
    _check(found, "party_id", strictconf.party_id)
    if not isinstance(found["party_id"], str):
        raise ConfError(_CONF, "party_id", "must be a text")
    _check(found, "use_registry", _is(False))
    _check(engines, "federation", strictconf.one_of("osx", "pulsar"), "default_engines.")
    in_pulsar = engines["federation"] == "pulsar"
    proxy = "nginx" if in_pulsar else "osx"
    own: dict[str, Check] = {"host": strictconf.ip_address, "http_port": strictconf.json_port}
    own |= {"grpc_port": strictconf.json_port, "proxy_name": strictconf.exactly(proxy)}
    _check_all(found, "fateflow", own)
    _check(found.get("database") or {}, "engine", strictconf.exactly("mysql"), "database.")
    server: dict[str, Check] = {
        "name": strictconf.filled,
        "user": strictconf.filled,
        "passwd": strictconf.filled,
    }
    server |= {"host": strictconf.host, "port": strictconf.json_port}
    _check_all(found["database"], "mysql", server, "database.")
    # KubeFATE has Pulsar only with Spark.
    _check(engines, "computing", strictconf.one_of(*(("spark",) if in_pulsar else _STORAGE)), at)
    _check(engines, "storage", strictconf.exactly(_STORAGE[engines["computing"]]), at)
    if engines["computing"] == "spark" and not os.environ.get("SPARK_HOME"):
        raise ConfError(_CONF, f"{at}computing", "is spark, but this image has no Spark")
    for name, checks in _federation(in_pulsar, in_eggroll).items():
        _check_all(found.get("federation") or {}, name, checks, "federation.")
    if in_eggroll:
        manager: dict[str, Check] = {"host": strictconf.host, "port": strictconf.json_port}
        manager |= {"cores": strictconf.json_port, "nodes": _is(1)}
        _check_all(found.get("computing") or {}, "eggroll", manager, "computing.")
        path = f"{os.environ.get('EGGROLL_HOME', '').rstrip('/')}/conf/eggroll.properties"
        theirs, ours = eggroll.properties(path), found["computing"]["eggroll"]
        for key in ("host", "port"):
            name = f"eggroll.resourcemanager.clustermanager.{key}"
            if theirs[name] != str(ours[key]):
                raise ConfError(path, name, "differs from service_conf.yaml")
    return found


def _federation(in_pulsar: bool, in_eggroll: bool) -> dict[str, dict[str, Check]]:
    """What FATE Flow and its jobs need to call other parties."""
    osx: dict[str, Check] = {"host": strictconf.host, "port": strictconf.json_port}
    if not in_pulsar:
        # Only Eggroll can stream.
        return {"osx": osx | {"mode": strictconf.exactly("stream" if in_eggroll else "queue")}}
    nginx: dict[str, Check] = {"host": strictconf.host, "http_port": strictconf.json_port}
    nginx |= {"grpc_port": strictconf.json_port, "protocol": strictconf.exactly("http")}
    pulsar = osx | {"mng_port": strictconf.json_port, "cluster": strictconf.filled}
    pulsar |= {"tenant": strictconf.filled, "mode": strictconf.exactly("replication")}
    pulsar |= {"topic_ttl": strictconf.filled, "max_message_size": strictconf.filled}
    return {"nginx": nginx, "pulsar": pulsar}


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
        self.jobs: dict[tuple[str, str], dict[str, Any]] = {}  # (job, role) -> row
        self.gateway = gateways.of(self.me, self.party, conf)

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
                    return _found(self.jobs.values(), given)
                case "/v2/job/task/query":
                    rows = [row | {"task_name": _TASK} for row in self.jobs.values()]
                    return _found(rows, given)
                case "/v2/partner/job/create":
                    self._start(given)
                    return {"code": 0}
        except HopError as error:
            return {"code": 1002, "message": str(error)}
        return {"code": 404, "message": f"no such page: {path}"}

    def _submit(self, dag: dict[str, Any]) -> str:
        job = time.strftime("%Y%m%d%H%M%S") + f"{random.randrange(10**7):07}"
        parties = {one["role"]: one["party_id"][0] for one in dag["parties"]}
        for role, party in parties.items():
            given = {"job": job, "role": role, "parties": parties}
            asked = {"method": "POST", "path": "/v2/partner/job/create", "body": given}
            answer = self.gateway.call(party, asked)
            if answer["code"]:
                raise HopError(answer["message"])
        return job

    def _start(self, given: dict[str, Any]) -> None:
        parties, now = given["parties"], round(time.time() * 1000)
        self.jobs[given["job"], given["role"]] = {
            "job_id": given["job"],
            "role": given["role"],
            "party_id": self.party,
            "parties": [{"role": role, "party_id": [id]} for role, id in parties.items()],
            "scheduler_party_id": parties["guest"],
            "status": "running",
            "cores": _CORES,
            "resource_in_use": True,
            "create_time": now,
            "start_time": now,
            "elapsed": None,
        }
        threading.Thread(target=self._run, args=(given,), daemon=True).start()

    def _run(self, given: dict[str, Any]) -> None:
        job, role = given["job"], given["role"]
        ended, name, said = "success", "INFO", _INFO
        try:
            Task(self, job, role, given["parties"]).run()
        except HopError as error:
            ended, name, said = "failed", "ERROR", _ERROR.replace("{error}", str(error))
        folder = f"{_LOGS}/{job}/{role}/{self.party}/{_TASK}/root"
        os.makedirs(folder, exist_ok=True)
        now = time.strftime("%Y-%m-%d %H:%M:%S,000")
        text = said.replace("{now}", now).replace("{root}", PROJECT)
        with open(f"{folder}/{name}", "a", encoding="utf-8") as file:
            file.write(text)
        log(f"job {job} as {role}: {ended}: {text}")
        row = self.jobs[job, role]
        elapsed = round(time.time() * 1000) - row["start_time"]
        row |= {"status": ended, "resource_in_use": False, "elapsed": elapsed}


def _found(rows: Iterable[dict[str, Any]], filters: Mapping[str, Any]) -> dict[str, Any]:
    """The rows that a query finds; like FATE Flow, it has a code of its own for none."""
    found = [row for row in rows if all(row.get(key) == is_ for key, is_ in filters.items())]
    return {"code": 0, "data": found} if found else {"code": 1004, "message": "not found"}


class Task:
    """The toy job at one party: it computes with its own engine, and sends through its gateway."""

    def __init__(self, flow: FateFlow, job: str, role: str, parties: dict[str, str]) -> None:
        self.flow, self.job, self.role = flow, job, role
        self.values = flow.gateway.values(job, role, parties)

    def run(self) -> None:
        given = [random.randrange(10**6) for _ in range(_VALUES)]
        kept = [1 - value for value in given]
        self.values.send("share", sum(given))
        own = sum(self._compute(kept)) + self.values.get("share")
        if self.role == "host":
            self.values.send("sum", own)
        elif (total := own + self.values.get("sum")) != 2 * _VALUES:
            raise HopError(f"the sum is {total}, not {2 * _VALUES}: values were lost")

    def _compute(self, values: list[int]) -> list[int]:
        if "eggroll" not in self.flow.conf.get("computing", {}):
            return values
        asked = {"session": f"{self.job}-{self.role}", "values": values, "processors": 1}
        at, flow = self.flow.conf["computing"]["eggroll"], self.flow
        to = at["host"], at["port"], "clustermanager", flow.party
        return list(call(flow.me, *to, "session", asked))
