"""The toy job of FATE 1.3: FATE's own example, run in the guest's FATE Flow."""

import argparse
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ...docker.client import cli
from ...docker.client.containers import Containers
from ...jobs import logs, reasons
from ...jobs.log import LATE, LATE_MEANS, Failure
from ...jobs.reasons import Part
from ...party import edge_check
from ...party.toy_job import fail, is_peer, parties, say
from ...plan.endpoints import EXCHANGE
from .jobs import FATE_FLOW
from .proxy import ROUTE_TABLE
from .settings import EGG

# The image activates its Python in ~/.bashrc only, which a script does not read.
_JOB = """source /data/projects/python/venv/bin/activate &&
cd /data/projects/fate/python/examples/toy_example && python run_toy_example.py {guest} {host} 1"""
_TASK = "secure_add_example_0"
_ID = re.compile(r'"jobId": "(\w+)"')
_RUN_LIMIT = 300
# gRPC's status if a proxy has no route to the party, or if the party is down.
_NO_WAY = "UNAVAILABLE"
_READ_AGAIN_MINUTES = 2  # a proxy rereads its route table every minute
_READ_AGAIN_SECONDS = 65
# Prints how old a table is that has been delivered since the proxy was started. Docker writes
# /etc/hostname at each start.
_AGE = f"[ {ROUTE_TABLE} -nt /etc/hostname ] && echo $(($(date +%s) - $(stat -c %Y {ROUTE_TABLE})))"
# The example's last check. Under load, rows were lost on their way through federation.
_WRONG_SUM = "AssertionError"
_WRONG_SUM_MEANS = (
    "the sum was wrong: rows were lost between the parties, as happens on a busy machine. Try again"
)
_LOG_SECONDS = 15  # by which the clocks of the machines may differ


def routes_are_new(party: Containers) -> bool:
    """Whether a party's proxy may not have read its route table since the last delivery."""
    find = ["find", ROUTE_TABLE, "-mmin", f"-{_READ_AGAIN_MINUTES}"]
    return bool(party.exec("proxy", find).stdout.strip())


def unread_for(party: Containers) -> int:
    """Seconds until a party's proxy has surely read its route table.

    Until then it sends what is for a new party the default way, and goes on doing so: a job that
    comes too early would keep all later ones from working.
    """
    age = party.run("proxy", _AGE).stdout.strip()
    return max(0, _READ_AGAIN_SECONDS - int(age)) if age.isdecimal() else 0


def main() -> None:
    """Run it, and say why it failed.

    It waits until the proxies of this stack have read their route tables. It is retried while one
    of a peer may not know its new routes, and once after what a busy machine causes: FATE's 5 s
    rule and a wrong sum.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", required=True, help="the stack's name")
    guest, host = parties(parser.parse_args().stack)
    ours = list(dict.fromkeys(party for party in (guest, host) if not is_peer(party)))
    busy = False
    if seconds := max(map(unread_for, ours), default=0):
        say(f"toy job: the proxies read their new routes within {seconds} s")
        time.sleep(seconds)
    while True:
        say(f"toy job: party {guest.id} with party {host.id}")
        retry = any(map(routes_are_new, ours))
        started = time.monotonic()
        job = _JOB.format(guest=guest.id, host=host.id)
        done = guest.run("python", job, timeout=_RUN_LIMIT)
        output = (done.stdout + done.stderr).strip().splitlines()
        # The example itself exits with 0 even if it fails.
        if done.returncode == 0 and any(
            "success to calculate secure_sum" in line for line in output
        ):
            say(output[-1])
            return
        failed_parts = failures(guest, host, output)
        causes = list(busy_machine(ours, failed_parts, time.monotonic() - started + _LOG_SECONDS))
        if causes and not busy:
            busy = True
            say("\n".join(["toy job: failed, and is run once more:", *causes]))
            continue
        ways = [
            way
            for party in ours
            for way in edge_check.broken(party, "edge", {guest.id, host.id, EXCHANGE})
        ]
        everything = [*output, *(line for why in failed_parts.values() for line in why.lines)]
        if ways or not (retry and any(_NO_WAY in line for line in everything)):
            fail(
                f"the toy job of party {guest.id} with party {host.id} failed:",
                *causes,
                *report(guest, host, failed_parts, output),
                *ways,
            )
        time.sleep(5)


def failures(guest: Containers, host: Containers, said: Iterable[str]) -> dict[Part, Failure]:
    """Why the job failed at its parties; nothing if it was not even submitted.

    Args:
        guest: the guest.
        host: the host.
        said: what the example printed, with the job's id.
    """
    job = next((match[1] for line in said if (match := _ID.search(line))), None)
    if job is None:
        return {}
    failed_parts = reasons.failures(FATE_FLOW, _parts(guest, host), job, _TASK)
    if not failed_parts and (why := logs.failure_of_job(FATE_FLOW, guest, job)):
        failed_parts[Part("guest", guest.id)] = why
    return failed_parts


def _parts(guest: Containers, host: Containers) -> dict[Part, Containers]:
    parts = {Part("guest", guest.id): guest, Part("host", host.id): host}
    return {part: party for part, party in parts.items() if not is_peer(party)}


def busy_machine(
    ours: Iterable[Containers], found: Mapping[Part, Failure], seconds: float
) -> Iterator[str]:
    """The causes of a failure that go away on a machine that is less busy.

    Args:
        ours: the parties whose containers are in this stack.
        found: why the job failed at its parties.
        seconds: how long ago the job was started.
    """
    for party in ours:
        own = (line for part, why in found.items() if part.party == party.id for line in why.lines)
        if LATE_MEANS in own or any(LATE in line for line in _eggs_say(party, seconds)):
            yield f"party {party.id}: {LATE_MEANS}"
    for part, why in found.items():
        if part.role == "guest" and why.lines[0].startswith(_WRONG_SUM):
            yield _WRONG_SUM_MEANS


def _eggs_say(party: Containers, seconds: float) -> Iterator[str]:
    """What the eggs of a party on the Docker host of its FATE Flow have logged lately."""
    environment = cli.environment(party.docker_host)
    labels = {"fate.stack": party.stack, "fate.party": party.id, "fate.service": EGG}
    filters = [word for name, is_ in labels.items() for word in ("--filter", f"label={name}={is_}")]
    for name in cli.run(["ps", *filters, "--format", "{{.Names}}"], environment).stdout.split():
        done = cli.run(["logs", "--since", f"{seconds:.0f}s", name], environment)
        yield from (done.stdout + done.stderr).splitlines()


def report(
    guest: Containers, host: Containers, found: Mapping[Part, Failure], said: Sequence[str]
) -> list[str]:
    """Why the job failed, or the end of what the example printed if nobody has logged an error.

    Args:
        guest: the guest.
        host: the host.
        found: why the job failed at its parties.
        said: what the example printed.
    """
    # Without an error of the guest's, the example fails when it reads the guest's ERROR.log.
    lines = reasons.told(_parts(guest, host), found) or ["its last lines:", *said[-20:]]
    lines = [line for line in lines if line != LATE_MEANS]  # told as a cause
    if is_peer(host) and Part("guest", guest.id) not in found:
        lines.append(f"The log of party {host.id} is on that side")
    return lines


if __name__ == "__main__":
    main()
