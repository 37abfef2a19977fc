"""Stands in for FATE Flow of FATE 1.11, and the part of its REST API that deals with jobs."""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

from ..database import Database, DatabaseError
from ..protocol import HopError, Listener, log
from ..strictconf import ConfError
from . import job_logs, service_conf, toy
from .federation import Federation
from .job_logs import FLOW, JobLog
from .jobs import Jobs, new_id
from .models import Models
from .service_conf import get
from .tables import Row, Tables, without_prefix

_VERSION = "1.11.2"
_ROLES = {"guest", "host", "arbiter", "local"}
_STATES = {"success", "running", "waiting", "failed", "canceled"}
_ORDERS = {"job_id", "task_version", "create_time", "start_time", "end_time", "elapsed"}
_PARTY = re.compile(r"/v1/party/([^/]+)/([^/]+)/([^/]+)/(.+)")
_STOP = re.compile(r"/v1/initiator/([^/]+)/[^/]+/[^/]+/stop/(.+)")
_INFO = re.compile(r"/v1/info/party/([^/]+)")


class BadRequestError(Exception):
    """A request whose answer has an error of HTTP."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def main() -> None:
    try:
        conf = service_conf.read()
        toy.properties()
        flow = FateFlow(conf)
        flow.tables.create()
    except DatabaseError as error:
        sys.exit(f"peewee.OperationalError: ({error.code}, {str(error)!r})")
    except (ConfError, HopError) as error:
        sys.exit(f"fate-lab: {error}")
    flow.serve()


class FateFlow:
    def __init__(self, conf: dict[str, Any]) -> None:
        self.conf, self.party = conf, str(conf["party_id"])
        server, at = conf["database"], get(conf, "fate_on_eggroll.rollsite")
        place = (server[key] for key in ("host", "port", "name", "user", "passwd"))
        self.tables = Tables(Database(f"fateflow {self.party}", *place))
        self.federation = Federation(self.party, (at["host"], at["port"]))
        own = conf["fateflow"]
        self.models = Models(
            self.party,
            f"{FLOW}/model_local_cache",
            (own["host"], own["http_port"]),
            self.federation.ask,
            lambda: get(self.conf, "servings.hosts") or [],
            self._roles,
            new_id,
        )
        self.jobs = Jobs(conf, self.tables, self.federation, self.models.keep)

    def serve(self) -> None:
        """Listens at the address of its name, and nowhere else."""
        own = self.conf["fateflow"]
        try:
            address = socket.gethostbyname(own["host"])
            threading.Thread(target=self.jobs.schedule, daemon=True).start()
            grpc = Listener("transfer", self.party, {"unary": self.unary})
            grpc.serve_in_background(address, own["grpc_port"])
            http = Listener("fateflow-http", self.party, {}, self.page)
            http.serve(address, own["http_port"])
        except (OSError, RuntimeError) as error:
            sys.exit(f"fate-lab: {own['host']}: {error}")

    def unary(self, packet: dict[str, Any]) -> Any:
        """A request of a party, which has come through rollsites."""
        if str(packet["to"]) != self.party:
            raise HopError(f"fateflow {self.party}: got a request for party {packet['to']}")
        asked = packet["body"]
        status, _, text = self.page("POST", asked["path"], json.dumps(asked["body"]).encode())
        return json.loads(text) if status == 200 else {"retcode": status, "retmsg": text.decode()}

    def page(self, method: str, path: str, body: bytes) -> tuple[int, str, bytes]:
        """Every answer is 200, those to unknown pages too, but for those to some bad requests."""
        try:
            asked = json.loads(body or b"{}")
        except ValueError:
            asked = {}
        try:
            if path == "/v1/job/log/download" and method == "POST":
                return 200, "application/gzip", self._archive(asked)
            answer = self.answer(method, path, asked)
        except BadRequestError as error:
            return _json({"retcode": error.status, "retmsg": str(error)}, error.status)
        except DatabaseError as error:
            log(f"{path}: {error}")
            answer = {"retcode": 100, "retmsg": str(error.code), "data": str(error)}
        except Exception as error:
            log(f"{path}: {error!r}")
            answer = {"retcode": 100, "retmsg": repr(error)}
        return _json(answer)

    def answer(self, method: str, path: str, asked: dict[str, Any]) -> dict[str, Any]:
        pages: Mapping[str, Callable[[dict[str, Any]], Any]] = {
            "/v1/version/get": lambda _: _found({"FATE": _VERSION, "API": "v1"}),
            "/v1/info/common": lambda _: _found(self._common()),
            "/v1/info/fateboard": lambda _: _found(self.conf["fateboard"]),
            "/v1/server/reload": self._reload,
            "/v1/job/submit": self.jobs.submit,
            "/v1/job/stop": self._stop,
            "/v1/job/query": self._query,
            "/v1/job/config": self._config,
            "/v1/job/list/job": self._list_jobs,
            "/v1/job/list/task": self._list_tasks,
            "/v1/job/task/query": self._query_tasks,
            "/v1/job/log/path": self._log_path,
            "/v1/log/cat": lambda asked: _found(job_logs.lines(asked)),
            "/v1/log/size": lambda asked: _found({"size": len(job_logs.lines(asked))}),
            **self.models.pages,
        }
        path = path.rstrip("/")
        if path in pages:
            if method != "POST":
                return {"retcode": 100, "retmsg": "<MethodNotAllowed '405: Method Not Allowed'>"}
            answer = dict(pages[path](asked))
            if path in self.models.pages and answer["retcode"] in (400, 404):
                raise BadRequestError(answer["retcode"], answer["retmsg"])
            return answer
        if match := _PARTY.fullmatch(path):
            job, role, party, command = match.groups()
            return self.jobs.command(job, role, party, command, asked)
        if match := _STOP.fullmatch(path):
            return self._stop_as_initiator(*match.groups())
        if match := _INFO.fullmatch(path):
            answer = self.federation.ask(match[1], "/v1/info/common", {})
            return answer if not answer["retcode"] else {**answer, "retcode": 100}
        return {"retcode": 100, "retmsg": "<NotFound '404: Not Found'>"}

    def _roles(self, _: str, version: str) -> dict[str, list[Any]] | None:
        """The parties of the job that has trained a model."""
        rows = self.tables.query("t_job", {"job_id": version})
        return rows[0]["f_roles"] if rows else None

    def _common(self) -> dict[str, Any]:
        own = self.conf["fateflow"]
        ports = {key: own[key] for key in ("host", "http_port", "grpc_port")}
        return {"version": _VERSION, "party_id": self.conf["party_id"], **ports}

    def _reload(self, _: dict[str, Any]) -> dict[str, Any]:
        """Takes over the engines' cores and the servings, and nothing else."""
        found = service_conf.read()
        for key in ("fate_on_eggroll", "servings"):
            if key in found:
                self.conf[key] = found[key]
        return _found({"server_registry": {"fate_on_eggroll": self.conf["fate_on_eggroll"]}})

    # jobs

    def _stop(self, asked: dict[str, Any]) -> dict[str, Any]:
        return self.jobs.stop(str(asked.get("job_id")), asked.get("stop_status", "canceled"))

    def _stop_as_initiator(self, job: str, status: str) -> dict[str, Any]:
        rows = self.tables.query("t_job", {"job_id": job, "is_initiator": True})
        if rows and rows[0]["f_status"] in ("waiting", "running", "ready"):
            self.jobs.end(job, rows[0]["f_roles"], status)
        return {"retcode": 0, "retmsg": "success"}

    def _query(self, asked: dict[str, Any]) -> dict[str, Any]:
        rows = self.tables.query("t_job", asked)
        return _found(rows, "success" if rows else "no job could be found")

    def _query_tasks(self, asked: dict[str, Any]) -> dict[str, Any]:
        rows = self.tables.query("t_task", asked)
        return _found(rows) if rows else {"retcode": 101, "retmsg": "find task failed"}

    def _config(self, asked: dict[str, Any]) -> dict[str, Any]:
        rows = self.tables.query("t_job", asked)
        if not rows:
            return {"retcode": 101, "retmsg": "find job failed"}
        row = rows[0]
        common = row["f_runtime_conf"]["job_parameters"]["common"]
        names = ("job_id", "dsl", "runtime_conf", "train_runtime_conf")
        model = {name: common[name] for name in ("model_id", "model_version")}
        return _found({name: row[f"f_{name}"] for name in names} | {"model_info": model})

    def _list_jobs(self, asked: dict[str, Any]) -> dict[str, Any]:
        where, values = ["f_tag <> 'submit_failed'"], []
        for name in ("job_id", "description", "party_id", "partner"):
            if asked.get(name) is not None:
                column = "f_roles" if name == "partner" else f"f_{name}"
                where.append(f"{column} LIKE %s")
                values.append(f"%{asked[name]}%")
        for name, known in (("role", _ROLES), ("status", _STATES)):
            given = asked.get(name) or []
            given = [given] if isinstance(given, str) else given
            if not set(given) <= known:
                raise BadRequestError(400, f"Invalid parameter '{name}'.")
            if given:
                where.append(f"f_{name} IN ({', '.join(['%s'] * len(given))})")
                values += given
        rows, count = self._listed("t_job", where, values, asked, ("create_time", "desc"))
        for row in rows:
            row["party_id"] = int(row["party_id"])
            others = {one for parties in row["roles"].values() for one in parties}
            row["partners"] = sorted(others - {row["party_id"]})
        return _found({"jobs": rows, "count": count})

    def _list_tasks(self, asked: dict[str, Any]) -> dict[str, Any]:
        names = ("job_id", "role", "party_id", "component_name")
        given = {name: asked[name] for name in names if asked.get(name) is not None}
        where = [f"f_{name} = %s" for name in given]
        first = ("create_time", "asc")
        rows, count = self._listed("t_task", where, [*given.values()], asked, first)
        return _found({"tasks": rows, "count": count})

    def _listed(
        self,
        table: str,
        where: list[str],
        values: list[Any],
        asked: dict[str, Any],
        order: tuple[str, str],
    ) -> tuple[list[Row], int]:
        try:
            limit, page = int(asked.get("limit", 0)), int(asked.get("page", 1)) - 1
        except (TypeError, ValueError):
            raise BadRequestError(400, "Invalid parameter 'limit' or 'page'.") from None
        if asked.get("order_by") is not None:
            order = asked["order_by"], asked.get("order", "asc")
        if order[0] not in _ORDERS or order[1] not in ("asc", "desc"):
            raise BadRequestError(400, "Invalid parameter 'order_by'.")
        found = " AND ".join(where) or "TRUE"
        rows = self.tables.select(table, found, values, f"ORDER BY f_{order[0]} {order[1]}")
        shown = rows[limit * page : limit * (page + 1)] if limit > 0 else rows
        return [without_prefix(row) for row in shown], len(rows)

    # logs

    def _archive(self, asked: dict[str, Any]) -> bytes:
        return self._logs(asked)[1]

    def _log_path(self, asked: dict[str, Any]) -> dict[str, Any]:
        return _found({"logs_directory": self._logs(asked)[0]})

    def _logs(self, asked: dict[str, Any]) -> tuple[str, bytes]:
        if "job_id" not in asked:
            raise HopError("required argument are missing: job_id; ")
        logs = JobLog(str(asked["job_id"]))
        archive = logs.archive()
        if archive is None:
            text = f"Log file path: '{logs.folder}' not found. Please check if the job id is valid."
            raise BadRequestError(404, text)
        return logs.folder, archive


def _found(data: Any, text: str = "success") -> dict[str, Any]:
    return {"retcode": 0, "retmsg": text, "data": data}


def _json(answer: Mapping[str, Any], status: int = 200) -> tuple[int, str, bytes]:
    return status, "application/json", json.dumps(answer).encode()
