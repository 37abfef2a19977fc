"""The toy job of FATE 2: submitted over REST, and watched on both parties until it ends."""

import argparse
import time
from collections.abc import Iterator

import yaml

from ...docker.client.containers import Containers
from ...party import edge_check
from ...party.toy_job import fail, finish, is_peer, parties, say
from .flow_client import FLOW, HopError, conf, request, through_nginx, through_osx
from .jobs import FATE_FLOW

# The services that connect a party with others, by its federation engine.
_GATEWAYS = {"rabbitmq": ("nginx", "rabbitmq"), "pulsar": ("nginx", "pulsar"), "osx": ("osx",)}
_BROKERS = {"rabbitmq": ("RabbitMQ", edge_check.AMQP), "pulsar": ("Pulsar", edge_check.PULSAR)}
_HOPS_LIMIT = 30  # newly delivered routes are in use by then
_BROKER_SECONDS = 10
_TASK = "toy_example_0"


def broken_hops(caller: Containers, called: Containers) -> Iterator[str]:
    """The broken hops on the way from one party to another."""
    try:
        config = conf(caller)
    except HopError as error:
        yield str(error)
        return
    engine = str(config["default_engines"]["federation"])
    gateway = _GATEWAYS[engine][0]
    send = through_osx if gateway == "osx" else through_nginx
    try:
        answer = send(caller, called, config["federation"][gateway], "/v2/site/info/query")
        if str(answer.get("data", {}).get("party_id")) != called.id:
            yield f"{gateway} of party {caller.id} does not lead to party {called.id}: {answer}"
    except HopError as error:
        yield (
            f"{gateway} of party {caller.id} cannot reach FATE Flow of party {called.id}: {error}; "
            f"{caller.states(gateway)}{_and(called, gateway, 'fateflow')}"
        )
    if caller == called:
        return
    if engine in _BROKERS:
        yield from _broken_brokers(caller, called, engine)
    yield from edge_check.broken(caller, "edge", {called.id})


def _broken_brokers(caller: Containers, called: Containers, engine: str) -> Iterator[str]:
    table = caller.run("fateflow", f"cat {FLOW}/conf/{engine}_route_table.yaml").stdout
    to = (yaml.safe_load(table) or {}).get(int(called.id))
    if not to:
        yield (
            f"the route table of party {caller.id} has no broker for party {called.id}: run "
            "`pulumi up`"
        )
        return
    name, begin = _BROKERS[engine]
    if not caller.talk(engine, to["host"], to["port"], begin, 1, _BROKER_SECONDS):
        yield (
            f"{name} of party {caller.id} cannot reach {name} of party {called.id} at "
            f"{to['host']}:{to['port']}; {caller.states(engine)}{_and(called, engine)}"
        )


def _services(party: Containers) -> tuple[str, ...]:
    """The services that a job with another party needs."""
    try:
        return ("fateflow", *_GATEWAYS[conf(party)["default_engines"]["federation"]])
    except HopError:
        return ("fateflow",)


def _and(called: Containers, *services: str) -> str:
    return "" if is_peer(called) else f", {called.states(*services)}"


def hops(guest: Containers, host: Containers) -> list[str]:
    """All broken hops between the two parties, as far as they can be seen from here."""
    back = host != guest and not is_peer(host)
    return [*broken_hops(guest, host), *(broken_hops(host, guest) if back else [])]


def submit(guest: Containers, host: Containers) -> str:
    """Submit the job to the guest.

    Raises:
        HopError: FATE Flow rejected it.
    """
    dag = {
        "parties": [
            {"party_id": [guest.id], "role": "guest"},
            {"party_id": [host.id], "role": "host"},
        ],
        "stage": "default",
        "tasks": {
            _TASK: {
                "component_ref": "toy_example",
                "parameters": {"data_num": 200, "partition": 2},
            }
        },
    }
    job = {"dag_schema": {"dag": dag, "schema_version": "2.0.0"}}
    answer = request(guest, "POST", "/v2/job/submit", job)
    if answer.get("code") != 0:
        raise HopError(f"FATE Flow of party {guest.id} rejected the job: {answer.get('message')}")
    return str(answer["job_id"])


def status(party: Containers, role: str, job: str) -> str:
    """The status of the job at one party."""
    query = f"/v2/job/query?job_id={job}&role={role}&party_id={party.id}"
    jobs = request(party, "GET", query).get("data") or [{}]
    return str(jobs[0].get("status", "not found"))


def main() -> None:
    """Check the hops, then run the job; report what fails, with the job's last log lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", required=True, help="the stack's name")
    guest, host = parties(parser.parse_args().stack)
    title = f"toy job of party {guest.id} with party {host.id}"
    watched = {"guest": guest} if is_peer(host) else {"guest": guest, "host": host}
    deadline = time.monotonic() + _HOPS_LIMIT
    while broken := hops(guest, host):
        # Waiting does not help if a container is not running.
        if time.monotonic() > deadline or not all(
            party.running(*_services(party)) for party in watched.values()
        ):
            fail(f"the {title} was not started because the connection is broken:", *broken)
        time.sleep(2)
    try:
        job = submit(guest, host)
        say(f"{title}: {job}")
        finish(
            title,
            FATE_FLOW,
            watched,
            job,
            _TASK,
            lambda party, role: status(party, role, job),
            lambda: hops(guest, host),
        )
    except HopError as error:
        fail(f"the {title} failed: {error}", *hops(guest, host))


if __name__ == "__main__":
    main()
