"""What a stack is like now, asked again and again while somebody looks at the page.

Each Docker host and each party is asked in a thread of its own, so that one that does not answer
holds up nobody else.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from ...jobs import table
from ...jobs.fate_flow import JobsError
from ...jobs.table import Work
from ...operate import fleet, flow, logs
from ...operate.fleet import Answer, Fleet, Usage
from ...operate.stack import StackError
from ...operate.target import Target, TargetError, service
from ...security.redaction import Redactor
from ..stack import workspace
from .checks import Check, checks

_SERVICES_EVERY, _JOBS_EVERY, _CHECKS_EVERY = 2, 10, 60  # seconds between two questions
_VIEWED = 15  # seconds after which nobody looks at the page any more
_PATIENCE = 15  # seconds after which a Docker host that is silent counts as one
_LOG_LINES = 500
ASKED = "it has just been asked"
"""Why a Docker host is silent that has had no time to answer."""


@dataclass(frozen=True)
class Seen:
    """What is known at a time.

    Args:
        fleet: the services.
        usages: what each container uses, by its id.
        answered: when each Docker host has last answered, by its name.
        jobs: the jobs that each party has last told, by its id.
        job_faults: why parties do not tell their jobs, by their ids.
        checks: the checks that succeeded; None before the state was read.
        checks_fault: why they are not known.
    """

    fleet: Fleet
    usages: Mapping[str, Usage] = field(default_factory=dict)
    answered: Mapping[str, datetime] = field(default_factory=dict)
    jobs: Mapping[str, Sequence[Work]] = field(default_factory=dict)
    job_faults: Mapping[str, str] = field(default_factory=dict)
    checks: Sequence[Check] | None = None
    checks_fault: str = ""


def _why(error: Exception) -> str:
    """Why a question has no answer. The next one is asked nevertheless, whatever it was."""
    expected = isinstance(error, JobsError | StackError | TargetError)
    return str(error) if expected else f"{type(error).__name__}: {error}"


class Live:
    """A stack, watched.

    Args:
        target: the stack and its Docker hosts.
        redact: removes its secrets from texts.
        notes: what its reader must know about what is shown.
    """

    def __init__(self, target: Target, redact: Redactor, notes: Sequence[str] = ()) -> None:
        self.target = target
        self.redact = redact
        self.notes = notes
        self._answers: dict[str, Answer] = {}
        self._usages: dict[str, Mapping[str, Usage]] = {}
        self._answered: dict[str, datetime] = {}
        self._asked: dict[str, float] = {}  # since when a question is open
        self._jobs: dict[str, Sequence[Work]] = {}
        self._job_faults: dict[str, str] = {}
        self._checks: Sequence[Check] | None = None
        self._checks_fault = ""
        self._threads: set[str] = set()
        self._viewed_at = float("-inf")
        self._viewed = threading.Condition()

    def view(self) -> Seen:
        """What is known now; everything is asked again for a while."""
        with self._viewed:
            if not self._is_viewed():
                self._answers.clear()  # what was known before is too old to be shown
            self._viewed_at = time.monotonic()
            self._viewed.notify_all()
        for host in self.target.docker_hosts:
            self._repeat(f"host {host}", partial(self.look, host), _SERVICES_EVERY)
        if self.target.stack:
            self._repeat("checks", self.read_checks, _CHECKS_EVERY)
        seen = self.seen()
        for party in flow.parties(self.target, seen.fleet):
            self._repeat(f"party {party}", partial(self.ask_jobs, party), _JOBS_EVERY)
        return seen

    def seen(self) -> Seen:
        """What is known now."""
        return Seen(
            self._fleet(),
            {id: usage for usages in [*self._usages.values()] for id, usage in usages.items()},
            dict(self._answered),
            dict(self._jobs),
            dict(self._job_faults),
            self._checks,
            self._checks_fault,
        )

    def look(self, host: str) -> None:
        """Ask a Docker host how its services are, and what they use."""
        self._asked[host] = time.monotonic()
        try:
            answer = fleet.ask(host, self.target.docker_hosts[host], self.target.name)
            self._answers[host] = answer
            self._asked.pop(host)
            if isinstance(answer, list):
                self._answered[host] = datetime.now(UTC)
                self._usages[host] = fleet.measure(answer)
        except Exception as error:
            self._answers[host] = _why(error)
            self._asked.pop(host, None)

    def ask_jobs(self, party: str) -> None:
        """Ask a party's FATE Flow for its jobs."""
        try:
            line, containers = flow.find(self.target, self._fleet(), party)
            self._jobs[party] = table.of_party(line.fate_flow, containers)
            self._job_faults.pop(party, None)
        except Exception as error:
            self._job_faults[party] = _why(error)

    def read_checks(self) -> None:
        """Read the results of the last checks from the state."""
        try:
            with workspace(self.target.name) as (project, name):
                deployment = project.export_stack(name).deployment or {}
            self._checks, self._checks_fault = checks(deployment.get("resources", [])), ""
        except Exception as error:
            self._checks_fault = _why(error)

    def log(self, party: str, name: str) -> list[tuple[str, str]]:
        """The last lines of a service's log: when each was written, and its text.

        Raises:
            LogsError: docker cannot read them.
            TargetError: there is no such service.
        """
        seen_fleet = self._fleet()
        for member in self.target.wanted:
            if (member.party, member.service) == (party, name) and member.host in seen_fleet.silent:
                raise TargetError(self.target.silence(member.host, seen_fleet.silent[member.host]))
        member = service(self.target, seen_fleet, party, name)
        return [
            (when, self.redact(written.decode(errors="replace")))
            for when, written in logs.last(member, _LOG_LINES)
        ]

    def _fleet(self) -> Fleet:
        answers: dict[str, Answer] = {}
        for host in self.target.docker_hosts:
            waited = time.monotonic() - self._asked.get(host, time.monotonic())
            answer = self._answers.get(host, ASKED)
            answers[host] = f"no answer for {waited:.0f} s" if waited > _PATIENCE else answer
        return fleet.joined(answers, self.target.wanted)

    def _is_viewed(self) -> bool:
        return time.monotonic() - self._viewed_at < _VIEWED

    def _repeat(self, name: str, what: Callable[[], None], every: float) -> None:
        """Do something again and again while somebody looks at the page."""

        def go_on() -> None:
            while True:
                with self._viewed:
                    self._viewed.wait_for(self._is_viewed)
                what()
                time.sleep(every)

        with self._viewed:
            if name in self._threads:
                return
            self._threads.add(name)
        threading.Thread(target=go_on, name=name, daemon=True).start()
