"""What FATE Flow of a party knows about its jobs and their tasks."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from ..docker.client.containers import Containers
from . import logs, waits
from .fate_flow import FateFlow
from .waits import Key

QUIET_MINUTES = 10
"""A running job whose tasks have logged nothing for as long may hang."""

_FAILED = ("failed", "timeout", "canceled")
_ENDED = (*_FAILED, "success", "complete", "pass")
# Uploads and downloads are jobs of a party with itself, which have these instead of its id.
_LOCAL = {"role": "local", "party_id": "0"}


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
    unsorted = []
    for row in rows:
        began = row.get("start_time") or row.get("create_time")
        started = datetime.fromtimestamp(began / 1000, UTC) if began else None
        seconds = None
        if row.get("elapsed"):
            seconds = row["elapsed"] / 1000
        elif started and row["status"] not in _ENDED:
            seconds = max((now - started).total_seconds(), 0)
        unsorted.append(
            Work(
                str(row[name]), str(row["role"]), str(row["party_id"]), str(row["status"]),
                started, seconds, notes.get(waits.key(row), "") if notes else "",
                tuple(_parties(row)),
            )
        )  # fmt: skip
    never = datetime.max.replace(tzinfo=UTC)
    return sorted(unsorted, key=lambda work: work.started or never, reverse=True)


def _parties(row: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """The roles and parties of a job: FATE 1.3 has them as JSON, by role."""
    if isinstance(roles := row.get("roles"), str) and roles:
        pairs = json.loads(roles).items()
    elif isinstance(parties := row.get("parties"), list):
        pairs = [
            (entry["role"], entry["party_id"]) for entry in parties if isinstance(entry, Mapping)
        ]
    else:
        pairs = []
    return ((role, str(party)) for role, ids in pairs for party in ids)


def of_party(flow: FateFlow, party: Containers, job: str | None = None) -> list[Work]:
    """A party's jobs, also those with itself alone, the latest first.

    Args:
        flow: FATE Flow of the release line.
        party: the party.
        job: the id of the only job that is wanted.

    Raises:
        JobsError: FATE Flow gives no answer.
    """
    now = datetime.now(UTC)
    rows = _jobs(flow, party, {} if job is None else {"job_id": job})
    notes: dict[Key, str] = {}
    if any(row["status"] == "waiting" for row in rows):
        notes |= flow.waits(party, rows if job is None else _jobs(flow, party, {}), now)
    jobs = works(rows, "job_id", now, notes)
    ages = logs.silences(flow, party, dict.fromkeys(work.name for work in jobs if work.running))
    quiet = {name: age / 60 for name, age in ages.items() if age >= QUIET_MINUTES * 60}
    return [
        replace(work, note=f"no log line for {quiet[work.name]:.0f} min")
        if work.running and work.name in quiet
        else work
        for work in jobs
    ]


def _jobs(flow: FateFlow, party: Containers, filters: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        row
        for who in ({"party_id": party.id}, _LOCAL)
        for row in flow.rows(party, "job", "job_id", {**filters, **who})
    ]


def tasks(flow: FateFlow, party: Containers, job: str) -> list[Work]:
    """The tasks of a job that a party knows, in the order in which they ran.

    Args:
        flow: FATE Flow of the release line.
        party: the party.
        job: the job's id.

    Raises:
        JobsError: FATE Flow gives no answer.
    """
    rows = flow.rows(party, "job/task", flow.task, {"job_id": job})
    return works(rows, flow.task, datetime.now(UTC))[::-1]
