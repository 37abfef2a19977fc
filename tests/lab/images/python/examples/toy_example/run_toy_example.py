"""Runs the toy job through FATE Flow and shows its end. Like FATE's own it exits 0 even on failure.

python run_toy_example.py GUEST HOST 1
"""

import argparse
import io
import json
import os
import sys
import tarfile
import time
import urllib.error
import urllib.request
from typing import IO, Any, NoReturn, cast

HERE = os.path.dirname(os.path.realpath(__file__))
SERVER_CONF = os.path.join(HERE, "..", "..", "arch", "conf", "server_conf.json")
COMPONENT = "secure_add_example_0"
POLLS, POLL_EVERY = 400, 0.5


def fail(reason: str) -> NoReturn:
    print(reason)
    sys.exit(0)


def load(path: str) -> Any:
    with open(path) as file:
        return json.load(file)


def post(path: str, body: object) -> bytes:
    server = load(SERVER_CONF)["servers"]["fateflow"]
    url = f"http://{server['host']}:{server['http.port']}/v1/{path}"
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return bytes(response.read())
    except (OSError, urllib.error.URLError) as error:
        fail(f"toy example: fateflow {url}: {getattr(error, 'reason', error)}")


def log_lines(job_id: str, guest: int, name: str, only: str = "") -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(post("job/log", {"job_id": job_id}))) as tar:
        path = f"./guest/{guest}/{COMPONENT}/{name}.log"
        if path not in tar.getnames():  # FATE's example opens it, whether it is there or not
            raise FileNotFoundError(2, "No such file or directory", path)
        file = cast("IO[bytes]", tar.extractfile(path))
        lines = file.read().decode().splitlines()
    return [line for line in lines if only in line]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("guest_party_id", type=int)
    parser.add_argument("host_party_id", type=int)
    parser.add_argument("work_mode", type=int, choices=[1], help="1: cluster, all that the lab has")
    options = parser.parse_args()

    conf = load(os.path.join(HERE, "toy_example_conf.json"))
    conf["initiator"]["party_id"] = options.guest_party_id
    conf["job_parameters"]["work_mode"] = options.work_mode
    conf["role"] = {"guest": [options.guest_party_id], "host": [options.host_party_id]}
    dsl = load(os.path.join(HERE, "toy_example_dsl.json"))

    answer = json.loads(post("job/submit", {"job_dsl": dsl, "job_runtime_conf": conf}))
    print(f"stdout:{json.dumps(answer)}", flush=True)
    if answer["retcode"] != 0:
        fail(f"failed to exec task, status:{answer['retcode']}: {answer.get('retmsg')}")
    job_id = answer["jobId"]

    for _ in range(POLLS):
        time.sleep(POLL_EVERY)
        found = json.loads(post("job/query", {"job_id": job_id, "role": "guest"}))
        status = found["data"][0]["f_status"] if found["retcode"] == 0 else found.get("retmsg")
        if status == "success":
            source = "secure_add_guest.py[line"
            print("\n".join(log_lines(job_id, options.guest_party_id, "INFO", source)))
            return
        if status == "failed":
            print("\n".join(log_lines(job_id, options.guest_party_id, "ERROR")))
            return
        print(f"job status is {status}", flush=True)
    fail(f"job running time exceed, its status is {status}: see FATE Flow's log")


main()
