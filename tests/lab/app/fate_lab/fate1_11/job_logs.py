"""The logs of FATE Flow's jobs: P/fateflow/logs/JOB/ROLE/PARTY/COMPONENT, in FATE's format."""

from __future__ import annotations

import io
import os
import tarfile
import time
from typing import Any

from ..strictconf import PROJECT

FLOW = f"{PROJECT}/fateflow"
LOGS = f"{FLOW}/logs"
_SCHEDULE, _ERRORS = "fate_flow_schedule.log", "fate_flow_schedule_error.log"
_PARTY = ("partyError", "partyWarning", "partyInfo", "partyDebug")
# What a task's process logs of an exception, by role, home and error.
TRACEBACK = """Traceback (most recent call last):
  File "{home}/python/fate_flow/worker/task_executor.py", line 210, in _run_
    cpn_output = run_object.run(cpn_input)
  File "{project}/fate/python/federatedml/toy_example/secure_add_{role}.py", line 96, in run
    {role}_sum = self.reconstruct()
{error}
"""


class JobLog:
    """The logs of a job.

    Args:
        job: its id.
    """

    def __init__(self, job: str) -> None:
        self.job, self.folder = job, f"{LOGS}/{os.path.basename(job)}"

    def schedule(self, text: str, level: str = "INFO") -> None:
        """What FATE Flow itself says of the job."""
        self._line(_SCHEDULE, level, "dag_scheduler.run_do", text)
        if level == "ERROR":
            self._line(_ERRORS, level, "dag_scheduler.run_do", text)

    def task(self, role: str, party: str, component: str, level: str, text: str) -> None:
        """What the process of a task says."""
        source = f"secure_add_{role}.run"
        for folder in (f"{role}/{party}", f"{role}/{party}/{component}"):
            self._line(f"{folder}/{level}.log", level, source, text)

    def printed(self, role: str, party: str, component: str, text: str) -> None:
        """What it prints."""
        self._write(f"{role}/{party}/{component}/std.log", text)

    def _line(self, name: str, level: str, source: str, text: str) -> None:
        now = time.strftime("%Y-%m-%d %H:%M:%S,000")
        head = f"[{level}] [{now}] [{self.job}] [{os.getpid()}:1] - [{source}]"
        self._write(name, f"{head} [line:96]: {text}\n")

    def _write(self, name: str, text: str) -> None:
        path = f"{self.folder}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)

    def archive(self) -> bytes | None:
        """All of them; None if there are none."""
        if not os.path.isdir(self.folder):
            return None
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            tar.add(self.folder, arcname=".")
        return buffer.getvalue()


def path(asked: dict[str, Any]) -> str:
    """The file of a kind of log.

    Raises:
        ValueError: what is asked does not name one.
    """
    kind, job = asked["log_type"], str(asked["job_id"])
    role, party = asked.get("role", ""), str(asked.get("party_id", ""))
    component = asked.get("component_name", "")
    if kind == "jobSchedule":
        return f"{LOGS}/{job}/{_SCHEDULE}"
    if kind == "jobScheduleError":
        return f"{LOGS}/{job}/{_ERRORS}"
    if kind in _PARTY and role and party:
        return f"{LOGS}/{job}/{role}/{party}/{kind.removeprefix('party').upper()}.log"
    if kind == "componentInfo" and role and party and component:
        return f"{LOGS}/{job}/{role}/{party}/{component}/INFO.log"
    raise ValueError(f"job type {kind} Missing parameters")


def lines(asked: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines of a log, or those from `begin` to `end`."""
    try:
        with open(path(asked), encoding="utf-8") as file:
            found = file.read().splitlines()
    except OSError:
        return []
    first, last = asked.get("begin") or 1, asked.get("end") or len(found)
    return [
        {"line_num": number, "content": text}
        for number, text in enumerate(found, start=1)
        if first <= number <= last
    ]
