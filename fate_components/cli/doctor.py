"""fatectl doctor: everything that is wrong with a stack, each finding with its remedy."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ..checks import doctor as checks
from ..docker.inspect import survey
from ..operate.stack import StackError
from ..operate.target import TargetError
from ..plan.endpoints import display_name
from .failure import failure
from .stack import StackOption
from .tables import print_table
from .target import aside, target, waiting

ILL = 3
"""The exit code if something does not work."""


def _tables(report: checks.Report) -> Iterator[RenderableType]:
    hosts = Table("Docker host", "Docker", "free disk", "clock", box=None, pad_edge=False)
    for name, surveyed in report.surveys.items():
        disk = "-" if surveyed.disk is None else f"{surveyed.disk / (1 << 30):.0f} GiB"
        clock = "-" if surveyed.error else f"{surveyed.clock:+.1f} s"
        hosts.add_row(name, str(surveyed.info.get("ServerVersion", "-")), disk, clock)
    ways = Table("from", "to", "at", "connected in", box=None, pad_edge=False)
    for way in report.reached:
        seconds = way.seconds
        took = Text("not", "red") if seconds is None else f"{seconds * 1000:.1f} ms"
        here, there = (
            display_name(who).removeprefix("the ") for who in (way.way.party, way.way.to)
        )
        ways.add_row(here, there, f"{way.way.at.host}:{way.way.at.port}", took)
    for table in (hosts, ways):
        table.header_style = "dim"
        if table.row_count:
            yield table
            yield ""


def doctor(
    json_: Annotated[bool, typer.Option("--json", help="Print a JSON document.")] = False,
    stack: StackOption = None,
) -> None:
    """Look for everything that is wrong with a stack, and say what to do about it.

    It checks the Docker hosts, all services, the ways from every party to every other with the
    time to connect, route tables, clocks, disks and certificates, and with FATE 2 what running
    tasks wait for in RabbitMQ. The exit code is 3 if something does not work; warnings do not
    count.
    """
    try:
        with waiting("examining the stack"):
            looked_at = target(stack, None, aside)
            chosen_stack = looked_at.stack
            if chosen_stack is None:
                raise StackError(
                    "no stack file to compare the Docker hosts with: name a stack with --stack"
                )
            plan = chosen_stack.plan
            examined = checks.Stack(
                chosen_stack.name, chosen_stack.settings, chosen_stack.line, plan
            )
            surveys = survey.take(looked_at.docker_hosts, chosen_stack.name)
            members = looked_at.look().members
            report = checks.examine(examined, surveys, members, datetime.now(UTC))
    except (StackError, TargetError) as error:
        raise failure(error) from None
    if json_:
        print(json.dumps(_document(report)))
    else:
        print_table(*_tables(report), *_findings(report))
    raise typer.Exit(ILL if report.errors else 0)


def _findings(report: checks.Report) -> Iterator[RenderableType]:
    for text in report.errors:
        yield Text.assemble(("error: ", "bold red"), text)
    for text in report.warnings:
        yield Text.assemble(("warning: ", "bold yellow"), text)
    if not (report.errors or report.warnings):
        yield Text("nothing is wrong", "green")


def _document(report: checks.Report) -> dict[str, object]:
    return {
        "errors": report.errors,
        "warnings": report.warnings,
        "hosts": {
            name: {
                "docker": surveyed.info.get("ServerVersion"),
                "freeBytes": surveyed.disk,
                "clockAheadSeconds": round(surveyed.clock, 3),
            }
            for name, surveyed in report.surveys.items()
            if not surveyed.error
        },
        "ways": [
            {
                "from": tried.way.party,
                "to": tried.way.to,
                "at": f"{tried.way.at.host}:{tried.way.at.port}",
                "seconds": tried.seconds,
            }
            for tried in report.reached
        ],
    }
