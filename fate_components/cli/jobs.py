"""fatectl jobs: what FATE Flow of a party knows about its jobs and their tasks."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from ..docker.client.containers import Containers
from ..jobs import logs, reasons
from ..jobs.fate_flow import JobsError
from ..jobs.reasons import Part
from ..jobs.table import Work, of_party, tasks
from ..operate import flow
from ..operate.fleet import Fleet
from ..operate.stack import StackError
from ..operate.target import Target, TargetError
from .failure import failure
from .stack import StackOption
from .tables import lasting, print_table
from .target import HostOption, aside, target, waiting

_ID = re.compile(r"[0-9A-Za-z_-]{1,100}")
_LOCAL = "0"  # the id of a party in a job with itself alone


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
        if id is not None and not _ID.fullmatch(id):
            raise JobsError(f"{id!r} is not the id of a job; `fatectl jobs {party}` lists them")
        with waiting(f"asking FATE Flow of party {party}"):
            looked_at = target(stack, host, aside)
            asked = _Asked(looked_at, looked_at.look(), party)
            found = [asked.noted(one) for one in of_party(asked.fate_flow, asked.containers, id)]
            if id is None:
                _list(found, json_)
                return
            if not found:
                raise JobsError(
                    f"FATE Flow of party {party} knows no job {id}; "
                    f"`fatectl jobs {party}` lists them"
                )
            listed = tasks(asked.fate_flow, asked.containers, id)
            why = asked.why(id, found, listed)
        _show(found, listed, why, json_)
    except (JobsError, StackError, TargetError) as error:
        raise failure(error) from None


class _Asked:
    """A party, and the others of the stack that can be asked about its jobs.

    Args:
        looked_at: the stack and its Docker hosts.
        found: what is on them.
        party: the party's id.

    Raises:
        TargetError: its FATE Flow is not there, or does not run.
    """

    def __init__(self, looked_at: Target, found: Fleet, party: str) -> None:
        self._target, self._fleet = looked_at, found
        line, self.containers = flow.find(looked_at, found, party)
        self.fate_flow = line.fate_flow

    def _of(self, part: Part) -> Containers | None:
        """The party of a part in a job, if its FATE Flow can be asked."""
        if part.party in (_LOCAL, self.containers.id):
            return self.containers
        with suppress(TargetError):
            return flow.find(self._target, self._fleet, part.party)[1]
        return None

    def noted(self, one: Work) -> Work:
        """A job with what it waits for, if that is at another party."""
        if one.status != "waiting" or one.note:
            return one
        for role, party in one.parties:
            other = self._of(Part(role, party))
            if other is None or other == self.containers:
                continue
            with suppress(JobsError):
                for there in of_party(self.fate_flow, other, one.name):
                    if there.note:
                        return replace(one, note=f"at party {party}: {there.note}")
        return one

    def why(self, job: str, found: Sequence[Work], listed: Sequence[Work]) -> dict[str, list[str]]:
        """Why a party's tasks in a job failed, by their names and roles."""
        own = {Part(one.role, one.party) for one in found}
        parts = list(dict.fromkeys([*own, *(Part(*pair) for one in found for pair in one.parties)]))
        at = {part: party for part in parts if (party := self._of(part))}
        unread = [part for part in parts if part not in at]
        failed = [one for one in listed if one.failed and Part(one.role, one.party) in own]
        why = {}
        for one in failed:
            logged = reasons.failures(self.fate_flow, at, job, one.name)
            part = Part(one.role, one.party)
            why[f"{one.name} ({one.role})"] = reasons.lines(part, logged, unread, job)
        if not failed and any(one.failed for one in found):
            parties = dict.fromkeys([self.containers, *at.values()])
            found_reasons = (logs.failure_of_job(self.fate_flow, party, job) for party in parties)
            reason = next(filter(None, found_reasons), None)
            why[f"job {job}"] = list(reason.lines) if reason else ["it has logged no error"]
        return why


def _list(found: Sequence[Work], as_document: bool) -> None:
    if as_document:
        print(json.dumps({"jobs": [work_document(one) for one in found]}))
    elif found:
        print_table(_table("job", found))
    else:
        print("there are no jobs")


def _show(
    found: Sequence[Work],
    tasks: Sequence[Work],
    why: Mapping[str, Sequence[str]],
    as_document: bool,
) -> None:
    if as_document:
        document = {
            "job": [work_document(one) for one in found],
            "tasks": [work_document(one) for one in tasks],
            "reasons": why,
        }
        print(json.dumps(document))
        return
    print_table(_table("job", found))
    print()
    print_table(_table("task", tasks))
    for who, lines in why.items():
        print_table("", Text(f"{who} failed:", "bold"))
        for said in lines:
            print(said)


def work_document(one: Work) -> dict[str, Any]:
    """What --json prints of a job or a task."""
    return {
        "name": one.name,
        "role": one.role,
        "party": one.party,
        "status": one.status,
        "started": one.started.isoformat(timespec="seconds") if one.started else None,
        "seconds": one.seconds,
        "note": one.note,
    }


def _table(kind: str, found: Iterable[Work]) -> Table:
    table = Table(kind, "role", "party", "status", "started", "took", box=None, pad_edge=False)
    table.header_style = "dim"
    found = list(found)
    if any(one.note for one in found):
        table.add_column("note")
    for one in found:
        colour = "red" if one.failed else "green" if one.ended else "yellow"
        table.add_row(
            one.name,
            one.role,
            one.party,
            Text(one.status, colour),
            f"{one.started.astimezone():%Y-%m-%d %H:%M:%S}" if one.started else "-",
            "-" if one.seconds is None else lasting(one.seconds),
            *([Text(one.note, "yellow")] if one.note else []),
        )
    return table
