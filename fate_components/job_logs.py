"""What FATE Flow of a party has logged about its jobs: why one failed, and whether it still logs.

Where the logs are: arch/api/utils/log_utils.py and fate_flow/driver/task_executor.py of FATE 1.3.0,
manager/outputs/log.py and manager/service/worker_manager.py of FATE Flow 2.2.0.
"""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from . import fate_log
from .docker.containers import Containers
from .fate_log import Failure
from .settings.load import LINES

# Of a log. An ERROR log begins with the first error; what a process printed ends with the last.
_BYTES = 400_000


@dataclass(frozen=True)
class _Logs:
    """The logs of a release line's jobs.

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


_LOGS: Mapping[str, _Logs] = {
    "fate1": _Logs("/data/projects/fate/python/logs", "ERROR.log", "std.log", "error.log"),
    "fate2": _Logs(
        "/data/projects/fate/fate_flow/logs",
        "root/ERROR",
        "stdout/*",
        "fate_flow_schedule_error.log",
    ),
}


def failure(
    line: str, party: Containers, job: str, role: str, party_id: str, task: str
) -> Failure | None:
    """Why a task failed at a party; None if it has logged no error, like one that was ended.

    Args:
        line: the release line.
        party: the party.
        job: the job's id.
        role: the role in which the party ran the task.
        party_id: the party's id in the job, which is 0 for an upload.
        task: the task's name.
    """
    logs, folder = _LOGS[line], f"{job}/{role}/{party_id}/{task}"
    return _first(line, party, folder, logs.errors) or _first(
        line, party, folder, logs.printed, "tail"
    )


def failure_of_job(line: str, party: Containers, job: str) -> Failure | None:
    """Why a party's FATE Flow could not run a job; None if it has logged no error.

    Args:
        line: the release line.
        party: the party.
        job: the job's id.
    """
    return _first(line, party, job, _LOGS[line].scheduler)


def _first(
    line: str, party: Containers, folder: str, files: str, part: str = "head"
) -> Failure | None:
    # A log is continued in another file after a day: the first is the oldest.
    script = (
        f"cd {shlex.quote(f'{_LOGS[line].root}/{folder}')} && "
        f"ls -tr {files}* 2>/dev/null | xargs -r cat | {part} -c {_BYTES}"
    )
    return fate_log.first(party.run(LINES[line].fate_flow, script).stdout)


def silences(line: str, party: Containers, jobs: Iterable[str]) -> dict[str, float]:
    """For how many seconds the tasks of jobs have logged nothing at a party.

    Args:
        line: the release line.
        party: the party.
        jobs: the jobs' ids. One whose tasks have no log yet is left out of the answer.
    """
    if not (names := shlex.join(jobs)):
        return {}
    # FATE Flow itself logs about a job several times a second, above the folders of its tasks.
    script = (
        f"cd {_LOGS[line].root} && now=$(date +%s) && for job in {names}; do "
        "last=$(find \"$job\" -mindepth 2 -type f -printf '%T@\\n' 2>/dev/null | sort -n | "
        'tail -n 1); [ -z "$last" ] || echo "$job $((now - ${last%.*}))"; done'
    )
    said = party.run(LINES[line].fate_flow, script).stdout.split()
    return {job: float(age) for job, age in zip(said[::2], said[1::2], strict=True)}
