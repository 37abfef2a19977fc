"""The two parties of a toy job, and how it reports."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import NoReturn

from ..docker.client.containers import Containers
from ..jobs.fate_flow import FateFlow
from ..jobs.reasons import Part, failures, told

ENDED = ("success", "failed", "canceled")
"""The statuses of a job that has ended."""
_JOB_LIMIT = 300  # seconds; a job that is still at work then has more time
_LOG_LIMIT = 60  # seconds without a new line in its logs
_LONGEST = 1800


def parties(stack: str) -> tuple[Containers, Containers]:
    """The guest and the host of the job, from the environment.

    The Docker host of a peer, which somebody else runs, is empty.
    """
    guest, host = (
        Containers(stack, os.environ[role], os.environ[f"{role}_DOCKER"])
        for role in ("GUEST", "HOST")
    )
    return guest, host


def is_peer(party: Containers) -> bool:
    """Whether somebody else runs a party, so that nothing of it can be seen from here."""
    return not party.docker_host


def say(text: str) -> None:
    """Print progress, which is shown at once."""
    print(text, flush=True)


def fail(*lines: str) -> NoReturn:
    """End the check and print the reason."""
    sys.exit("\n".join(lines))


def watch(
    watched: Mapping[str, Containers],
    status: Callable[[Containers, str], str],
    last_lines: Callable[[Containers], list[str]],
) -> dict[str, str]:
    """Wait until a job ends, or has taken long and logs nothing more.

    Args:
        watched: the parties that are asked, by their roles.
        status: asks a party for the status of the job, in a role.
        last_lines: the last lines of a party's logs for the job, by which its progress can be told.

    Returns:
        the last status at each of them, by role.
    """
    start = time.monotonic()
    deadline, logged = start + _JOB_LIMIT, None
    while True:
        ends = {role: status(party, role) for role, party in watched.items()}
        failed = any(state in ENDED[1:] for state in ends.values())
        if failed or all(state in ENDED for state in ends.values()):
            return ends
        if (now := time.monotonic()) > deadline:
            lines = [last_lines(party) for party in watched.values()]
            if lines == logged or now > start + _LONGEST:
                return {role: f"{state} after {now - start:.0f} s" for role, state in ends.items()}
            deadline, logged = now + _LOG_LIMIT, lines
        time.sleep(1)


def last_lines(flow: FateFlow, party: Containers, job: str) -> list[str]:
    """The last lines of FATE Flow's logs for a job, of errors if there are any.

    Args:
        flow: the line's FATE Flow.
        party: the party.
        job: the job's id.
    """
    logs = f"{flow.logs.root}/{job}"
    errors = f"find {logs} -name '*ERROR*' -size +0"
    script = f"files=$({errors}); tail -q -n 12 ${{files:-$(find {logs} -type f)}}"
    lines = party.run(flow.service, script).stdout.strip().splitlines()
    return [f"party {party.id}'s log: {line}" for line in lines[-12:]]


def reasons(flow: FateFlow, watched: Mapping[str, Containers], job: str, task: str) -> list[str]:
    """Why a job failed, or the last lines of its logs if nobody has logged an error.

    Args:
        flow: the line's FATE Flow.
        watched: the parties whose logs can be read, by their roles.
        job: the job's id.
        task: the name of its only task.
    """
    parts = {Part(role, party.id): party for role, party in watched.items()}
    return told(parts, failures(flow, parts, job, task)) or [
        line for party in dict.fromkeys(watched.values()) for line in last_lines(flow, party, job)
    ]


def finish(
    title: str,
    flow: FateFlow,
    watched: Mapping[str, Containers],
    job: str,
    task: str,
    status: Callable[[Containers, str], str],
    broken: Callable[[], Iterable[str]],
) -> None:
    """Watch a job until it ends, and report how; ends the check unless it succeeded.

    Args:
        title: what the job is called.
        flow: the line's FATE Flow.
        watched: the parties that are asked, by their roles.
        job: the job's id.
        task: the name of its only task.
        status: asks a party for the status of the job, in a role.
        broken: tells what keeps the parties from calling each other.
    """
    ends = watch(watched, status, lambda party: last_lines(flow, party, job))
    if set(ends.values()) == {"success"}:
        say(f"{title}: success" + (" on both parties" if len(watched) > 1 else ""))
        return
    fail(
        f"the {title} ({job}) did not succeed: "
        + ", ".join(f"{role} is {state}" for role, state in ends.items()),
        *broken(),
        *reasons(flow, watched, job, task),
    )
