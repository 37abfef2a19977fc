"""fatectl jobs: what FATE Flow of a party knows about its jobs and their tasks."""

import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

import typer
from rich.table import Table
from rich.text import Text

from ..docker.client.containers import Containers
from ..line import Line
from ..lines.fate1_3 import flow_client
from ..lines.fate2 import toy_job as fate2
from . import flow
from .failure import failure
from .stack import StackError, StackOption
from .tables import lasting, print_table
from .target import HostOption, TargetError, aside, target, waiting

_FIELDS = ("status", "role", "party_id", "create_time", "start_time", "end_time", "elapsed")
_FAILED = ("failed", "timeout", "canceled")
_ENDED = (*_FAILED, "success", "complete")
_LINES = 12  # of a log
_ID = re.compile(r"[0-9A-Za-z_-]{1,100}")


class JobsError(Exception):
    """Jobs that cannot be shown; the text explains why."""


@dataclass(frozen=True)
class Work:
    """A job, or a task of one, at one party.

    Args:
        name: the job's id, or the task's name.
        role: the party's role in it.
        party: the party's id.
        status: its status, in FATE's words.
        started: when it was started; None if it was not yet.
        seconds: how long it took, or has taken until now.
    """

    name: str
    role: str
    party: str
    status: str
    started: datetime | None
    seconds: float | None

    @property
    def failed(self) -> bool:
        """Whether it has ended without success."""
        return self.status in _FAILED

    @property
    def ended(self) -> bool:
        """Whether it has ended, with or without success."""
        return self.status in _ENDED


def works(rows: Iterable[Mapping[str, Any]], name: str, now: datetime) -> list[Work]:
    """Jobs or tasks from the rows of FATE Flow's tables, the latest first.

    Args:
        rows: the rows; those of FATE 1.3 have names that begin with f_.
        name: the column that names each.
        now: the time.
    """
    found = []
    for row in rows:
        plain = {key.removeprefix("f_"): value for key, value in row.items()}
        began = plain.get("start_time") or plain.get("create_time")
        started = datetime.fromtimestamp(began / 1000, UTC) if began else None
        seconds = None
        if plain.get("elapsed"):
            seconds = plain["elapsed"] / 1000
        elif started and plain["status"] not in _ENDED:
            seconds = max((now - started).total_seconds(), 0)
        found.append(
            Work(
                str(plain[name]), str(plain["role"]), str(plain["party_id"]),
                str(plain["status"]), started, seconds,
            )
        )  # fmt: skip
    never = datetime.max.replace(tzinfo=UTC)
    return sorted(found, key=lambda one: one.started or never, reverse=True)


def ask(line: Line, party: Containers, what: str, name: str, **filters: str) -> list[Work]:
    """The jobs or tasks that FATE Flow finds.

    Args:
        line: the release line.
        party: the party.
        what: job or job/task.
        name: the column that names each.
        filters: the columns to filter by.

    Raises:
        JobsError: it gives no answer.
    """
    try:
        if line.fate_flow.service == "python":
            fields = [f"f_{field}" for field in (name, *_FIELDS)]
            answer = flow_client.ask(party, f"/v1/{what}/query", filters, fields)
        else:
            path = f"/v2/{what}/query?{urlencode(filters)}"
            answer = fate2.request(party, "GET", path)
    except (flow_client.FlowError, fate2.HopError) as error:
        raise JobsError(str(error)) from None
    # What is not found is no error, and has a code of its own in each release.
    return works(answer.get("data") or [], name, datetime.now(UTC))


def reasons(line: Line, party: Containers, job: str, task: Work | None) -> list[str]:
    """The last lines of a job's logs that say why it, or a task of it, failed.

    Args:
        line: the release line.
        party: the party.
        job: the job's id.
        task: the task; None for the whole job.
    """
    folder = shlex.quote(f"{line.fate_flow.logs}/{job}")
    within = shlex.quote(f"*/{task.role}/{task.party}/*{task.name}*") if task else "'*'"
    script = (
        f"cd {folder} && errors() {{ find . -name '*ERROR*' -size +0 -path \"$1\"; }}; "
        f"files=$(errors {within}); files=${{files:-$(errors '*')}}; "
        f"tail -q -n {_LINES} ${{files:-$(find . -name '*schedul*' -type f)}}"
    )
    said = party.run(line.fate_flow.service, script).stdout.strip().splitlines()
    return said[-_LINES:]


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

    Of a job or a task that failed it shows the lines of FATE's log that say why.
    """
    try:
        if id is not None and not _ID.fullmatch(id):
            raise JobsError(f"{id!r} is not the id of a job; `fatectl jobs {party}` lists them")
        with waiting(f"asking FATE Flow of party {party}"):
            looked_at = target(stack, host, aside)
            line, of_party = flow.find(looked_at, looked_at.look(), party)
            filters = {"party_id": party} if id is None else {"party_id": party, "job_id": id}
            found = ask(line, of_party, "job", "job_id", **filters)
            if id is None:
                _list(found, json_)
                return
            if not found:
                raise JobsError(
                    f"FATE Flow of party {party} knows no job {id}; "
                    f"`fatectl jobs {party}` lists them"
                )
            name = "component_name" if line.fate_flow.service == "python" else "task_name"
            tasks = ask(line, of_party, "job/task", name, job_id=id)
            tasks = tasks[::-1]  # in the order in which they ran
            why = _why(line, of_party, id, found, tasks)
        _show(found, tasks, why, json_)
    except (JobsError, StackError, TargetError) as error:
        raise failure(error) from None


def _why(
    line: Line, party: Containers, job: str, found: Sequence[Work], tasks: Sequence[Work]
) -> list[tuple[str, list[str]]]:
    failed = [task for task in tasks if task.failed and task.party == party.id]
    why = [(f"{task.name} ({task.role})", reasons(line, party, job, task)) for task in failed]
    if not failed and any(one.failed for one in found):
        why = [(f"job {job}", reasons(line, party, job, None))]
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
    why: Sequence[tuple[str, list[str]]],
    as_document: bool,
) -> None:
    if as_document:
        document = {
            "job": [work_document(one) for one in found],
            "tasks": [work_document(one) for one in tasks],
            "reasons": dict(why),
        }
        print(json.dumps(document))
        return
    print_table(_table("job", found))
    print()
    print_table(_table("task", tasks))
    for who, lines in why:
        print_table("", Text(f"{who} failed; the last lines of its log:", "bold"))
        for said in lines or ["it has none"]:
            print(said)


def work_document(one: Work) -> dict[str, Any]:
    """What --json prints of a job or a task."""
    started = one.started.isoformat(timespec="seconds") if one.started else None
    return {**asdict(one), "started": started}


def _table(kind: str, found: Iterable[Work]) -> Table:
    table = Table(kind, "role", "party", "status", "started", "took", box=None, pad_edge=False)
    table.header_style = "dim"
    for one in found:
        colour = "red" if one.failed else "green" if one.ended else "yellow"
        table.add_row(
            one.name,
            one.role,
            one.party,
            Text(one.status, colour),
            f"{one.started.astimezone():%Y-%m-%d %H:%M:%S}" if one.started else "-",
            "-" if one.seconds is None else lasting(one.seconds),
        )
    return table
