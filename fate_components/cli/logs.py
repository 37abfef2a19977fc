"""fatectl logs: what the services of a party write, in the order in which they wrote it."""

import heapq
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from itertools import cycle
from queue import Queue
from typing import IO, Annotated

import typer
from rich.console import Console

from ..docker.client import cli
from ..operate.fleet import Member
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
# What `docker logs --timestamps` puts before a line.
_STAMPED = re.compile(rb"(\d{4}-\d\d-\d\dT[\d:]{8})(?:\.(\d{1,9}))?Z ?(.*)", re.DOTALL)
_AGAIN = 2  # seconds until a container that has ended is looked for again

Line = tuple[str, bytes]
"""When a line was written, in a form that sorts like the time, and its text."""


class LogsError(Exception):
    """Logs that cannot be read; the text explains why."""


def line(written: bytes) -> Line | None:
    """A line of `docker logs --timestamps`; None if it is a message of docker itself."""
    found = _STAMPED.match(written)
    if not found:
        return None
    fraction = (found[2] or b"").decode().ljust(9, "0")
    return f"{found[1].decode()}.{fraction}Z", found[3].rstrip(b"\r\n")


def after(when: str) -> str:
    """The next time that a line can be written, a nanosecond later."""
    seconds, nanoseconds = when.rstrip("Z").split(".")
    later = int(nanoseconds) + 1
    if later < 10**9:
        return f"{seconds}.{later:09}Z"
    return f"{datetime.fromisoformat(seconds) + timedelta(seconds=1):%Y-%m-%dT%H:%M:%S}.000000000Z"


def last(member: Member, count: int) -> list[Line]:
    """The last lines of a service's log, in the order of time.

    Args:
        member: the service.
        count: how many lines.

    Raises:
        LogsError: docker cannot read them.
    """
    command = ["logs", "--timestamps", "--tail", str(count), member.name]
    done = cli.run(command, cli.environment(member.docker_host))
    if done.returncode:
        why = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise LogsError(f"the log of {member.name} cannot be read: {why}")
    written = (done.stdout + done.stderr).encode().split(b"\n")
    return sorted(filter(None, map(line, written)), key=lambda one: one[0])


class Source:
    """The log of a service.

    Args:
        member: the service.
        since: from when on, as `docker logs --since` takes it; everything if "".
    """

    def __init__(self, member: Member, since: str) -> None:
        self.member = member
        self._since = since

    @contextmanager
    def _reading(self, *options: str) -> Iterator[tuple["subprocess.Popen[bytes]", IO[bytes]]]:
        since = ["--since", self._since] if self._since else []
        # By its name, so that one in its place is found as well.
        command = ["docker", "logs", "--timestamps", *options, *since, self.member.name]
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **cli.environment(self.member.docker_host)},
        ) as process:
            assert process.stdout  # noqa: S101 - a pipe
            try:
                yield process, process.stdout
            finally:
                process.kill()

    def lines(self, *options: str) -> Iterator[Line]:
        """The lines from where the last call has ended.

        Args:
            options: more options of `docker logs`.

        Raises:
            LogsError: docker cannot read them.
        """
        said = b""
        with self._reading(*options) as (process, output):
            for written in output:
                found = line(written)
                if found:
                    self._since = after(found[0])
                    yield found
                else:
                    said = written
            if process.wait():
                why = said.decode(errors="replace").strip() or f"exit code {process.returncode}"
                raise LogsError(f"the log of {self.member.name} cannot be read: {why}")

    def follow(self) -> Iterator[Line]:
        """The lines for ever, also of a container that is started again or replaced."""
        while True:
            # Fails while it is being replaced, or its Docker host does not answer.
            with suppress(LogsError):
                yield from self.lines("--follow")
            time.sleep(_AGAIN)


class Printer:
    """Writes lines to standard output, each after the name of its service.

    Args:
        members: the services.
        console: where it is shown, which decides about colours.
    """

    def __init__(self, members: Sequence[Member], console: Console) -> None:
        width = max(len(one.service) for one in members)
        self._before: dict[str, bytes] = {}
        for one, colour in zip(members, cycle(_COLOURS), strict=False):
            with console.capture() as written:
                console.print(f"{one.service:{width}} |", style=colour, end="")
            self._before[one.name] = written.get().encode() + b" "
        if len(members) == 1:
            self._before = dict.fromkeys(self._before, b"")

    def write(self, member: Member, text: bytes, flush: bool = False) -> None:
        """Write a line of a service."""
        sys.stdout.buffer.write(self._before[member.name] + text + b"\n")
        if flush:
            sys.stdout.buffer.flush()


def merged(sources: Sequence[Source]) -> Iterator[tuple[Member, bytes]]:
    """What was written so far, by the time at which it was."""

    def of(source: Source) -> Iterator[tuple[str, Source, bytes]]:
        # Standard output and standard error of one service may be a little out of order.
        latest = ""
        for when, text in source.lines():
            latest = max(latest, when)
            yield latest, source, text

    for _, source, text in heapq.merge(*map(of, sources), key=lambda one: one[0]):
        yield source.member, text


def followed(sources: Sequence[Source]) -> Iterator[tuple[Member, bytes]]:
    """What is written from now on, as it arrives."""
    arrived: Queue[tuple[Member, bytes]] = Queue()

    def read(source: Source) -> None:
        for _, text in source.follow():
            arrived.put((source.member, text))

    for source in sources:
        threading.Thread(target=read, args=(source,), daemon=True).start()
    while True:
        yield arrived.get()


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
            found = looked_at.look()
        if name:
            members = [service(looked_at, found, party, name)]
        else:
            members = services(looked_at, found, party)
        for one, why in found.silent.items():
            if party in looked_at.parties_on(one):
                aside(looked_at.silence(one, why))
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
