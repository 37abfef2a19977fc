"""The jobs of a FATE Flow of FATE 1.11: what one does as the initiator, and what each party does.

The initiator commands all parties, itself included, through its own rollsite.
"""

from __future__ import annotations

import json
import math
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..protocol import ANY, HopError, call, log
from . import toy
from .conf import at_manager
from .federation import Federation
from .job_logs import FLOW, TRACEBACK, JobLog
from .service_conf import get
from .tables import Row, Tables

SUCCESS, DATA, OPERATING = 0, 102, 103
ENDED = ("success", "failed", "canceled", "timeout")
_CORES = 4  # of a task for which nobody says otherwise: task_cores of job_default_config.yaml
_EVERY = 0.5  # seconds; the real scheduler looks every 2


class Jobs:
    """The jobs that a FATE Flow knows.

    Args:
        conf: service_conf.yaml.
        tables: where they are kept.
        federation: calls parties.
        keep: keeps this party's part of a model, by its role, the model's id and the job's.
    """

    def __init__(
        self,
        conf: dict[str, Any],
        tables: Tables,
        federation: Federation,
        keep: Callable[[str, str, str], None],
    ) -> None:
        self.conf, self.tables, self.federation, self.keep = conf, tables, federation, keep
        self.party = str(conf["party_id"])
        self.me = f"fateflow {self.party}"

    # resources

    @property
    def nodes(self) -> int:
        return int(get(self.conf, "fate_on_eggroll.clustermanager.nodes"))

    @property
    def cores(self) -> int:
        return self.nodes * int(get(self.conf, "fate_on_eggroll.clustermanager.cores_per_node"))

    def wanted(self, conf: Mapping[str, Any]) -> int:
        """The cores of a job, which are the same on each node."""
        common = conf.get("job_parameters", {}).get("common", {})
        return math.ceil(int(common.get("task_cores", _CORES)) / self.nodes) * self.nodes

    def check_cores(self, conf: Mapping[str, Any]) -> None:
        if (wanted := self.wanted(conf)) > self.cores:
            raise HopError(
                f"max cores per job is {self.cores} base on nodes * cores_per_node of"
                f" conf/service_conf.yaml, expect {wanted} cores, please use task_cores job"
                " parameters to set request task cores"
            )

    # the initiator's part

    def submit(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Creates a job at all of its parties."""
        dsl = asked.get("dsl") or asked.get("job_dsl")
        conf = asked.get("runtime_conf") or asked.get("job_runtime_conf") or {}
        job = new_id()
        try:
            model = self._create(job, dsl, conf)
        except (HopError, KeyError, TypeError, ValueError) as error:
            text = f"Traceback (most recent call last):\n{type(error).__name__}: {error}\n"
            JobLog(job).schedule(text, "ERROR")
            return {"retcode": OPERATING, "retmsg": text, "jobId": job}
        board, role = self.conf["fateboard"], conf["initiator"]["role"]
        of = f"job_id={job}&role={role}&party_id={self.party}"
        folder = f"{FLOW}/jobs/{job}"
        data = {
            "job_id": job,
            "code": SUCCESS,
            "message": "success",
            "model_info": {"model_id": model, "model_version": job},
            "logs_directory": f"{FLOW}/logs/{job}",
            "board_url": f"http://{board['host']}:{board['port']}/index.html#/dashboard?{of}",
            "job_dsl_path": f"{folder}/job_dsl.json",
            "job_runtime_conf_path": f"{folder}/{role}/{self.party}/job_runtime_conf.json",
        }
        return {"retcode": SUCCESS, "retmsg": "success", "jobId": job, "data": data}

    def _create(self, job: str, dsl: Any, conf: Any) -> str:
        roles = conf["role"]
        for role in roles:
            roles[role] = [int(party) for party in roles[role]]
        first = conf["initiator"]
        first["party_id"] = int(first["party_id"])
        if conf.get("dsl_version") != 2:
            raise HopError("only the v2 version runtime conf is supported")
        if first["party_id"] not in roles[first["role"]]:
            raise HopError(f"initiator party id {first['party_id']} not in roles {roles}")
        modules = {part["module"] for part in dsl["components"].values()}
        if modules != {toy.MODULE}:
            raise HopError(f"the lab has the component {toy.MODULE} alone, not {modules}")
        self.check_cores(conf)
        parts = [f"{role}-{'_'.join(map(str, parties))}" for role, parties in sorted(roles.items())]
        model = "#".join([*parts, "model"])
        conf["job_parameters"]["common"] |= {"model_id": model, "model_version": job}
        body = {"dsl": dsl, "runtime_conf": conf}
        found = self._command(job, roles, "create", body)
        if any(answer["retcode"] for party in found.values() for answer in party.values()):
            self._command(job, roles, "status/failed", {"tag": "submit_failed"})
            raise HopError(f"('create job failed', {found})")
        self._command(job, roles, "status/waiting", {})
        JobLog(job).schedule(f"submit job successfully, job id is {job}, model id is {model}")
        return model

    def _command(
        self, job: str, roles: Mapping[str, list[int]], command: str, body: Mapping[str, Any]
    ) -> dict[str, dict[int, Any]]:
        """What each party answers to a command."""
        found: dict[str, dict[int, Any]] = {}
        for role, party in _parties(roles):
            path = f"/v1/party/{job}/{role}/{party}/{command}"
            found.setdefault(role, {})[party] = self.federation.ask(party, path, body)
        return found

    def schedule(self) -> None:
        """Starts waiting jobs, and watches running ones, for ever."""
        while True:
            time.sleep(_EVERY)
            try:
                self._schedule()
            except HopError as error:
                log(f"{self.me}: {error}")

    def _schedule(self) -> None:
        own = "f_is_initiator AND f_status = %s"
        waiting = self.tables.select("t_job", own, ("waiting",), "ORDER BY f_create_time LIMIT 1")
        for row in waiting:
            self._apply(row)
        for row in self.tables.select("t_job", own, ("running",)):
            self._watch(row)

    def _apply(self, row: Row) -> None:
        job, roles = row["f_job_id"], row["f_roles"]
        found = self._command(job, roles, "resource/apply", {})
        refused = any(answer["retcode"] for party in found.values() for answer in party.values())
        if refused:
            JobLog(job).schedule("job apply resource failed")
            self._command(job, roles, "resource/return", {})
            return
        self._command(job, roles, "start", {})

    def _watch(self, row: Row) -> None:
        job, roles = row["f_job_id"], row["f_roles"]
        states = []
        for role, party in _parties(roles):
            path = f"/v1/party/{job}/{role}/{party}/collect"
            answer = self.federation.ask(party, path, {})
            states.append(answer.get("data", {}).get("party_status", "running"))
            # Its own tasks may have ended since they answered.
            if "data" in answer and str(party) != str(self.party):
                self.tables.update(
                    "t_task",
                    {"f_job_id": job, "f_role": role, "f_party_id": str(party)},
                    {f"f_{key}": value for key, value in answer["data"].items()}
                    | {"f_status": answer["data"]["party_status"]},
                )
        bad = next((state for state in states if state in ("failed", "canceled")), "")
        if bad or all(state == "success" for state in states):
            self.end(job, roles, bad or "success")

    def end(self, job: str, roles: Mapping[str, list[int]], status: str) -> dict[str, Any]:
        if status != "success":
            self._command(job, roles, f"stop/{status}", {})
            for row in self.tables.query("t_task", {"job_id": job}):
                if row["f_party_status"] not in ENDED:  # a party's, of which it hears no more
                    where = {key: row[key] for key in ("f_job_id", "f_role", "f_party_id")}
                    self._change(where, {"f_status": status, "f_party_status": status}, "t_task")
        found = self._command(job, roles, f"status/{status}", {})
        JobLog(job).schedule(f"job {job} finished with {status}")
        return found

    def stop(self, job: str, status: str) -> dict[str, Any]:
        """Ends a job, on the initiator's command, for which it asks."""
        rows = self.tables.query("t_job", {"job_id": job})
        if not rows:
            return {"retcode": DATA, "retmsg": "can not found job"}
        first = rows[0]["f_initiator_role"], rows[0]["f_initiator_party_id"]
        path = f"/v1/initiator/{job}/{first[0]}/{first[1]}/stop/{status}"
        answer = self.federation.ask(first[1], path, {})
        if answer["retcode"]:
            text = f"stop job on this party {True}"
            response = {first[0]: {first[1]: answer}}
            return {"retcode": OPERATING, "retmsg": text, "data": response}
        text = "stop job on this party success; stop job on all party success"
        return {"retcode": SUCCESS, "retmsg": text}

    # each party's part

    def command(self, job: str, role: str, party: str, command: str, body: Any) -> dict[str, Any]:
        """Does what the initiator commands."""
        where = {"f_job_id": job, "f_role": role, "f_party_id": party}
        match command.partition("/")[::2]:
            case "create", _:
                self._create_here(where, body)
            case "resource", operation:
                if operation == "apply" and not self._take(where):
                    return {"retcode": OPERATING, "retmsg": "apply for job resource failed"}
                if operation == "return":
                    self._give_back(where)
            case "start", _:
                self._change(where, {"f_status": "running", "f_start_time": _now()})
                threading.Thread(target=self._task, args=(where,), daemon=True).start()
            case "collect", _:
                names = ("party_status", "start_time", "end_time", "elapsed", "error_report")
                row = self._own_task(where)
                data = {name: row[f"f_{name}"] for name in names}
                return {"retcode": SUCCESS, "retmsg": "success", "data": data}
            case "stop", status:
                self._stop_here(where, status)
            case "status", status:
                self._status(where, status, body)
            case _:
                return {"retcode": 100, "retmsg": "<NotFound '404: Not Found'>"}
        return {"retcode": SUCCESS, "retmsg": "success"}

    def _create_here(self, where: Mapping[str, str], body: Mapping[str, Any]) -> None:
        if where["f_party_id"] != self.party:
            raise HopError(f"{self.me}: got a job of party {where['f_party_id']}")
        conf, first = body["runtime_conf"], body["runtime_conf"]["initiator"]
        self.check_cores(conf)
        own = [where["f_role"], self.party] == [first["role"], str(first["party_id"])]
        shared = {
            "f_initiator_role": first["role"],
            "f_initiator_party_id": str(first["party_id"]),
            "f_create_time": _now(),
        }
        job = {
            **where,
            **shared,
            "f_dsl": body["dsl"],
            "f_runtime_conf": conf,
            "f_runtime_conf_on_party": conf,
            "f_train_runtime_conf": {},
            "f_roles": conf["role"],
            "f_user": {},
            "f_status": "ready",
            "f_is_initiator": own,
            "f_progress": 0,
            "f_resource_in_use": False,
            "f_cancel_signal": False,
            "f_engine_name": "EGGROLL",
            "f_engine_type": "computing",
            "f_cores": self.wanted(conf),
            "f_description": "",
            "f_tag": "",
            "f_name": "",
        }
        self.tables.insert("t_job", job)
        name = next(iter(body["dsl"]["components"]))
        for role, party in _parties(conf["role"]):
            here = [role, str(party)] == [where["f_role"], self.party]
            if here or own:  # the initiator keeps the tasks of all
                task = {
                    "f_job_id": where["f_job_id"],
                    "f_role": role,
                    "f_party_id": str(party),
                    **shared,
                    "f_component_name": name,
                    "f_component_module": toy.MODULE,
                    "f_task_id": f"{where['f_job_id']}_{name}",
                    "f_task_version": 0,
                    "f_federated_mode": "MULTIPLE",
                    "f_federated_status_collect_type": "PULL",
                    "f_status": "waiting",
                    "f_party_status": "waiting",
                    "f_run_on_this_party": here,
                    "f_component_parameters": {},
                    "f_provider_info": {"name": "fate", "version": "1.11.2"},
                    "f_error_report": "",
                    "f_kill_status": False,
                    "f_is_deepspeed": False,
                }
                self.tables.insert("t_task", task)
        folder = f"{FLOW}/jobs/{where['f_job_id']}/{where['f_role']}/{self.party}"
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/job_runtime_conf.json", "w", encoding="utf-8") as file:
            json.dump(conf, file, indent=4)

    def _take(self, where: Mapping[str, str]) -> bool:
        row = self._row(where)
        used = self.tables.select("t_job", "f_resource_in_use", ())
        if sum(one["f_cores"] for one in used) + row["f_cores"] > self.cores:
            return False
        values = {"f_resource_in_use": True, "f_apply_resource_time": _now()}
        self._change(where, values | {"f_remaining_cores": row["f_cores"]})
        return True

    def _give_back(self, where: Mapping[str, str]) -> None:
        if self._row(where)["f_resource_in_use"]:
            values = {"f_resource_in_use": False, "f_return_resource_time": _now()}
            self._change(where, values)

    def _task(self, where: Mapping[str, str]) -> None:
        role, party = where["f_role"], where["f_party_id"]
        task, logs, started = self._own_task(where), JobLog(where["f_job_id"]), _now()
        name = task["f_component_name"]
        logs.printed(role, party, name, "")
        begun = {"f_status": "running", "f_party_status": "running", "f_start_time": started}
        self._change(where, begun | {"f_run_pid": os.getpid()}, "t_task")
        status, error = "success", ""
        try:
            side = self._side(where, task, logs)
            side.run(at_manager(toy.properties()))
        except Exception as exception:
            status, error = "failed", f"{type(exception).__name__}: {exception}"
        if self._own_task(where)["f_party_status"] in ENDED:  # it has been killed, and says nothing
            return
        if error:
            text = TRACEBACK.format(
                home=FLOW, project=FLOW.rpartition("/")[0], role=role, error=error
            )
            logs.task(role, party, name, "ERROR", f"{error}\n{text}")
            logs.printed(role, party, name, text)
        ended: dict[str, Any] = {"f_status": status, "f_party_status": status}
        ended["f_error_report"] = error
        now = _now()
        ended |= {"f_end_time": now, "f_elapsed": now - started}
        while True:
            try:
                self._change(where, ended, "t_task")
                return
            except HopError as exception:  # until the database is back
                log(f"{self.me}: {exception}")
                time.sleep(1)

    def _side(self, where: Mapping[str, str], task: Row, logs: JobLog) -> toy.Side:
        role, name = where["f_role"], task["f_component_name"]
        conf = self._row(where)["f_runtime_conf"]
        at = get(self.conf, "fate_on_eggroll.rollsite")
        return toy.Side(
            me=f"{self.me}: job {where['f_job_id']}",
            task=f"{task['f_task_id']}_{task['f_task_version']}",
            role=role,
            party=self.party,
            peer=str(conf["role"]["host" if role == "guest" else "guest"][0]),
            cores=self.wanted(conf),
            nodes=self.nodes,
            parameters=conf["component_parameters"]["common"][name],
            site=(at["host"], at["port"]),
            info=lambda text: logs.task(role, self.party, name, "INFO", text),
        )

    def _stop_here(self, where: Mapping[str, str], status: str) -> None:
        task = self._own_task(where)
        if task["f_party_status"] in ENDED:
            return
        now = _now()
        ended: dict[str, Any] = {"f_status": status, "f_party_status": status}
        ended["f_end_time"] = now
        ended |= {"f_elapsed": now - (task["f_start_time"] or now), "f_kill_status": True}
        self._change(where, ended, "t_task")
        session = f"{task['f_task_id']}_{task['f_task_version']}_{where['f_role']}_{self.party}"
        try:
            at = at_manager(toy.properties())
            call(self.me, *at, ANY, "stop", {"session": session, "status": "KILLED"})
        except HopError as error:
            log(str(error))

    def _status(self, where: Mapping[str, str], status: str, body: Mapping[str, Any]) -> None:
        row = self._row(where)
        if row["f_status"] in ENDED:
            return
        values: dict[str, Any] = {"f_status": status} | {f"f_{k}": v for k, v in body.items()}
        if status in ENDED:
            now = _now()
            values |= {"f_end_time": now, "f_elapsed": now - (row["f_start_time"] or now)}
            self._give_back(where)
        if status == "success":
            values["f_progress"] = 100
            self._save_model(row)
        self._change(where, values)

    def _save_model(self, row: Row) -> None:
        model = row["f_runtime_conf"]["job_parameters"]["common"]["model_id"]
        self.keep(row["f_role"], model, row["f_job_id"])

    def _row(self, where: Mapping[str, str]) -> Row:
        rows = self.tables.query("t_job", {key[2:]: value for key, value in where.items()})
        if not rows:
            raise HopError(f"{self.me}: no job {where} in t_job")
        return rows[0]

    def _own_task(self, where: Mapping[str, str]) -> Row:
        rows = self.tables.query("t_task", {key[2:]: value for key, value in where.items()})
        if not rows:
            raise HopError(f"{self.me}: no task of {where} in t_task")
        return rows[0]

    def _change(
        self, where: Mapping[str, str], values: Mapping[str, Any], name: str = "t_job"
    ) -> None:
        self.tables.update(name, where, {"f_update_time": _now(), **values})


def _parties(roles: Mapping[str, list[int]]) -> Iterator[tuple[str, int]]:
    for role, parties in roles.items():
        for party in parties:
            yield role, party


def new_id() -> str:
    """The id of a new job."""
    return time.strftime("%Y%m%d%H%M%S") + f"{random.randrange(10**7):07}"


def _now() -> int:
    return round(time.time() * 1000)
