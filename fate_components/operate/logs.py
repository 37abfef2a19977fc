"""The logs of services, each line with its time, of one service or of several together."""

import heapq
import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from queue import Queue
from typing import IO

from ..docker.client import cli
from .fleet import Member

# What `docker logs --timestamps` puts before a line.
_STAMPED = re.compile(rb"(\d{4}-\d\d-\d\dT[\d:]{8})(?:\.(\d{1,9}))?Z ?(.*)", re.DOTALL)
_AGAIN = 2  # seconds until a container that has ended is looked for again

Line = tuple[str, bytes]
"""When a line was written, in a form that sorts like the time, and its text."""


class LogsError(Exception):
    """Logs that cannot be read; the text explains why."""


def line(written: bytes) -> Line | None:
    """A line of `docker logs --timestamps`; None if it is a message of docker itself."""
    stamped = _STAMPED.match(written)
    if not stamped:
        return None
    seconds, fraction, text = stamped.groups(default=b"")
    return f"{seconds.decode()}.{fraction.decode():0<9}Z", text.rstrip(b"\r\n")


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
    return sorted(filter(None, map(line, written)), key=lambda stamped: stamped[0])


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
        message = b""
        with self._reading(*options) as (process, output):
            for written in output:
                if stamped := line(written):
                    self._since = after(stamped[0])
                    yield stamped
                else:
                    message = written
            if process.wait():
                why = message.decode(errors="replace").strip() or f"exit code {process.returncode}"
                raise LogsError(f"the log of {self.member.name} cannot be read: {why}")

    def follow(self) -> Iterator[Line]:
        """The lines for ever, also of a container that is started again or replaced."""
        while True:
            # Fails while it is being replaced, or its Docker host does not answer.
            with suppress(LogsError):
                yield from self.lines("--follow")
            time.sleep(_AGAIN)


def merged(sources: Sequence[Source]) -> Iterator[tuple[Member, bytes]]:
    """What was written so far, by the time at which it was."""

    def of(source: Source) -> Iterator[tuple[str, Source, bytes]]:
        # Standard output and standard error of one service may be a little out of order.
        latest = ""
        for when, text in source.lines():
            latest = max(latest, when)
            yield latest, source, text

    for _, source, text in heapq.merge(*map(of, sources), key=lambda stamped: stamped[0]):
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
