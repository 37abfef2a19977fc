"""Stands in for FATE Flow: accepts jobs over HTTP, queues them in Redis, stores them in MySQL, and
runs them with the other parties' FATE Flows, over its gRPC port and always through the proxies."""

from __future__ import annotations

import datetime
import io
import itertools
import json
import os
import sys
import tarfile
import threading
import time
import traceback
from collections.abc import Callable
from types import ModuleType
from typing import Any

from . import published_model, strictconf, toy_job
from .database import Database
from .federation import HOPS
from .neighbours import greet_all
from .protocol import ANY, HopError, Listener, call, log
from .publishing import Publisher
from .redis_client import Redis
from .strictconf import PROJECT, ConfError

HOME = f"{PROJECT}/python"
ARCH_CONF = f"{HOME}/arch/conf/server_conf.json"
EGGROLL_CONF = f"{HOME}/eggroll/conf/server_conf.json"
SETTINGS = f"{HOME}/fate_flow/settings.py"

JOB_TIMEOUT = 150.0
QUEUE = "fate_flow_job_queue"

# columns of FATE Flow's job table: name -> type
_COLUMNS = {
    "f_job_id": "VARCHAR(100)",
    "f_name": "VARCHAR(500) DEFAULT ''",
    "f_description": "TEXT",
    "f_tag": "VARCHAR(50) DEFAULT ''",
    "f_role": "VARCHAR(50)",
    "f_party_id": "VARCHAR(50)",
    "f_roles": "TEXT",
    "f_work_mode": "INTEGER",
    "f_initiator_party_id": "VARCHAR(50)",
    "f_is_initiator": "INTEGER",
    "f_dsl": "TEXT",
    "f_runtime_conf": "TEXT",
    "f_train_runtime_conf": "TEXT",
    "f_run_ip": "VARCHAR(100)",
    "f_status": "VARCHAR(50)",
    "f_current_steps": "VARCHAR(500)",
    "f_current_tasks": "VARCHAR(500)",
    "f_progress": "INTEGER DEFAULT 0",
    "f_create_time": "BIGINT",
    "f_update_time": "BIGINT",
    "f_start_time": "BIGINT",
    "f_end_time": "BIGINT",
    "f_elapsed": "BIGINT",
}
_CREATE = (
    "CREATE TABLE IF NOT EXISTS t_job ("
    + "".join(f"{name} {kind}, " for name, kind in _COLUMNS.items())
    + "PRIMARY KEY (f_job_id, f_role, f_party_id))"
)
# columns of FATE Flow's task table
_TASK_COLUMNS = {
    "f_job_id": "VARCHAR(100)",
    "f_component_name": "TEXT",
    "f_task_id": "VARCHAR(100)",
    "f_role": "VARCHAR(50)",
    "f_party_id": "VARCHAR(50)",
    "f_operator": "VARCHAR(100) DEFAULT ''",
    "f_run_ip": "VARCHAR(100) DEFAULT ''",
    "f_run_pid": "INTEGER",
    "f_status": "VARCHAR(50)",
    "f_create_time": "BIGINT",
    "f_update_time": "BIGINT",
    "f_start_time": "BIGINT",
    "f_end_time": "BIGINT",
    "f_elapsed": "BIGINT",
}
_CREATE_TASKS = (
    "CREATE TABLE IF NOT EXISTS t_task ("
    + "".join(f"{name} {kind}, " for name, kind in _TASK_COLUMNS.items())
    + "PRIMARY KEY (f_job_id, f_task_id, f_role, f_party_id))"
)
_SCHEDULE_LOG, _SCHEDULE_ERRORS = "fate_flow_schedule.log", "error.log"
# What a failed task logs, as FATE's executor does it: its own frame, and the component's.
_TRACEBACK = """Traceback (most recent call last):
  File "{home}/fate_flow/driver/task_executor.py", line 110, in run_task
    run_object.run(parameters, task_run_args)
  File "{home}/federatedml/toy_example/secure_add_{role}.py", line 100, in run
    {role}_sum = self.add()
{error}
"""


def main(settings: ModuleType, runtime_config: type) -> None:
    """Called by fate_flow_server.py with the modules that the deployer's settings.py configured."""
    try:
        _check_settings(settings, runtime_config)
        flow = FateFlow(settings)
        flow.start()
    except (ConfError, HopError) as error:
        sys.exit(f"fate-lab: {error}")
    flow.serve(runtime_config.HTTP_PORT)  # type: ignore[attr-defined]


def _check_settings(settings: ModuleType, runtime_config: Any) -> None:
    def wrong(key: str, text: str) -> None:
        raise ConfError(SETTINGS, key, text)

    if settings.WORK_MODE != 1:
        wrong("WORK_MODE", f"must be 1 (cluster), is {settings.WORK_MODE!r}")
    if runtime_config.WORK_MODE != 1:
        wrong("RuntimeConfig.WORK_MODE", "must be 1: call RuntimeConfig.init_config() again")
    checks: dict[str, dict[str, Callable[[Any], str | None]]] = {
        "DATABASE": {
            "name": strictconf.filled,
            "user": strictconf.filled,
            "passwd": strictconf.filled,
            "host": strictconf.host,
            "port": strictconf.json_port,
            "max_connections": strictconf.filled,
            "stale_timeout": strictconf.filled,
        },
        "REDIS": {
            "host": strictconf.host,
            "port": strictconf.json_port,
            "password": strictconf.filled,
            "max_connections": strictconf.filled,
        },
    }
    for name, keys in checks.items():
        values = getattr(settings, name)
        if set(values) != set(keys):
            wrong(name, f"has keys {sorted(values)}, needs {sorted(keys)}")
        for key, check in keys.items():
            if text := check(values[key]):
                wrong(f"{name}[{key!r}]", text)
    for key in ("GRPC_PORT", "HTTP_PORT"):
        if text := strictconf.json_port(getattr(settings, key)):
            wrong(key, text)
    if settings.IP != "0.0.0.0":
        wrong("IP", f"must be '0.0.0.0' in a container, is {settings.IP!r}")
    timeout = settings.DEFAULT_GRPC_OVERALL_TIMEOUT
    if type(timeout) is not int or timeout < 1000:
        wrong("DEFAULT_GRPC_OVERALL_TIMEOUT", f"must be whole milliseconds, is {timeout!r}")


class FateFlow:
    def __init__(self, settings: ModuleType) -> None:
        needs = ("proxy", "fateboard", "federation", "fateflow")
        self.servers = strictconf.server_conf(ARCH_CONF, needs)
        self.eggroll_servers = strictconf.server_conf(EGGROLL_CONF, ("roll",))
        self.settings = settings
        self.party, self.me = ANY, "python"
        self.reports: dict[tuple[str, str, str], str] = {}
        self.killed: set[tuple[str, str, str]] = set()  # tasks that log nothing any more
        # The real scheduler takes a job from the queue only when it can run it.
        self.turns = threading.Semaphore(settings.MAX_CONCURRENT_JOB_RUN)
        self.counter = itertools.count(1)
        self.publisher: Publisher  # from start() on

    @property
    def database(self) -> Database:
        conf = self.settings.DATABASE
        return Database(
            self.me, conf["host"], conf["port"], conf["name"], conf["user"], conf["passwd"]
        )

    @property
    def queue(self) -> Redis:
        conf = self.settings.REDIS
        return Redis(self.me, conf["host"], conf["port"], conf["password"])

    # start

    def start(self) -> None:
        """Starts the service. Fails without MySQL and roll; checks the queue only once."""
        self.database.run((_CREATE, ()), (_CREATE_TASKS, ()))
        self.party = str(self.roll("session", {}))
        self.me = f"python {self.party}"
        self.publisher = Publisher(
            self.me, self.party, self.settings.SERVINGS, self.roll, self.remote
        )
        try:
            self.queue.command("PING")
        except HopError as error:
            # like the real scheduler: it exits, while the other parts start and answer
            log(f"{self.me}: queue is not ready, no jobs will be scheduled: {error}")
        else:
            threading.Thread(target=self.schedule, daemon=True).start()

    def serve(self, http_port: int) -> None:
        ops = {
            "create": self.create,
            "run": self.run,
            "report": self.report,
            "status": self.status,
            "finish": self.finish,
            "load": self.publisher.load_here,
        }
        grpc = Listener("fateflow-grpc", self.party, ops)
        grpc.serve_in_background(self.settings.IP, self.settings.GRPC_PORT)
        http = Listener("fateflow-http", self.party, {}, self.page)
        http.serve(self.settings.IP, http_port)

    # neighbours

    def roll(self, op: str, body: dict[str, Any]) -> Any:
        server = self.eggroll_servers["roll"]
        return call(self.me, server["host"], server["port"], "roll", self.party, op, body)

    def federation(self, op: str, body: dict[str, Any]) -> Any:
        server = self.servers["federation"]
        return call(self.me, server["host"], server["port"], "federation", self.party, op, body)

    def remote(self, party: str, op: str, body: dict[str, Any]) -> Any:
        """Calls a party's FATE Flow, including our own, through our own proxy."""
        server = self.servers["proxy"]
        packet = {
            "from": {"party": self.party, "role": "fateflow"},
            "to": {"party": party, "role": "fateflow"},
            "hops": HOPS,
            "op": op,
            "body": body,
        }
        return call(self.me, server["host"], server["port"], "proxy", self.party, "forward", packet)

    # HTTP

    def page(self, method: str, path: str, body: bytes) -> tuple[int, str, bytes] | None:
        if path == "/v1/job/log":
            return 200, "application/gzip", self.job_log(json.loads(body)["job_id"])
        pages = {
            "/v1/job/submit": self.submit,
            "/v1/job/query": self.query,
            "/v1/job/config": self.config,
            "/v1/job/task/query": self.query_tasks,
            "/v1/model/load": self.publisher.load,
            "/v1/model/bind": self.publisher.bind,
            "/v1/model/transfer": self.publisher.transfer,
            "/v1/table/table_info": self.table_info,
        }
        if method != "POST" or path not in pages:
            return None
        try:
            answer = pages[path](json.loads(body))
        except Exception as error:
            if not isinstance(error, HopError):
                traceback.print_exc()
            log(f"{path}: {error}")
            answer = {"retcode": 100, "retmsg": str(error)}
        return 200, "application/json", json.dumps(answer).encode()

    def query(self, filters: dict[str, Any]) -> dict[str, Any]:
        """Jobs filtered by columns; ignores unknown filters, finds no job without a filter."""
        rows = self.rows("t_job", _COLUMNS, filters)
        if not rows:
            return {"retcode": 101, "retmsg": "find job failed"}
        return {"retcode": 0, "retmsg": "success", "data": rows}

    def query_tasks(self, filters: dict[str, Any]) -> dict[str, Any]:
        """Tasks filtered by columns, like jobs."""
        rows = self.rows("t_task", _TASK_COLUMNS, filters)
        if not rows:
            return {"retcode": 101, "retmsg": "find task failed"}
        return {"retcode": 0, "retmsg": "success", "data": rows}

    def rows(self, table: str, columns: dict[str, str], filters: dict[str, Any]) -> Any:
        known = {f"f_{key}": value for key, value in filters.items() if f"f_{key}" in columns}
        where = " AND ".join(f"{column} = %s" for column in known) or "FALSE"
        return self.database.run((f"SELECT * FROM {table} WHERE {where}", list(known.values())))

    def config(self, filters: dict[str, Any]) -> dict[str, Any]:
        """What a job was started with, and the model that it leaves."""
        found = self.query(filters)
        if found["retcode"]:
            return found
        job = found["data"][0]
        conf = json.loads(job["f_runtime_conf"])
        names = ("model_id", "model_version")
        data = {
            "job_id": job["f_job_id"],
            "dsl": json.loads(job["f_dsl"]),
            "runtime_conf": conf,
            "train_runtime_conf": json.loads(job["f_train_runtime_conf"]),
            "model_info": {name: conf["job_parameters"][name] for name in names},
        }
        return {**found, "data": data}

    def table_info(self, asked: dict[str, Any]) -> dict[str, Any]:
        if set(asked) - {"create"} != {"namespace", "table_name"}:
            raise HopError(f"{self.me}: table_info needs namespace and table_name")
        name = {"namespace": asked["namespace"], "name": asked["table_name"]}
        found = self.roll("count", {**name, "partitions": 1})
        data = {**asked, "count": found["count"], "partition": found["partitions"]}
        return {"retcode": 0, "retmsg": "success", "data": data}

    def job_log(self, job_id: str) -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            tar.add(f"{HOME}/logs/{os.path.basename(job_id)}", arcname=".")
        return buffer.getvalue()

    def submit(self, asked: dict[str, Any]) -> dict[str, Any]:
        dsl, conf = asked["job_dsl"], asked["job_runtime_conf"]
        if conf["job_parameters"]["work_mode"] != 1:
            raise HopError(f"{self.me}: work_mode must be 1 (cluster)")
        initiator = conf["initiator"]
        if str(initiator["party_id"]) != self.party:
            raise HopError(f"{self.me}: cannot start a job of party {initiator['party_id']}")
        for servers in (self.servers, self.eggroll_servers):
            greet_all(self.me, servers, self.party)
        now = datetime.datetime.now().strftime("%Y%m%d%H%M%S%f")
        job_id = f"{now}{next(self.counter)}"
        model = {"model_id": published_model.model_id(conf["role"]), "model_version": job_id}
        conf["job_parameters"].update(model)
        job = {"job_id": job_id, "dsl": dsl, "conf": conf}
        for role, party in _parties(conf):
            self.remote(party, "create", {**job, "role": role, "party": party})
        event = {
            "job_id": job_id,
            "initiator_role": initiator["role"],
            "initiator_party_id": initiator["party_id"],
        }
        self.queue.command("LPUSH", QUEUE, json.dumps(event))
        board = self.servers["fateboard"]
        folder = f"{HOME}/jobs/{job_id}"
        data = {
            "job_dsl_path": f"{folder}/job_dsl.json",
            "job_runtime_conf_path": f"{folder}/job_runtime_conf.json",
            "logs_directory": f"{HOME}/logs/{job_id}",
            "model_info": model,
            "board_url": f"http://{board['host']}:{board['port']}/index.html#/dashboard"
            f"?job_id={job_id}&role={initiator['role']}&party_id={initiator['party_id']}",
        }
        return {"retcode": 0, "retmsg": "success", "jobId": job_id, "data": data}

    # the initiator's part

    def schedule(self) -> None:
        log(f"{self.me}: scheduler is waiting for jobs")
        while True:
            self.turns.acquire()
            event = self.next_event()
            threading.Thread(target=self.take_turn, args=(event,), daemon=True).start()

    def next_event(self) -> dict[str, Any]:
        while True:
            try:
                if text := self.queue.command("BRPOP", QUEUE, "2"):
                    return dict(json.loads(text))
            except HopError as error:  # wait for a restarting Redis
                log(f"{self.me}: get event from redis queue failed: {error}")
                time.sleep(1)

    def take_turn(self, event: dict[str, Any]) -> None:
        try:
            self.run_job(event)
        finally:
            self.turns.release()

    def run_job(self, event: dict[str, Any]) -> None:
        job_id = event["job_id"]
        parties: list[tuple[str, str]] = []
        try:
            row = self.job(job_id, event["initiator_role"], str(event["initiator_party_id"]))
            parties = _parties(json.loads(row["f_runtime_conf"]))
            for role, party in parties:
                self.remote(party, "run", {"job_id": job_id, "role": role, "party": party})
            error = self.wait_for(job_id, parties)
        except Exception as exception:
            error = str(exception)
            self.job_log_line(job_id, _SCHEDULE_ERRORS, error, "job_controller.py", "ERROR")
        status = "failed" if error else "success"
        self.job_log_line(job_id, _SCHEDULE_LOG, f"job {job_id} finished, status is {status}")
        for role, party in parties:
            body = {"job_id": job_id, "role": role, "party": party, "error": error}
            try:
                self.remote(party, "finish", body)
            except HopError as exception:
                log(f"{self.me}: {exception}")
                if party == self.party:
                    self.finish(body)

    def wait_for(self, job_id: str, parties: list[tuple[str, str]]) -> str:
        """The job's error; empty once every party has reported success itself."""
        deadline = time.monotonic() + JOB_TIMEOUT
        while time.monotonic() < deadline:
            time.sleep(0.3)
            waiting = 0
            for role, party in parties:
                asked = {"job_id": job_id, "role": role, "party": party}
                found = self.remote(party, "status", asked)
                if found["status"] == "failed":
                    return str(found["error"]) or f"{role} {party} failed"
                if self.reports.get((job_id, role, party)) != "success":
                    waiting += 1
            if not waiting:
                return ""
        return f"{self.me}: job {job_id} did not finish within {JOB_TIMEOUT:.0f} s"

    def report(self, asked: dict[str, Any]) -> None:
        self.reports[asked["job_id"], asked["role"], asked["party"]] = asked["status"]

    # each party's part

    def job(self, job_id: str, role: str, party: str) -> dict[str, Any]:
        query = "SELECT * FROM t_job WHERE f_job_id = %s AND f_role = %s AND f_party_id = %s"
        rows = self.database.run((query, (job_id, role, party)))
        if not rows:
            raise HopError(f"{self.me}: no job {job_id} of {role} {party} in table t_job")
        return rows[0]

    def update(self, job_id: str, role: str, party: str, **values: Any) -> None:
        values["f_update_time"] = _now()
        change = ", ".join(f"{name} = %s" for name in values)
        query = f"UPDATE t_job SET {change} WHERE f_job_id = %s AND f_role = %s AND f_party_id = %s"
        self.database.run((query, (*values.values(), job_id, role, party)))

    def create(self, asked: dict[str, Any]) -> None:
        role, party, conf = asked["role"], asked["party"], asked["conf"]
        if party != self.party:
            raise HopError(f"{self.me}: got a job for party {party}")
        initiator = conf["initiator"]
        is_initiator = initiator["role"] == role and str(initiator["party_id"]) == party
        row = {
            "f_job_id": asked["job_id"],
            "f_role": role,
            "f_party_id": party,
            "f_roles": json.dumps(conf["role"]),
            "f_work_mode": conf["job_parameters"]["work_mode"],
            "f_initiator_party_id": str(initiator["party_id"]),
            "f_is_initiator": int(is_initiator),
            "f_dsl": json.dumps(asked["dsl"]),
            "f_runtime_conf": json.dumps(conf),
            "f_train_runtime_conf": "{}",
            "f_run_ip": "",
            "f_status": "waiting",
            "f_create_time": _now(),
        }
        marks = ", ".join(["%s"] * len(row))
        insert = f"INSERT INTO t_job ({', '.join(row)}) VALUES ({marks})"
        self.database.run((insert, list(row.values())))
        folder = f"{HOME}/jobs/{asked['job_id']}"
        os.makedirs(folder, exist_ok=True)
        for name, value in (("job_dsl", asked["dsl"]), ("job_runtime_conf", conf)):
            with open(f"{folder}/{name}.json", "w", encoding="utf-8") as file:
                json.dump(value, file, indent=4)
        self.job_log_line(asked["job_id"], _SCHEDULE_LOG, f"created for {role} {party}")

    def run(self, asked: dict[str, Any]) -> None:
        arguments = (asked["job_id"], asked["role"], asked["party"])
        threading.Thread(target=self.task, args=arguments, daemon=True).start()

    def task(self, job_id: str, role: str, party: str) -> None:
        folder = f"{role}/{party}/{toy_job.COMPONENT}"
        status, error = "success", ""
        started = _now()
        task = f"{job_id}_{toy_job.COMPONENT}"
        self.write_log(job_id, f"{folder}/std.log", "")
        try:
            row = self.job(job_id, role, party)
            self.update(job_id, role, party, f_status="running", f_start_time=started)
            new = (job_id, toy_job.COMPONENT, task, role, party, "running", started, started)
            self.database.run(
                (
                    "INSERT INTO t_task (f_job_id, f_component_name, f_task_id, f_role, f_party_id,"
                    " f_status, f_create_time, f_start_time)"
                    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                    new,
                )
            )
            conf = json.loads(row["f_runtime_conf"])
            side = self.side(job_id, role, conf)
            try:
                side.guest() if role == "guest" else side.host()
            finally:
                _try(side.clean_up)
            model = conf["job_parameters"]["model_id"]
            self.publisher.keep(model, job_id, role)
            body = {"job_id": job_id, "role": role, "party": party, "status": status}
            self.remote(row["f_initiator_party_id"], "report", body)
        except Exception as exception:
            if not isinstance(exception, HopError):
                traceback.print_exc()
            status, error = "failed", str(exception)
            if (job_id, role, party) not in self.killed:
                self.log_failure(job_id, role, party, exception)
            log(f"{self.me}: job {job_id} as {role} failed: {error}")
        ended = _now()
        end = (
            "UPDATE t_task SET f_status = %s, f_end_time = %s, f_elapsed = %s WHERE f_task_id = %s"
            " AND f_role = %s AND f_party_id = %s",
            (status, ended, ended - started, task, role, party),
        )
        _try(lambda: self.database.run(end))
        _try(
            lambda: self.update(
                job_id, role, party, f_status=status, f_description=error,
                f_end_time=ended, f_elapsed=ended - started,
            )
        )  # fmt: skip

    def side(self, job_id: str, role: str, conf: dict[str, Any]) -> toy_job.Side:
        peer_role = "host" if role == "guest" else "guest"
        peer = str(conf["role"][peer_role][0])
        parameters = conf["algorithm_parameters"][toy_job.COMPONENT]
        folder = f"{role}/{self.party}/{toy_job.COMPONENT}"
        return toy_job.Side(
            namespace=f"{job_id}_{role}_{self.party}",
            peer_namespace=f"{job_id}_{peer_role}_{peer}",
            peer_party=peer,
            values=parameters["data_num"],
            partitions=parameters["partition"],
            roll=self.roll,
            federation=self.federation,
            info=lambda text: self.job_log_line(
                job_id, f"{folder}/INFO.log", text, f"secure_add_{role}.py"
            ),
        )

    def status(self, asked: dict[str, Any]) -> dict[str, Any]:
        row = self.job(asked["job_id"], asked["role"], asked["party"])
        return {"status": row["f_status"], "error": row["f_description"]}

    def finish(self, asked: dict[str, Any]) -> None:
        """Records the end of the whole job in this party's row, and kills its task there."""
        job_id, role, party = asked["job_id"], asked["role"], asked["party"]
        error = asked["error"]
        status = "failed" if error else "success"
        if error:
            self.killed.add((job_id, role, party))
            ended = (
                "UPDATE t_task SET f_status = 'failed' WHERE f_job_id = %s AND f_role = %s"
                " AND f_party_id = %s AND f_status <> 'success'"
            )
            self.database.run((ended, (job_id, role, party)))
        progress = 0 if error else 100
        self.update(
            job_id, role, party, f_status=status, f_description=error, f_progress=progress
        )  # fmt: skip

    def log_failure(self, job_id: str, role: str, party: str, exception: Exception) -> None:
        """Logs why a task failed, like FATE's executor: in its ERROR.log, and in what it prints."""
        name = "AssertionError" if isinstance(exception, AssertionError) else "HopError"
        error = f"{name}: {exception}" if str(exception) else name
        trace = _TRACEBACK.format(home=HOME, role=role, error=error)
        folder = f"{role}/{party}/{toy_job.COMPONENT}"
        self.write_log(job_id, f"{folder}/std.log", trace)
        for path in (f"{folder}/ERROR.log", f"{role}/{party}/ERROR.log"):
            self.job_log_line(job_id, path, str(exception), level="ERROR")
            self.write_log(job_id, path, trace)

    def job_log_line(
        self,
        job_id: str,
        name: str,
        text: str,
        source: str = "task_executor.py",
        level: str = "INFO",
    ) -> None:
        """Appends a line in FATE's format to a job's log file."""
        now = datetime.datetime.now().strftime("%Y-%m-%d %H:%M:%S,%f")[:-3]
        self.write_log(job_id, name, f'"{now} - {source}[line:1] - {level}: {text}"\n')

    def write_log(self, job_id: str, name: str, text: str) -> None:
        path = f"{HOME}/logs/{job_id}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)


def _parties(conf: dict[str, Any]) -> list[tuple[str, str]]:
    return [(role, str(party)) for role, parties in conf["role"].items() for party in parties]


def _now() -> int:
    return int(time.time() * 1000)


def _try(do: Callable[[], Any]) -> None:
    try:
        do()
    except Exception as error:
        log(f"python: {error}")
