"""What was changed by hand on a Docker host, where the provider does not see or mend it.

A container that was changed is registered with a label that counts such changes. The changed label
makes the provider replace the container, and the next run of the program finds the label on the
new one. So the count needs no other memory, and a second preview shows nothing.

What can be mended without replacing a container, such as a file that its service rereads, is
mended by a command of the stack. The count of its repairs is kept in a file in the container.

What the stack file asks for anew is no such change: what is on the host is compared with what the
stack has deployed last. The state is asked for that only if something differs from what is wanted.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

import pulumi

from ..client.daemon import NoAnswerError
from ..client.queries import Queries
from ..networks import Attachment, Network
from ..software import Software
from .deployed import NoStateError, Outputs
from .survey import Described, Survey

if TYPE_CHECKING:
    from ..service import File

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
Wrong = Callable[[Queries, Described], Awaitable[bool]]
"""Whether something in a container needs a repair now."""

Told = Callable[[Queries, Described], Awaitable[str]]
"""What there is to tell about a container, if anything."""

_NEVER = "0001-01-01T00:00:00Z"
_EPOCH = 0  # the time of a file that was uploaded without one


def generation(
    survey: Survey, name: str, networks: Sequence[Attachment], files: Sequence["File"]
) -> pulumi.Output[int]:
    """How often a container must have been replaced because it was changed by hand; logs why.

    Args:
        survey: its Docker host.
        name: its name.
        networks: the networks that it must be attached to.
        files: the files that it must have.
    """

    async def changes(
        questions: Queries,
        container: Described,
        networks: Sequence[Attachment],
        files: Sequence["File"],
    ) -> list[str]:
        reasons = list(differences(container, networks, survey.networks))
        try:
            return reasons + await edits(questions, container, files)
        except NoAnswerError as error:
            pulumi.log.debug(f"The files of {name} were not looked at: {error}")
            return reasons

    async def count(questions: Queries, container: Described) -> int:
        borne = int((container["Config"].get("Labels") or {}).get(GENERATION, 0))
        reasons = await changes(questions, container, networks, files)
        if not reasons:
            return borne
        try:
            last = await survey.deployed.container(name)
        except NoStateError as error:
            pulumi.log.debug(f"{name} is compared with the stack file: {error}")
        else:
            if last is None:
                return borne  # left by an update that was killed, and about to be replaced
            deployed = _attachments(last), _files(last, files)
            reasons = await changes(questions, container, *deployed)
        if not reasons:
            return borne
        pulumi.log.info(f"{name} is replaced: {'; '.join(reasons)}")
        return borne + 1

    return _counted(survey, name, count)


def _attachments(container: Outputs) -> list[Attachment]:
    """The networks that a container was attached to when it was deployed."""
    return [
        Attachment(
            Network(network["name"], IPv4Network(network["ipv4Address"])),
            network["ipv4Address"],
            tuple(network.get("aliases") or ()),
        )
        for network in container.get("networksAdvanced") or ()
    ]


def _files(container: Outputs, wanted: Sequence["File"]) -> list["File"]:
    """Those of the wanted files that a container was deployed with, as they were then."""
    contents = {upload["file"]: upload.get("content") for upload in container.get("uploads") or ()}
    return [replace(file, content=contents[file.path]) for file in wanted if file.path in contents]


def limits(service: Software) -> dict[str, int]:
    """The limits that a service's container is created with, as Docker shows them."""
    host_config: dict[str, int] = {}
    if service.cpus:
        # The provider reads NanoCpus back as another text than it was given (1 as 1.0) and would
        # replace the container at every up. Docker rejects it for more CPUs than a machine has,
        # when the old container is already removed.
        host_config |= {"CpuPeriod": _PERIOD, "CpuQuota": round(service.cpus * _PERIOD)}
    if service.memory:
        host_config["Memory"] = service.memory << 20
    return host_config


def repairs(
    survey: Survey, name: str, what: str, command: str, stdin: str, wrong: Wrong
) -> pulumi.Output[int]:
    """How often something in a container must have been repaired without replacing it; logs why.

    Args:
        survey: the container's Docker host.
        name: the container's name.
        what: what may need a repair, the last part of the command's logical name.
        command: the logical name of the command that repairs it.
        stdin: what the command is to be given.
        wrong: whether it needs a repair now.
    """

    async def count(questions: Queries, container: Described) -> int:
        done = 0
        try:
            done = int(await questions.read(container["Id"], f"{REPAIRS}/{what}") or 0)
            if not await wrong(questions, container) or await _is_planned(survey, command, stdin):
                return done
        except NoAnswerError as error:
            pulumi.log.debug(f"{what} of {name} was not looked at: {error}")
            return done
        pulumi.log.info(f"{what} in {name} differs from the stack and is set again")
        return done + 1

    return _counted(survey, name, count)


def tell(survey: Survey, name: str, told: Told) -> None:
    """Log what there is to tell about a container, in a preview as well.

    Args:
        survey: the container's Docker host.
        name: the container's name.
        told: what there is to tell.
    """

    async def count(questions: Queries, container: Described) -> int:
        try:
            if message := await told(questions, container):
                pulumi.log.info(message)
        except NoAnswerError as error:
            pulumi.log.debug(f"{name} was not looked at: {error}")
        return 0

    _counted(survey, name, count)


async def _is_planned(survey: Survey, command: str, stdin: str) -> bool:
    """Whether the stack file asks for something else than it did when a command was last run, so
    that the command is run again anyway."""
    try:
        last = await survey.deployed.command(command)
    except NoStateError as error:
        pulumi.log.debug(f"{command} is compared with the stack file: {error}")
        return False
    return last is None or last.get("stdin") != stdin


def _counted(
    survey: Survey, name: str, count: Callable[[Queries, Described], Awaitable[int]]
) -> pulumi.Output[int]:
    """What is counted about a container: an output, because Docker is asked about all at once."""
    container = survey.containers.get(name)
    if container is None or survey.questions is None:
        return pulumi.Output.from_input(0)
    return pulumi.Output.from_input(count(survey.questions, container))


def undone(ask: str, result: Collection[str]) -> Wrong:
    """Whether what statements did in a database was undone, for repairs.

    Args:
        ask: the command in the container that prints rows.
        result: the rows that it must print, in any order.
    """

    async def is_undone(questions: Queries, container: Described) -> bool:
        rows = await questions.run(container["Id"], ask)
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

    async def is_outdated(questions: Queries, container: Described) -> bool:
        created = datetime.fromisoformat(container["Created"])
        written = await questions.modified(container["Id"], path)
        if written is None or is_first(written, created):
            return False
        present = await questions.read(container["Id"], path)
        return present is not None and not delivered(present, content)

    return is_outdated


def either(*wrongs: Wrong) -> Wrong:
    """Whether at least one of several things is wrong, for repairs."""

    async def is_wrong(questions: Queries, container: Described) -> bool:
        return any([await wrong(questions, container) for wrong in wrongs])

    return is_wrong


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


async def edits(questions: Queries, found: Described, files: Sequence["File"]) -> list[str]:
    """Which files in a container were edited since it was created, or are missing.

    Args:
        questions: what is asked of its daemon.
        found: the container.
        files: the files that it should have. One that its service rereads must only be there.

    Raises:
        NoAnswerError: the daemon cannot answer.
    """
    created = datetime.fromisoformat(found["Created"])

    async def edit(file: "File") -> str:
        written = await questions.modified(found["Id"], file.path)
        if written is None:
            return f"it has no {file.path}"
        if file.reread or is_first(written, created):
            return ""
        present = await questions.read(found["Id"], file.path)
        edited = present is None or not file.expects(present)
        return f"{file.path} was edited" if edited else ""

    return [change for change in await asyncio.gather(*map(edit, files)) if change]


def is_first(written: datetime, created: datetime) -> bool:
    """Whether a file is still what its container started with, judging by the time of its content.

    Then it may differ from the wanted content only because the stack file has changed.

    Args:
        written: when its content was written.
        created: when its container was created.
    """
    return written.timestamp() == _EPOCH or abs(written - created) <= _FIRST
