"""Why a task of a job failed, and which party's failure ended it at the others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..docker.client.containers import Containers
from . import logs
from .fate_flow import FateFlow
from .log import Failure


@dataclass(frozen=True)
class Part:
    """A party's part in a job.

    Args:
        role: the role of the party in it.
        party: the party's id in it, which is 0 for an upload.
    """

    role: str
    party: str


def failures(
    flow: FateFlow, parts: Mapping[Part, Containers], job: str, task: str
) -> dict[Part, Failure]:
    """Where a task has logged an error, the earliest first.

    Args:
        flow: FATE Flow of the release line.
        parts: the parts of the job whose logs can be read.
        job: the job's id.
        task: the task's name.
    """
    failed = {
        part: why
        for part, party in parts.items()
        if (why := logs.failure(flow, party, job, part.role, part.party, task))
    }
    return dict(sorted(failed.items(), key=lambda item: (not item[1].time, item[1].time)))


def lines(part: Part, found: Mapping[Part, Failure], unread: Iterable[Part], job: str) -> list[str]:
    """Why a task ended without success at a party.

    Args:
        part: the party's part in the job.
        found: where the task has logged an error, the earliest first.
        unread: the other parts, whose logs cannot be read from here.
        job: the job's id.
    """
    own = list(found[part].lines) if part in found else []
    origin = next(iter(found), part)
    if origin != part:
        own = ["", "its own first error, after that:", *own] if own else []
        return [f"ended because {_whose(origin, part)} task failed:", *found[origin].lines, *own]
    if own:
        return own
    asked = list(dict.fromkeys(other.party for other in unread if other.party != part.party))
    if asked:
        commands = ", ".join(f"`fatectl jobs {party} {job}`" for party in asked)
        return [
            "it has logged no error, so it ended because a task of another party failed; the "
            f"reason is shown where that party is deployed: {commands}"
        ]
    return ["it has logged no error: it was ended from outside"]


def _whose(origin: Part, part: Part) -> str:
    return (
        f"{origin.role} {origin.party}'s"
        if origin.party == part.party
        else (f"party {origin.party}'s")
    )


def told(parts: Iterable[Part], found: Mapping[Part, Failure]) -> list[str]:
    """Why a task failed: the errors of those that have logged one, then who followed them.

    Args:
        parts: the parts of the job whose logs were read.
        found: where the task has logged an error, the earliest first.
    """
    errors = []
    for part, why in found.items():
        errors += [
            f"party {part.party}'s task ({part.role}) failed: {why.lines[0]}",
            *why.lines[1:],
        ]
    followed = [follower for follower in parts if follower not in found] if found else []
    return [
        *errors,
        *(
            f"party {follower.party}'s task ({follower.role}) ended because of it"
            for follower in followed
        ),
    ]
