"""For what jobs wait, from the rows of FATE Flow's job table.

FATE 1.3 runs the jobs that a party has submitted from a queue, some at a time (DAGScheduler in
fate_flow/driver/dag_scheduler.py of FATE 1.3.0). FATE 2 starts a job when each of its parties has
cores for it, and tries the oldest waiting job only (scheduler/scheduler.py and
manager/service/resource_manager.py of FATE Flow 2.2.0).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
Key = tuple[str, str, str]
"""A job, and the role and the id of a party in it."""

_WAITING = "waiting"
_STUCK = 60_000  # ms; a scheduler that has room takes a job from the queue at once


def key(row: Row) -> Key:
    """What identifies a row."""
    return str(row["job_id"]), str(row["role"]), str(row["party_id"])


def for_cores(rows: Iterable[Row], total: int) -> dict[Key, str]:
    """For what jobs of FATE 2 wait at a party; one that only others hold up is left out.

    Args:
        rows: the jobs that the party's FATE Flow knows.
        total: how many cores its jobs may use together.
    """
    rows = list(rows)
    holders = [row for row in rows if row.get("resource_in_use")]
    in_use = sum(row.get("cores") or 0 for row in holders)
    notes = {}
    for row in _waiting(rows):
        needs = row.get("cores") or 0
        if needs > total - in_use:
            more = f"; it needs {needs}" if in_use < total else ""
            notes[key(row)] = (
                f"waits for cores: {in_use} of {total} in use by {_names(holders)}{more}"
            )
        elif older := _older(row, rows, "scheduler_party_id"):
            notes[key(row)] = f"waits behind {older}"
    return notes


def for_turn(rows: Iterable[Row], at_once: int, now: int) -> dict[Key, str]:
    """For what jobs of FATE 1.3 wait at the party that has submitted them.

    Args:
        rows: the jobs that the party's FATE Flow knows.
        at_once: how many of the party's jobs run at a time.
        now: the time, in ms.
    """
    rows = [row for row in rows if row.get("is_initiator")]
    running = [row for row in rows if row["status"] == "running"]
    ran = f"{len(running)} of {at_once} jobs"
    notes = {}
    for row in _waiting(rows):
        if len(running) >= at_once:
            notes[key(row)] = f"waits for its turn: {ran} at a time run: {_names(running)}"
        elif now - (row.get("create_time") or now) > _STUCK:
            notes[key(row)] = (
                f"waits although only {ran} at a time run: FATE Flow schedules nothing more; "
                "restart its container"
            )
    return notes


def _waiting(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["status"] == _WAITING]


def _older(row: Row, rows: Sequence[Row], scheduler: str) -> str:
    """The job that must start before this one; "" if none must."""
    before = [
        (other["create_time"], str(other["job_id"]))
        for other in _waiting(rows)
        if other.get(scheduler) == row.get(scheduler)
        and (other.get("create_time") or 0) < (row.get("create_time") or 0)
    ]
    return min(before)[1] if before else ""


def _names(rows: Iterable[Row]) -> str:
    return ", ".join(sorted({str(row["job_id"]) for row in rows})) or "no job"
