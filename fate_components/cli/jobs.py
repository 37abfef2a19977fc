"""fatectl jobs: what FATE Flow of a party knows about its jobs and their tasks."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from ..jobs.fate_flow import JobsError
from ..jobs.table import Work
from ..operate.jobs import Job, PartyJobs, check_id
from ..operate.stack import StackError
from ..operate.target import TargetError
from .failure import failure
from .stack import StackOption
from .tables import lasting, print_table
from .target import HostOption, aside, target, waiting


def jobs(
    party: Annotated[str, typer.Argument(help="The party's id.", metavar="PARTY")],
    id: Annotated[
        str | None, typer.Argument(help="A job's id, to see its tasks.", metavar="JOB")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print a JSON document.")] = False,
    host: HostOption = None,
    stack: StackOption = None,
) -> None:
    """Show a party's jobs, the latest first, or the tasks of one.

    Example: fatectl jobs 9999 202611250959068282534

    Of a job that waits it shows for what, of a task that failed the first error and where in FATE's
    code it is, or which party's failure ended it.
    """
    try:
        if id is not None:
            check_id(id, party)
        with waiting(f"asking FATE Flow of party {party}"):
            looked_at = target(stack, host, aside)
            known = PartyJobs(looked_at, looked_at.look(), party)
            if id is None:
                _list(known.listed(), json_)
                return
            job = known.job(id)
        _show(job, json_)
    except (JobsError, StackError, TargetError) as error:
        raise failure(error) from None


def _list(jobs: Sequence[Work], as_document: bool) -> None:
    if as_document:
        print(json.dumps({"jobs": [work_document(job) for job in jobs]}))
    elif jobs:
        print_table(_table("job", jobs))
    else:
        print("there are no jobs")


def _show(job: Job, as_document: bool) -> None:
    if as_document:
        document = {
            "job": [work_document(part) for part in job.parts],
            "tasks": [work_document(task) for task in job.tasks],
            "reasons": job.reasons,
        }
        print(json.dumps(document))
        return
    print_table(_table("job", job.parts))
    print()
    print_table(_table("task", job.tasks))
    for who, lines in job.reasons.items():
        print_table("", Text(f"{who} failed:", "bold"))
        for line in lines:
            print(line)


def work_document(work: Work) -> dict[str, Any]:
    """What --json prints of a job or a task."""
    return {
        "name": work.name,
        "role": work.role,
        "party": work.party,
        "status": work.status,
        "started": work.started.isoformat(timespec="seconds") if work.started else None,
        "seconds": work.seconds,
        "note": work.note,
    }


def _table(kind: str, works: Sequence[Work]) -> Table:
    table = Table(kind, "role", "party", "status", "started", "took", box=None, pad_edge=False)
    table.header_style = "dim"
    if any(work.note for work in works):
        table.add_column("note")
    for work in works:
        colour = "red" if work.failed else "green" if work.ended else "yellow"
        table.add_row(
            work.name,
            work.role,
            work.party,
            Text(work.status, colour),
            f"{work.started.astimezone():%Y-%m-%d %H:%M:%S}" if work.started else "-",
            "-" if work.seconds is None else lasting(work.seconds),
            *([Text(work.note, "yellow")] if work.note else []),
        )
    return table
