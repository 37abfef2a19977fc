"""What FATE Flow has logged about a party's jobs: why one failed, and whether it still logs."""

import shlex
from collections.abc import Iterable

from ..docker.client.containers import Containers
from . import log
from .fate_flow import FateFlow
from .log import Failure

# Of a log. An ERROR log begins with the first error; what a process printed ends with the last.
_BYTES = 400_000


def failure(
    flow: FateFlow, party: Containers, job: str, role: str, party_id: str, task: str
) -> Failure | None:
    """Why a task failed at a party; None if it has logged no error, like one that was ended.

    Args:
        flow: FATE Flow of the release line.
        party: the party.
        job: the job's id.
        role: the role in which the party ran the task.
        party_id: the party's id in the job, which is 0 for an upload.
        task: the task's name.
    """
    logs, folder = flow.logs, f"{job}/{role}/{party_id}/{task}"
    return _first(flow, party, folder, logs.errors) or _first(
        flow, party, folder, logs.printed, "tail"
    )


def failure_of_job(flow: FateFlow, party: Containers, job: str) -> Failure | None:
    """Why a party's FATE Flow could not run a job; None if it has logged no error.

    Args:
        flow: FATE Flow of the release line.
        party: the party.
        job: the job's id.
    """
    return _first(flow, party, job, flow.logs.scheduler)


def _first(
    flow: FateFlow, party: Containers, folder: str, files: str, part: str = "head"
) -> Failure | None:
    # A log is continued in another file after a day: the first is the oldest.
    script = (
        f"cd {shlex.quote(f'{flow.logs.root}/{folder}')} && "
        f"ls -tr {files}* 2>/dev/null | xargs -r cat | {part} -c {_BYTES}"
    )
    return log.first(party.run(flow.service, script).stdout)


def silences(flow: FateFlow, party: Containers, jobs: Iterable[str]) -> dict[str, float]:
    """For how many seconds the tasks of jobs have logged nothing at a party.

    Args:
        flow: FATE Flow of the release line.
        party: the party.
        jobs: the jobs' ids. One whose tasks have no log yet is left out of the answer.
    """
    if not (names := shlex.join(jobs)):
        return {}
    # FATE Flow itself logs about a job several times a second, above the folders of its tasks.
    script = (
        f"cd {flow.logs.root} && now=$(date +%s) && for job in {names}; do "
        "last=$(find \"$job\" -mindepth 2 -type f -printf '%T@\\n' 2>/dev/null | sort -n | "
        'tail -n 1); [ -z "$last" ] || echo "$job $((now - ${last%.*}))"; done'
    )
    words = party.run(flow.service, script).stdout.split()
    return {job: float(age) for job, age in zip(words[::2], words[1::2], strict=True)}
