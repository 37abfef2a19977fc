"""fatectl status: all services of a stack, as they are on its Docker hosts."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ..operate import fleet
from ..operate.fleet import MISSING, Condition, Fleet, Member, Usage, condition
from ..operate.stack import StackError
from ..operate.target import Target, TargetError
from ..plan.endpoints import display_name
from .failure import failure
from .stack import StackOption
from .tables import console, lasting, print_table
from .target import HostOption, aside, target, waiting

UNWELL = 3
"""The exit code if a service is not healthy, or a Docker host does not answer."""

_EVERY = 2  # seconds between two looks of --watch
_COLUMNS = (
    "service", "host", "state", "health", "since", "restarts", "memory", "cpu", "ports", "image",
)  # fmt: skip
_COLOURS: Mapping[Condition, str] = {"well": "green", "changing": "yellow", "ill": "red"}


@dataclass(frozen=True)
class Status:
    """What was found, and what it uses.

    Args:
        fleet: the services.
        usages: what each container uses, by its id.
    """

    fleet: Fleet
    usages: Mapping[str, Usage]

    @property
    def well(self) -> bool:
        """Whether every service is healthy, and there is one."""
        members = self.fleet.members
        return bool(members) and not self.fleet.silent and all(member.well for member in members)


def look(looked_at: Target) -> Status:
    """Look at a stack, and measure what it uses.

    Raises:
        TargetError: containers of several stacks are there, and none was chosen.
    """
    seen_fleet = looked_at.look()
    return Status(seen_fleet, fleet.measure(seen_fleet.members))


def ago(since: datetime | None, now: datetime) -> str:
    """How long something lasts, in its largest unit, like 3 h."""
    return "-" if since is None else lasting(max((now - since).total_seconds(), 0))


def size(count: int) -> str:
    """A number of bytes in MiB or GiB."""
    mib = count / (1 << 20)
    return f"{mib:.0f} MiB" if mib < 1024 else f"{mib / 1024:.1f} GiB"


def service_document(member: Member, usage: Usage | None) -> dict[str, Any]:
    """What --json prints of a service.

    Args:
        member: the service.
        usage: what it uses, if that is known.
    """
    return {
        "service": member.service,
        "host": member.host,
        "container": member.name,
        "state": member.state,
        "health": member.health or None,
        "since": member.since.isoformat(timespec="seconds") if member.since else None,
        "restarts": member.restarts,
        "image": member.image or None,
        "ports": member.ports,
        "memoryBytes": usage.memory if usage else None,
        "cpuCores": round(usage.cores, 3) if usage and usage.cores is not None else None,
        "healthy": member.well,
    }


def as_json(looked_at: Target, status: Status) -> dict[str, Any]:
    """The document that --json prints."""
    return {
        "stack": looked_at.name or next((member.stack for member in status.fleet.members), None),
        "healthy": status.well,
        "parties": [
            {
                "party": party,
                "services": [
                    service_document(member, status.usages.get(member.id)) for member in members
                ],
            }
            for party, members in status.fleet.parties.items()
        ],
        "unreachable": [
            {"host": host, "parties": looked_at.parties_on(host), "reason": why}
            for host, why in status.fleet.silent.items()
        ],
    }


def tables(looked_at: Target, status: Status, now: datetime) -> Iterator[RenderableType]:
    """A table for each party, and a line for each Docker host that does not answer."""
    for party, members in status.fleet.parties.items():
        ill = sum(not member.well for member in members)
        title = display_name(party).removeprefix("the ")
        yield Text.assemble(
            (title, "bold"), ": ", (f"{ill} of {len(members)} not healthy", "red")
            if ill else (f"{len(members)} healthy", "green"),
        )  # fmt: skip
        table = Table(box=None, pad_edge=False, header_style="dim")
        for column in _COLUMNS:
            loose = column in ("ports", "image")
            table.add_column(column, no_wrap=not loose, overflow="fold" if loose else "ellipsis")
        for member in members:
            table.add_row(*_row(member, status, now))
        yield table
        yield ""
    for host, why in status.fleet.silent.items():
        yield Text(looked_at.silence(host, why), "red")
    if not status.fleet.members and not status.fleet.silent:
        yield "there are no containers"


def grouped(ports: Iterable[str]) -> list[str]:
    """Ports, of which more than two in a row at one address are one: 10.0.0.7:26010-26025.

    Args:
        ports: ports on a Docker host, like 10.0.0.7:26010.
    """
    runs: list[list[str]] = []
    for endpoint in ports:
        address, _, port = endpoint.rpartition(":")
        if runs and runs[-1][-1] == f"{address}:{int(port) - 1}":
            runs[-1].append(endpoint)
        else:
            runs.append([endpoint])
    shortened: list[str] = []
    for run in runs:
        long = len(run) > 2
        shortened += [f"{run[0]}-{run[-1].rpartition(':')[2]}"] if long else run
    return shortened


def _row(member: Member, status: Status, now: datetime) -> list[str | Text]:
    usage = status.usages.get(member.id)
    cores = usage.cores if usage else None
    return [
        member.service,
        member.host,
        Text(member.state, _COLOURS[condition(member.state)]),
        Text(member.health or "-", _COLOURS[condition(member.health)] if member.health else ""),
        ago(member.since, now),
        "-" if member.state == MISSING else str(member.restarts),
        size(usage.memory) if usage else "-",
        f"{cores:.1%}" if cores is not None else "-",
        " ".join(grouped(member.ports)) or "-",
        member.image or "-",
    ]


def status(
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Look again every two seconds, until Ctrl-C.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print a JSON document.")] = False,
    host: HostOption = None,
    stack: StackOption = None,
) -> None:
    """Show every service of every party, with its health and what it uses.

    The exit code is 0 if all are healthy, and 3 if one is not or a Docker host does not answer.
    Services that are missing show too.

    Example without the stack's state: fatectl status --stack prod
    """
    shown = console()
    try:
        with waiting("looking at the Docker hosts"):
            looked_at = target(stack, host, aside)
            current_status = look(looked_at)
        if watch:
            current_status = _watch(shown, looked_at, current_status, json_)
        else:
            _print(looked_at, current_status, json_)
    except (StackError, TargetError) as error:
        raise failure(error) from None
    raise typer.Exit(0 if current_status.well else UNWELL)


def _print(looked_at: Target, status: Status, as_document: bool) -> None:
    if as_document:
        print(json.dumps(as_json(looked_at, status)), flush=True)
    else:
        print_table(*tables(looked_at, status, datetime.now(UTC)))


def _watch(shown: Console, looked_at: Target, status: Status, as_document: bool) -> Status:
    try:
        if as_document or not shown.is_terminal:
            while True:
                _print(looked_at, status, as_document)
                time.sleep(_EVERY)
                status = look(looked_at)
        with Live(console=shown, screen=True, auto_refresh=False) as live:
            while True:
                now = datetime.now(UTC)
                title = Text(f"{now.astimezone():%H:%M:%S}, Ctrl-C ends", "dim")
                live.update(Group(title, *tables(looked_at, status, now)), refresh=True)
                time.sleep(_EVERY)
                status = look(looked_at)
    except KeyboardInterrupt:
        if shown.is_terminal and not as_document:
            _print(looked_at, status, as_document)  # the terminal shows again what was there before
        return status
