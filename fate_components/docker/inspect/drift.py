"""What was changed by hand on a Docker host, where the provider does not see or mend it.

A container that was changed is registered with a label that counts such changes. The changed label
makes the provider replace the container, and the next run of the program finds the label on the
new one. So the count needs no other memory, and a second preview shows nothing.

What can be mended without replacing a container, such as a file that its service rereads, is
mended by a command of the stack. The count of its repairs is kept in a file in the container.
"""

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import pulumi

from ..client.daemon import NoAnswerError
from ..client.questions import Questions
from ..networks import Attachment
from ..software import Software
from .survey import Described, Survey

GENERATION = "fate.generation"
"""The label that counts how often a container was replaced because it was changed by hand."""

LIMITS = "fate.limits"
"""The label with the limits that a container was created with. As Docker can change no label, a
change of the limits in the stack file replaces the container, and is told from one by hand."""

REPAIRS = "/var/lib/fate"
"""The folder in a container with the counts of repairs, each in a file."""

# What `docker update` can change, apart from the restart policy, which the provider mends.
_LIMITS = (
    "BlkioWeight", "CpuPeriod", "CpuQuota", "CpuRealtimePeriod", "CpuRealtimeRuntime", "CpuShares",
    "CpusetCpus", "CpusetMems", "KernelMemory", "Memory", "MemoryReservation", "MemorySwap",
    "NanoCpus", "PidsLimit",
)  # fmt: skip
_PERIOD = 100_000  # microseconds; Docker's default
_UNLIMITED = (None, "", 0, -1)
# A file that is this old compared with its container was written by the provider, or by the
# service's own first start.
_FIRST = timedelta(seconds=30)
Expected = Callable[[str], bool]
"""Whether a file has the content that it should have."""

Wrong = Callable[[Questions, Described], Awaitable[bool]]
"""Whether something in a container needs a repair now."""

_NEVER = "0001-01-01T00:00:00Z"
_EPOCH = 0  # the time of a file that was uploaded without one


def generation(
    survey: Survey, name: str, networks: Sequence[Attachment], files: Mapping[str, Expected | None]
) -> pulumi.Output[int]:
    """How often a container must have been replaced because it was changed by hand; logs why.

    Args:
        survey: its Docker host.
        name: its name.
        networks: the networks that it must be attached to.
        files: what is expected of the content of the files it was created with, by path; None for
            one that is kept up to date by other means, and must only be there.
    """

    async def count(questions: Questions, found: Described) -> int:
        borne = int((found["Config"].get("Labels") or {}).get(GENERATION, 0))
        changes = list(differences(found, networks, survey.networks))
        try:
            changes += await edits(questions, found, files)
        except NoAnswerError as error:
            pulumi.log.debug(f"The files of {name} were not looked at: {error}")
        if not changes:
            return borne
        pulumi.log.info(f"{name} is replaced: {'; '.join(changes)}")
        return borne + 1

    return _counted(survey, name, count)


def limits(service: Software) -> dict[str, int]:
    """The limits that a service's container is created with, as Docker shows them."""
    found: dict[str, int] = {}
    if service.cpus:
        # The provider reads NanoCpus back as another text than it was given (1 as 1.0) and would
        # replace the container at every up. Docker rejects it for more CPUs than a machine has,
        # when the old container is already removed.
        found |= {"CpuPeriod": _PERIOD, "CpuQuota": round(service.cpus * _PERIOD)}
    if service.memory:
        found["Memory"] = service.memory << 20
    return found


def repairs(survey: Survey, name: str, what: str, wrong: Wrong) -> pulumi.Output[int]:
    """How often something in a container must have been repaired without replacing it; logs why.

    Args:
        survey: the container's Docker host.
        name: the container's name.
        what: what may need a repair, the last part of a resource's logical name.
        wrong: whether it needs one now.
    """

    async def count(questions: Questions, found: Described) -> int:
        done = 0
        try:
            done = int(await questions.read(found["Id"], f"{REPAIRS}/{what}") or 0)
            if not await wrong(questions, found):
                return done
        except NoAnswerError as error:
            pulumi.log.debug(f"{what} of {name} was not looked at: {error}")
            return done
        pulumi.log.info(f"{what} in {name} differs from the stack and is set again")
        return done + 1

    return _counted(survey, name, count)


def _counted(
    survey: Survey, name: str, count: Callable[[Questions, Described], Awaitable[int]]
) -> pulumi.Output[int]:
    """What is counted about a container: an output, because Docker is asked about all at once."""
    found = survey.containers.get(name)
    if found is None or survey.questions is None:
        return pulumi.Output.from_input(0)
    return pulumi.Output.from_input(count(survey.questions, found))


def undone(ask: str, result: Collection[str]) -> Wrong:
    """Whether what statements did in a database was undone, for repairs.

    Args:
        ask: the command in the container that prints rows.
        result: the rows that it must print, in any order.
    """

    async def is_undone(questions: Questions, found: Described) -> bool:
        rows = await questions.run(found["Id"], ask)
        return rows is not None and sorted(rows.splitlines()) != sorted(result)

    return is_undone


def delivered(present: str, content: str) -> bool:
    """Whether what is in a container is what a delivery of a file leaves there.

    Args:
        present: the file's content in the container.
        content: the content that it should have. A delivery ends it with one line break.
    """
    return present.rstrip("\n") == content.rstrip("\n")


def outdated(path: str, content: str) -> Wrong:
    """Whether a file that is delivered into a running container has other content than it should,
    for repairs.

    Args:
        path: the file's path.
        content: the content that it should have.
    """

    async def is_outdated(questions: Questions, found: Described) -> bool:
        created = datetime.fromisoformat(found["Created"])
        written = await questions.modified(found["Id"], path)
        if written is None or is_first(written, created):
            return False
        present = await questions.read(found["Id"], path)
        return present is not None and not delivered(present, content)

    return is_outdated


def differences(
    found: Described, networks: Sequence[Attachment], existing: Mapping[str, Described]
) -> Iterator[str]:
    """How a container differs from what was created.

    Args:
        found: the container.
        networks: the networks that it must be attached to.
        existing: the Docker host's networks by name.
    """
    yield from _cannot_start(found["State"])
    created = json.loads((found["Config"].get("Labels") or {}).get(LIMITS, "{}"))
    if memory := created.get("Memory"):
        # Docker chooses this limit if it can limit swap.
        swap = found["HostConfig"].get("MemorySwap")
        created["MemorySwap"] = swap if swap in _UNLIMITED else 2 * memory
    for limit in _LIMITS:
        value = found["HostConfig"].get(limit)
        if limit in created and value != created[limit]:
            yield f"{limit} is limited to {value}, not {created[limit]}"
        elif limit not in created and value not in _UNLIMITED:
            yield f"{limit} is limited to {value}"
    attached = found["NetworkSettings"].get("Networks") or {}
    for wanted in networks:
        name = wanted.network.name
        if name not in attached:
            yield f"it is not connected to network {name}"
            continue
        to = attached[name]
        if to.get("NetworkID") and to["NetworkID"] != existing.get(name, {}).get("Id"):
            yield f"network {name} was removed"
        elif (to.get("IPAMConfig") or {}).get("IPv4Address") != wanted.address:
            yield f"its address in network {name} is not {wanted.address}"
        elif missing := set(wanted.aliases) - set(to.get("Aliases") or ()):
            yield f"it is not called {', '.join(sorted(missing))} in network {name}"
    for name in sorted(attached.keys() - {wanted.network.name for wanted in networks}):
        yield f"it is connected to network {name}"


def _cannot_start(state: Described) -> Iterator[str]:
    """Why a container does not run and starting it is no remedy.

    A container that exited, or was stopped, has no error and is started again by the provider.
    """
    if state.get("Paused"):
        yield "it is paused"
    elif state.get("Running", True):
        return
    elif error := state.get("Error"):
        yield f"Docker could not start it: {error}"
    elif state.get("Status") == "dead":
        yield "Docker could not remove it"
    elif state.get("StartedAt") == _NEVER:
        # Docker may have been killed meanwhile: it then refuses, as the start has begun.
        yield "it was created but never started"


async def edits(
    questions: Questions, found: Described, files: Mapping[str, Expected | None]
) -> list[str]:
    """Which files in a container were edited since it was created, or are missing.

    Args:
        questions: what is asked of its daemon.
        found: the container.
        files: what is expected of their content, by path; None if any will do.

    Raises:
        NoAnswerError: the daemon cannot answer.
    """
    created = datetime.fromisoformat(found["Created"])

    async def edit(path: str, expected: Expected | None) -> str:
        written = await questions.modified(found["Id"], path)
        if written is None:
            return f"it has no {path}"  # removed by hand, or wanted only since a change
        if expected is None or is_first(written, created):
            return ""
        present = await questions.read(found["Id"], path)
        return "" if present is not None and expected(present) else f"{path} was edited"

    return [said for said in await asyncio.gather(*itertools.starmap(edit, files.items())) if said]


def is_first(written: datetime, created: datetime) -> bool:
    """Whether a file is still what its container started with, judging by the time of its content.

    Then it may differ from the wanted content only because the stack file has changed.

    Args:
        written: when its content was written.
        created: when its container was created.
    """
    return written.timestamp() == _EPOCH or abs(written - created) <= _FIRST
