"""The toy job of FATE 1.7 to 1.11: submitted over REST, and watched on both parties."""

import argparse
import time
from collections.abc import Iterator

from ...docker.client.containers import Containers
from ...jobs.fate_flow import JobsError
from ...jobs.flow_v1 import FlowError
from ...party import edge_check
from ...party.toy_job import fail, finish, is_peer, parties, say
from ...plan.endpoints import EXCHANGE
from .jobs import FATE_FLOW, FLOW

_TASK = "secure_add_example_0"
_CORES = 2  # of a task
_SERVICES = ("fateflow", "rollsite", "clustermanager", "nodemanager")
# A rollsite that was just told a new route reads it within a minute.
_ROUTES_LIMIT = 90
# What FATE Flow says if the way to the other party is broken.
_NO_WAY = ("UNAVAILABLE", "The routing table not have", "DNS resolution failed")


def submit(guest: Containers, host: Containers) -> str:
    """Submit the job to the guest; returns its id.

    Raises:
        FlowError: FATE Flow rejected it, or gives no answer.
    """
    ids = {"guest": guest.id, "host": host.id}
    conf = {
        "dsl_version": 2,
        "initiator": {"role": "guest", "party_id": int(guest.id)},
        "role": {role: [int(id)] for role, id in ids.items()},
        "job_parameters": {"common": {"task_cores": _CORES}},
        "component_parameters": {
            "common": {_TASK: {"partition": 4, "data_num": 1000}},
            "role": {
                "guest": {"0": {_TASK: {"seed": 123}}},
                "host": {"0": {_TASK: {"seed": 321}}},
            },
        },
    }
    dsl = {"components": {_TASK: {"module": "SecureAddExample"}}}
    answer = FLOW.ask(guest, "/v1/job/submit", {"job_runtime_conf": conf, "job_dsl": dsl})
    if answer.get("retcode") != 0:
        raise FlowError(f"FATE Flow of party {guest.id} rejected the job: {answer.get('retmsg')}")
    return str(answer["jobId"])


def status(party: Containers, role: str, job: str) -> str:
    """The status of the job at one party, in a role."""
    rows = FLOW.rows(party, "job", ("status",), {"job_id": job, "role": role, "party_id": party.id})
    return str(rows[0]["status"]) if rows else "not found"


def connections(guest: Containers, host: Containers) -> Iterator[str]:
    """What may keep the parties from calling each other, as far as it can be seen from here."""
    for party in dict.fromkeys((guest, host)):
        if not is_peer(party):
            yield f"party {party.id}: {party.states(*_SERVICES)}"
            yield from edge_check.broken(party, "edge", {guest.id, host.id, EXCHANGE})


def main() -> None:
    """Run the job, and say why it failed. While a rollsite may not know a new route, it is
    submitted again.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", required=True, help="the stack's name")
    guest, host = parties(parser.parse_args().stack)
    title = f"toy job of party {guest.id} with party {host.id}"
    watched = {"guest": guest} if is_peer(host) else {"guest": guest, "host": host}
    deadline = time.monotonic() + _ROUTES_LIMIT
    while True:
        try:
            job = submit(guest, host)
            break
        except FlowError as error:
            known = any(way in str(error) for way in _NO_WAY)
            running = all(party.running(*_SERVICES) for party in watched.values())
            if not known or not running or time.monotonic() > deadline:
                fail(f"the {title} failed: {error}", *connections(guest, host))
        time.sleep(5)
    say(f"{title}: {job}")
    try:
        finish(
            title,
            FATE_FLOW,
            watched,
            job,
            _TASK,
            lambda party, role: status(party, role, job),
            lambda: connections(guest, host),
        )
    except JobsError as error:
        fail(f"the {title} failed: {error}", *connections(guest, host))


if __name__ == "__main__":
    main()
