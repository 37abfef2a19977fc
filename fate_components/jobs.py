"""What FATE Flow of a party knows about its jobs and their tasks."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from . import job_logs, job_waits
from .docker.containers import Containers
from .fate1 import flow_client
from .files import ROOT
from .job_waits import Key
from .toy_job import fate2

QUIET_MINUTES = 10
"""A running job whose tasks have logged nothing for as long may hang."""

_FIELDS = (
    "status", "role", "party_id", "create_time", "start_time", "end_time", "elapsed", "roles",
    "is_initiator",
)  # fmt: skip
_FAILED = ("failed", "timeout", "canceled")
_ENDED = (*_FAILED, "success", "complete", "pass")
# Uploads and downloads are jobs of a party with itself, which have these instead of its id.
_LOCAL = {"role": "local", "party_id": "0"}
# How many of a party's jobs FATE 1.3 runs at a time; the last assignment in the file counts.
_AT_ONCE = (
    f"sed -n 's/^MAX_CONCURRENT_JOB_RUN *= *\\([0-9][0-9]*\\).*/\\1/p' "
    f"{ROOT}/python/fate_flow/settings.py | tail -n 1"
)


class JobsError(Exception):
    """Jobs that cannot be shown; the text explains why."""


@dataclass(frozen=True)
class Work:
    """A job, or a task of one, at one party.

    Args:
        name: the job's id, or the task's name.
        role: the party's role in it.
        party: the party's id, which is 0 for uploads and downloads.
        status: its status, in FATE's words.
        started: when it was started; None if it was not yet.
        seconds: how long it took, or has taken until now.
        note: for what it waits, or that it may hang; "" if there is nothing to say.
        parties: the roles and parties of the job, as far as they are known.
    """

    name: str
    role: str
    party: str
    status: str
    started: datetime | None
    seconds: float | None
    note: str = ""
    parties: tuple[tuple[str, str], ...] = ()

    @property
    def failed(self) -> bool:
        """Whether it has ended without success."""
        return self.status in _FAILED

    @property
    def ended(self) -> bool:
        """Whether it has ended, with or without success."""
        return self.status in _ENDED

    @property
    def running(self) -> bool:
        """Whether its tasks are at work."""
        return self.status == "running"


def works(
    rows: Iterable[Mapping[str, Any]],
    name: str,
    now: datetime,
    notes: Mapping[Key, str] | None = None,
) -> list[Work]:
    """Jobs or tasks from the rows of FATE Flow's tables, the latest first.

    Args:
        rows: the rows.
        name: the column that names each.
        now: the time.
        notes: what there is to say about jobs.
    """
    found = []
    for row in rows:
        began = row.get("start_time") or row.get("create_time")
        started = datetime.fromtimestamp(began / 1000, UTC) if began else None
        seconds = None
        if row.get("elapsed"):
            seconds = row["elapsed"] / 1000
        elif started and row["status"] not in _ENDED:
            seconds = max((now - started).total_seconds(), 0)
        found.append(
            Work(
                str(row[name]), str(row["role"]), str(row["party_id"]), str(row["status"]),
                started, seconds, notes.get(job_waits.key(row), "") if notes else "",
                tuple(_parties(row)),
            )
        )  # fmt: skip
    never = datetime.max.replace(tzinfo=UTC)
    return sorted(found, key=lambda one: one.started or never, reverse=True)


def _parties(row: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """The roles and parties of a job: FATE 1.3 has them as JSON, by role."""
    if isinstance(roles := row.get("roles"), str) and roles:
        pairs = json.loads(roles).items()
    elif isinstance(parties := row.get("parties"), list):
        pairs = [(one["role"], one["party_id"]) for one in parties if isinstance(one, Mapping)]
    else:
        pairs = []
    return ((role, str(party)) for role, ids in pairs for party in ids)


def of_party(line: str, party: Containers, job: str | None = None) -> list[Work]:
    """A party's jobs, also those with itself alone, the latest first.

    Args:
        line: the release line.
        party: the party.
        job: the id of the only job that is wanted.

    Raises:
        JobsError: FATE Flow gives no answer.
    """
    now = datetime.now(UTC)
    rows = _jobs(line, party, {} if job is None else {"job_id": job})
    notes: dict[Key, str] = {}
    if any(row["status"] == "waiting" for row in rows):
        notes |= _waits(line, party, rows if job is None else _jobs(line, party, {}), now)
    found = works(rows, "job_id", now, notes)
    ages = job_logs.silences(line, party, dict.fromkeys(one.name for one in found if one.running))
    quiet = {name: age / 60 for name, age in ages.items() if age >= QUIET_MINUTES * 60}
    return [
        replace(one, note=f"no log line for {quiet[one.name]:.0f} min")
        if one.running and one.name in quiet
        else one
        for one in found
    ]


def _jobs(line: str, party: Containers, filters: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        row
        for who in ({"party_id": party.id}, _LOCAL)
        for row in _rows(line, party, "job", "job_id", {**filters, **who})
    ]


def _waits(
    line: str, party: Containers, rows: Iterable[Mapping[str, Any]], now: datetime
) -> dict[Key, str]:
    if line == "fate2":
        try:
            return job_waits.for_cores(rows, fate2.cores(party))
        except fate2.HopError as error:
            raise JobsError(str(error)) from None
    at_once = party.run("python", _AT_ONCE).stdout.strip()
    if not re.fullmatch(r"\d+", at_once):
        return {}
    return job_waits.for_turn(rows, int(at_once), round(now.timestamp() * 1000))


def tasks(line: str, party: Containers, job: str) -> list[Work]:
    """The tasks of a job that a party knows, in the order in which they ran.

    Args:
        line: the release line.
        party: the party.
        job: the job's id.

    Raises:
        JobsError: FATE Flow gives no answer.
    """
    name = "component_name" if line == "fate1" else "task_name"
    rows = _rows(line, party, "job/task", name, {"job_id": job})
    return works(rows, name, datetime.now(UTC))[::-1]


def _rows(
    line: str, party: Containers, what: str, name: str, filters: Mapping[str, str]
) -> list[dict[str, Any]]:
    try:
        if line == "fate1":
            fields = [f"f_{field}" for field in (name, *_FIELDS)]
            answer = flow_client.ask(party, f"/v1/{what}/query", filters, fields)
        else:
            path = f"/v2/{what}/query?{urlencode(filters)}"
            answer = fate2.request(party, "GET", path)
    except (flow_client.FlowError, fate2.HopError) as error:
        raise JobsError(str(error)) from None
    # What is not found is no error, and has a code of its own in each release.
    rows = answer.get("data") or []
    return [{key.removeprefix("f_"): value for key, value in row.items()} for row in rows]
