"""fatectl logs: what the services of a party write, in the order in which they wrote it."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import cycle
from typing import Annotated

import typer
from rich.console import Console

from ..operate.fleet import Member
from ..operate.logs import LogsError, Source, followed, merged
from ..operate.stack import StackError
from ..operate.target import TargetError, service, services
from .failure import failure
from .stack import StackOption
from .target import HostOption, aside, target, waiting

INTERRUPTED = 130
"""The exit code after Ctrl-C."""

_COLOURS = (
    "cyan", "yellow", "green", "magenta", "blue", "bright_cyan", "bright_yellow", "bright_green",
    "bright_magenta", "bright_blue",
)  # fmt: skip


class Printer:
    """Writes lines to standard output, each after the name of its service.

    Args:
        members: the services.
        console: where it is shown, which decides about colours.
    """

    def __init__(self, members: Sequence[Member], console: Console) -> None:
        width = max(len(member.service) for member in members)
        self._before: dict[str, bytes] = {}
        for member, colour in zip(members, cycle(_COLOURS), strict=False):
            with console.capture() as written:
                console.print(f"{member.service:{width}} |", style=colour, end="")
            self._before[member.name] = written.get().encode() + b" "
        if len(members) == 1:
            self._before = dict.fromkeys(self._before, b"")

    def write(self, member: Member, text: bytes, flush: bool = False) -> None:
        """Write a line of a service."""
        sys.stdout.buffer.write(self._before[member.name] + text + b"\n")
        if flush:
            sys.stdout.buffer.flush()


def logs(
    party: Annotated[str, typer.Argument(help="The party's id, or exchange.", metavar="PARTY")],
    name: Annotated[
        str | None,
        typer.Argument(help="The service, like roll; all if left out.", metavar="SERVICE"),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what is written, until Ctrl-C.")
    ] = False,
    since: Annotated[
        str,
        typer.Option(
            help="From when on: 10m, 2h30m, or a time like 2026-11-25T09:30:00Z.", metavar="TIME"
        ),
    ] = "",
    host: HostOption = None,
    stack: StackOption = None,
) -> None:
    """Show what a party's services write, in the order of time.

    Example: fatectl logs 9999 -f --since 10m
    """
    try:
        with waiting("looking at the Docker hosts"):
            looked_at = target(stack, host, aside)
            fleet = looked_at.look()
        if name:
            members = [service(looked_at, fleet, party, name)]
        else:
            members = services(looked_at, fleet, party)
        for silent_host, why in fleet.silent.items():
            if party in looked_at.parties_on(silent_host):
                aside(looked_at.silence(silent_host, why))
        for member in members:
            if not member.id:
                aside(f"{member.name} is missing on Docker host {member.host}")
        sources = [Source(member, since) for member in members if member.id]
        printer = Printer(members, Console(highlight=False))
        with ExitStack() as until_the_end:
            until_the_end.callback(sys.stdout.flush)
            for member, text in merged(sources):
                printer.write(member, text)
            sys.stdout.flush()
            for member, text in followed(sources) if follow else ():
                printer.write(member, text, flush=True)
    except (LogsError, StackError, TargetError) as error:
        raise failure(error) from None
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
