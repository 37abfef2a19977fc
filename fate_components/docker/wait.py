"""Waits until containers are healthy, or reports why one cannot become healthy. Run with -m.

Standard input lists the containers, one `NAME ID` per line. DOCKER_HOST selects the daemon.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .client import cli

START_LIMIT = 600
"""Seconds that a container may take to become healthy."""

# Between inspections, in seconds, or as a share of the time waited so far: each of them takes
# processor time, also of a machine on which many parties start, and are waited for, at once.
_SHORTEST, _SHARE, _LONGEST = 0.5, 0.05, 2.0
_PROGRESS = 10.0  # seconds after which the same progress is printed again
_RESTARTS = 3  # one exit may be a coincidence; after three the service cannot start
# Seconds in a state that Docker does not leave by itself. A restart passes through "exited".
_STUCK_LIMIT = 15
_SILENCE_LIMIT = 60  # seconds without an answer from the daemon
_LOG_LINES = 20


class NotHealthyError(Exception):
    """A container cannot become healthy, or did not in time; the text explains why."""


class NoAnswerError(Exception):
    """The Docker daemon did not answer."""


class AbandonedError(Exception):
    """The parent process has ended, as after Ctrl-C: the plugin terminates only its shell."""


@dataclass(frozen=True)
class Look:
    """The state of a container in Docker at one moment.

    Args:
        status: Docker's status, like running or exited; "removed" if there is no such container.
        health: Docker's health status, or "" for a container without a health check.
        exit_code: the exit code of its last process.
        restarts: how often Docker has restarted it after it exited by itself.
        error: Docker's own error, such as a port that is taken.
        checks: the output of its last health checks, oldest first.
    """

    status: str
    health: str = ""
    exit_code: int = 0
    restarts: int = 0
    error: str = ""
    checks: tuple[str, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether it is running and its health check, if any, succeeds."""
        return self.status == "running" and self.health in ("healthy", "")


Looks = Mapping[str, Look]
"""Containers by name."""


@dataclass
class Patience:
    """Decides after each inspection whether to keep waiting.

    Args:
        limit: seconds after which to give up.
    """

    limit: float = START_LIMIT

    def __post_init__(self) -> None:
        self._before: dict[str, int] = {}
        self._stuck: dict[str, float] = {}

    def judge(self, looks: Looks, elapsed: float) -> str | None:
        """The reason why a container can no longer become healthy, or None to keep waiting.

        Args:
            looks: the current states of the containers.
            elapsed: seconds since the wait began.
        """
        for name, look in looks.items():
            if look.healthy:
                self._stuck.pop(name, None)
                continue
            # Of the exits before the first look only one counts: the others' cause may be gone.
            before = self._before.setdefault(name, max(0, look.restarts - 1))
            if look.restarts - before >= _RESTARTS:
                return f"{name} keeps exiting (last exit code {look.exit_code})"
            if look.status == "removed":
                return f"{name} was removed"
            if look.status in ("running", "restarting"):
                self._stuck.pop(name, None)
                continue
            since = self._stuck.setdefault(name, elapsed)
            if elapsed - since >= _STUCK_LIMIT:
                why = look.error or f"exit code {look.exit_code}"
                return f"{name} is {look.status} and Docker does not start it ({why})"
        if elapsed >= self.limit and (late := waiting_for(looks)):
            return f"{', '.join(late)} did not become healthy within {self.limit:.0f} s"
        return None


def waiting_for(looks: Looks) -> list[str]:
    """The containers that are not healthy yet."""
    return [name for name, look in looks.items() if not look.healthy]


def look_at(found: Mapping[str, Any]) -> Look:
    """The state of a container, from the output of `docker inspect`."""
    state = found["State"]
    health = state.get("Health") or {}
    return Look(
        status=state["Status"],
        health=health.get("Status", ""),
        exit_code=state["ExitCode"],
        restarts=found["RestartCount"],
        error=state.get("Error", ""),
        checks=tuple(entry["Output"].strip() for entry in health.get("Log") or ()),
    )


def inspect(ids: Mapping[str, str]) -> dict[str, Look]:
    """The current states of containers.

    Args:
        ids: their ids by name.

    Raises:
        NoAnswerError: the daemon does not answer.
    """
    done = _docker("inspect", "--type", "container", *ids.values())
    looks = {container["Id"]: look_at(container) for container in json.loads(done.stdout or "[]")}
    errors = done.stderr.lower()
    if done.returncode and "no such container" not in errors:
        raise NoAnswerError(done.stderr.strip())
    return {name: looks.get(id, Look("removed")) for name, id in ids.items()}


def _docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    done = cli.run(arguments)
    if done.returncode == cli.NO_ANSWER:
        raise NoAnswerError(done.stderr)
    return done


def wait(ids: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Wait until all containers are healthy at the same time.

    Args:
        ids: their ids by name.
        say: called with the containers that are still starting, and for how long.

    Raises:
        NotHealthyError: one of them cannot become healthy, or did not in time.
        NoAnswerError: the daemon has not answered for a minute.
        AbandonedError: the parent process has ended.
    """
    patience, parent = Patience(), os.getppid()
    start = answered = time.monotonic()
    said, said_at = "", 0.0
    while True:
        if os.getppid() != parent:
            raise AbandonedError(f"interrupted while waiting for {', '.join(ids)}")
        try:
            looks = inspect(ids)
            answered = time.monotonic()
        except NoAnswerError:
            if time.monotonic() - answered > _SILENCE_LIMIT:
                raise
            time.sleep(_LONGEST)
            continue
        elapsed = time.monotonic() - start
        late = waiting_for(looks)
        if not late:
            say(f"all {len(ids)} healthy")
            return
        if why := patience.judge(looks, elapsed):
            raise NotHealthyError("\n".join([why, *report(ids, looks)]))
        if (now := ", ".join(late)) != said or elapsed - said_at >= _PROGRESS:
            say(f"waiting for {now} ({elapsed:.0f} s)")
            said, said_at = now, elapsed
        time.sleep(min(max(_SHORTEST, _SHARE * elapsed), _LONGEST))


def report(ids: Mapping[str, str], looks: Looks) -> Iterator[str]:
    """The end of the log and of the health check output of each container that is not healthy.

    Those that Docker has restarted come first: the others may only be waiting for them.
    """
    late = waiting_for(looks)
    for name in sorted(late, key=lambda name: (looks[name].restarts == 0, late.index(name))):
        look = looks[name]
        yield f"{name} is {look.status}{f' ({look.health})' if look.health else ''}"
        if look.status != "removed":
            yield from _indented("its log ends with:", _log(ids[name]))
            yield from _indented("its health check says:", look.checks[-1:])


def _log(id: str) -> list[str]:
    try:
        done = _docker("logs", "--tail", str(_LOG_LINES), id)
    except NoAnswerError as error:
        return [str(error)]
    return (done.stdout + done.stderr).strip().splitlines()


def _indented(title: str, texts: Iterable[str]) -> Iterator[str]:
    lines = [line for text in texts for line in text.splitlines() if line.strip()]
    if lines:
        yield f"  {title}"
        yield from (f"    {line}" for line in lines)


def main() -> None:
    """Wait for the containers on standard input; exit with 1 and the reason if that fails."""
    ids = dict(line.split() for line in sys.stdin if line.strip())
    try:
        wait(ids, lambda text: print(text, flush=True))
    except (NotHealthyError, NoAnswerError, AbandonedError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
