"""FATE Flow, as it is asked for jobs: each release line has its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from ..docker.client.containers import Containers
from .waits import Key

Row = dict[str, Any]
"""A row of FATE Flow's tables of jobs and tasks, by the names of its columns."""


class JobsError(Exception):
    """Jobs that cannot be shown; the text explains why."""


@dataclass(frozen=True)
class JobLogs:
    """The logs of jobs.

    Args:
        root: the folder with a folder for each job, which has ROLE/PARTY/TASK in it.
        errors: what a task has logged, from its folder on; written once there is something.
        printed: what its process printed, which says why it could not even begin to log.
        scheduler: what FATE Flow has logged about the job itself.
    """

    root: str
    errors: str
    printed: str
    scheduler: str


class AsksForRows(Protocol):
    """Asks FATE Flow for jobs or tasks."""

    def __call__(
        self, party: Containers, what: str, name: str, filters: Mapping[str, str]
    ) -> list[Row]:
        """The rows that it finds.

        Args:
            party: the party.
            what: job or job/task.
            name: the column that names each.
            filters: the columns to filter by.

        Raises:
            JobsError: it gives no answer.
        """


class TellsWaits(Protocol):
    """Tells for what jobs wait."""

    def __call__(self, party: Containers, rows: list[Row], now: datetime) -> dict[Key, str]:
        """For what those that wait do so, as far as that can be told.

        Args:
            party: the party.
            rows: all jobs that its FATE Flow knows.
            now: the time.

        Raises:
            JobsError: FATE Flow gives no answer.
        """


@dataclass(frozen=True)
class FateFlow:
    """FATE Flow of a release line.

    Args:
        service: the service in which it runs.
        task: the column that names a task.
        logs: the logs of its jobs, in that service's container.
        rows: asks it for jobs and tasks.
        waits: tells for what jobs wait.
    """

    service: str
    task: str
    logs: JobLogs
    rows: AsksForRows
    waits: TellsWaits
