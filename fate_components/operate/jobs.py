"""The jobs of a party, and what the other parties of its stack know about them."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from ..docker.client.containers import Containers
from ..jobs import logs, reasons
from ..jobs.fate_flow import JobsError
from ..jobs.reasons import Part
from ..jobs.table import Work, of_party, tasks
from . import flow
from .fleet import Fleet
from .target import Target, TargetError

_ID = re.compile(r"[0-9A-Za-z_-]{1,100}")
_LOCAL = "0"  # the id of a party in a job with itself alone


@dataclass(frozen=True)
class Job:
    """A job of a party.

    Args:
        parts: the job in each of the party's roles.
        tasks: their tasks.
        reasons: why tasks failed, line by line, by the tasks' names and roles.
    """

    parts: Sequence[Work]
    tasks: Sequence[Work]
    reasons: dict[str, list[str]]


def check_id(job: str, party: str) -> None:
    """Check that a text can be the id of a job.

    Args:
        job: the text.
        party: the id of the party whose job it is to be.

    Raises:
        JobsError: it cannot.
    """
    if not _ID.fullmatch(job):
        raise JobsError(f"{job!r} is not the id of a job; `fatectl jobs {party}` lists them")


class PartyJobs:
    """The jobs of a party. Other parties of the stack are asked for what it does not know.

    Args:
        target: the stack and its Docker hosts.
        fleet: what is on them.
        party: the party's id.

    Raises:
        TargetError: its FATE Flow is not there, or does not run.
    """

    def __init__(self, target: Target, fleet: Fleet, party: str) -> None:
        self._target, self._fleet = target, fleet
        line, self._containers = flow.find(target, fleet, party)
        self._fate_flow = line.fate_flow

    def listed(self) -> list[Work]:
        """The jobs, the latest first.

        Raises:
            JobsError: FATE Flow gives no answer.
        """
        return self._parts(None)

    def job(self, job: str) -> Job:
        """A job with its tasks.

        Args:
            job: its id.

        Raises:
            JobsError: FATE Flow does not know it, or gives no answer.
        """
        parts = self._parts(job)
        if not parts:
            party = self._containers.id
            raise JobsError(
                f"FATE Flow of party {party} knows no job {job}; `fatectl jobs {party}` lists them"
            )
        listed = tasks(self._fate_flow, self._containers, job)
        return Job(parts, listed, self._reasons(job, parts, listed))

    def _parts(self, job: str | None) -> list[Work]:
        return [self._noted(part) for part in of_party(self._fate_flow, self._containers, job)]

    def _of(self, part: Part) -> Containers | None:
        """The party of a part in a job, if its FATE Flow can be asked."""
        if part.party in (_LOCAL, self._containers.id):
            return self._containers
        with suppress(TargetError):
            return flow.find(self._target, self._fleet, part.party)[1]
        return None

    def _noted(self, job: Work) -> Work:
        """A job with what it waits for, if that is at another party."""
        if job.status != "waiting" or job.note:
            return job
        for role, party in job.parties:
            other = self._of(Part(role, party))
            if other is None or other == self._containers:
                continue
            with suppress(JobsError):
                for there in of_party(self._fate_flow, other, job.name):
                    if there.note:
                        return replace(job, note=f"at party {party}: {there.note}")
        return job

    def _reasons(
        self, job: str, own: Sequence[Work], listed: Sequence[Work]
    ) -> dict[str, list[str]]:
        """Why the party's tasks in a job failed, by their names and roles."""
        own_parts = {Part(work.role, work.party) for work in own}
        others = [Part(*pair) for work in own for pair in work.parties]
        parts = list(dict.fromkeys([*own_parts, *others]))
        at = {part: party for part in parts if (party := self._of(part))}
        unread = [part for part in parts if part not in at]
        own_tasks = [task for task in listed if Part(task.role, task.party) in own_parts]
        failed = [task for task in own_tasks if task.failed]
        why = {}
        for task in failed:
            logged = reasons.failures(self._fate_flow, at, job, task.name)
            part = Part(task.role, task.party)
            why[f"{task.name} ({task.role})"] = reasons.lines(part, logged, unread, job)
        if not failed and any(work.failed for work in own):
            parties = dict.fromkeys([self._containers, *at.values()])
            failures = (logs.failure_of_job(self._fate_flow, party, job) for party in parties)
            reason = next(filter(None, failures), None)
            why[f"job {job}"] = list(reason.lines) if reason else ["it has logged no error"]
        return why
