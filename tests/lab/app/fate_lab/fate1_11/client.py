"""Stands in for the clients of FATE 1.11: `flow` asks FATE Flow."""

from __future__ import annotations

import io
import json
import os
import sys
import tarfile
import time
from typing import Any

from ..fate2 import notebook
from ..protocol import HopError, request

_SETTINGS = "/data/projects/fate/python/fate_client/flow_client/settings.json"
_USAGE = "usage: flow init|version|job submit|job query|job stop|job log|test toy"
_COMPONENT = "secure_add_example_0"


def main(name: str, words: list[str]) -> None:
    if name == "jupyter":
        return notebook.jupyter(words)
    if words[:1] == ["init"]:
        notebook.init(words)
        return _keep(dict(zip(words[1::2], words[2::2], strict=False)))
    if name != "flow":
        sys.exit(f"fate-lab: usage: {name} init --ip IP --port PORT")
    return _flow(words)


def _keep(given: dict[str, str]) -> None:
    try:
        with open(_SETTINGS, "w", encoding="utf-8") as file:
            json.dump({"ip": given["--ip"], "port": given["--port"]}, file)
    except OSError as error:
        sys.exit(f"{_SETTINGS}: {error.strerror}")


def _flow(words: list[str]) -> None:
    given = dict(zip(words[2::2], words[3::2], strict=False))
    job = given.get("-j") or given.get("--job-id", "")
    match words[:2]:
        case ["test", "toy"]:
            _toy(given)
        case ["job", "query"]:
            filters = {"job_id": job, "role": given.get("-r"), "party_id": given.get("-p")}
            _show(_post("job/query", {key: one for key, one in filters.items() if one}))
        case ["job", "stop"]:
            _show(_post("job/stop", {"job_id": job}))
        case ["job", "log"]:
            _show({"retcode": 0, "directory": _logs(job, given.get("-o", "."))})
        case ["job", "submit"]:
            with (
                open(given["-c"], encoding="utf-8") as conf,
                open(given["-d"], encoding="utf-8") as dsl,
            ):
                body = {"job_runtime_conf": json.load(conf), "job_dsl": json.load(dsl)}
            _show(_post("job/submit", body))
        case ["server", "versions"] | ["version", *_]:
            _show(_post("version/get", {}))
        case _:
            sys.exit(f"fate-lab: {_USAGE}")


def _post(path: str, body: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(_bytes(path, body)))


def _bytes(path: str, body: dict[str, Any]) -> bytes:
    try:
        with open(_SETTINGS, encoding="utf-8") as file:
            at = json.load(file)
    except OSError:
        sys.exit("fate-lab: run flow init --ip IP --port PORT first")
    place = at["ip"], int(at["port"])
    headers = {"Content-Type": "application/json"}
    try:
        return request("fateflow", place, ("POST", f"/v1/{path}", body), headers, 120.0)[1]
    except HopError as error:
        _show({"retcode": 100, "retmsg": f"Connection refused. {error}"})
        sys.exit(0)


def _show(answer: dict[str, Any]) -> None:
    print(json.dumps(answer, indent=4))


def toy_conf(guest: str, host: str, cores: int = 2) -> dict[str, Any]:
    """What FATE's client submits as the toy job."""
    common = {_COMPONENT: {"partition": 4, "data_num": 1000}}
    return {
        "dsl_version": 2,
        "initiator": {"role": "guest", "party_id": guest},
        "role": {"guest": [guest], "host": [host]},
        "job_parameters": {"common": {"task_cores": cores}, "role": {}},
        "component_parameters": {"common": common, "role": {}},
    }


def toy_dsl() -> dict[str, Any]:
    """The components of the toy job."""
    return {"components": {_COMPONENT: {"module": "SecureAddExample"}}}


def _toy(given: dict[str, str]) -> None:
    guest = given.get("-gid") or given.get("--guest-party-id") or ""
    host = given.get("-hid") or given.get("--host-party-id") or ""
    if not guest or not host:
        sys.exit("Error: Missing option '-gid' / '--guest-party-id' or '-hid' / '--host-party-id'.")
    cores = int(given.get("--task-cores", 2))
    body = {"job_runtime_conf": toy_conf(guest, host, cores), "job_dsl": toy_dsl()}
    submitted = _post("job/submit", body)
    if submitted["retcode"]:
        _show(submitted)
        return
    job, status = submitted["jobId"], ""
    for _ in range(int(given.get("--timeout", 60))):
        found = _post("job/query", {"job_id": job, "role": "guest", "party_id": guest})
        if not found["retcode"] and found["data"]:
            status = found["data"][0]["f_status"]
            print(f"toy test job {job} is {status}", flush=True)
            if status in ("success", "failed", "canceled"):
                break
        time.sleep(1)
    else:
        print("check job status timeout")
    _check(job, guest, status)


def _check(job: str, guest: str, status: str) -> None:
    name = "INFO" if status in ("success", "canceled") else "ERROR"
    path = f"{_logs(job, './logs/toy')}/guest/{guest}/{name}.log"
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except OSError:
        print(f"auto check log failed, please check {os.path.dirname(path)}")
        return
    for line in lines:
        if name == "ERROR" or "secure_add_guest" in line:
            print(line.strip())


def _logs(job: str, folder: str) -> str:
    found = _bytes("job/log/download", {"job_id": job})
    place = f"{folder}/job_{job}_log"
    os.makedirs(place, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(found)) as tar:
        tar.extractall(place)
    return place
