"""FATE Flow of a party: where it runs, and of which release line it is."""

import re
from collections.abc import Iterable

from .. import lines
from ..docker.client.containers import Containers
from ..line import Line
from ..releases import catalogue
from .fleet import Fleet, Member
from .target import Target, TargetError, services


def line_of(target: Target, members: Iterable[Member]) -> Line:
    """The release line of a stack.

    Args:
        target: the stack. Without its stack file, the tags of images tell the release.
        members: its services.

    Raises:
        TargetError: its release is not known.
    """
    if target.stack:
        return target.stack.line
    known = catalogue.known()
    for member in members:
        version = re.search(r":(\d+(?:\.\d+)+)", member.image)
        if version and version[1] in known:
            return lines.of(catalogue.load(version[1]))
    raise TargetError("the release cannot be told from the images: name the stack with --stack")


def parties(target: Target, fleet: Fleet) -> list[str]:
    """The parties that have FATE Flow; none if the release is not known.

    Args:
        target: the stack.
        fleet: what is on its Docker hosts.
    """
    try:
        service = line_of(target, fleet.members).fate_flow.service
    except TargetError:
        return []
    return list(
        dict.fromkeys(member.party for member in fleet.members if member.service == service)
    )


def find(target: Target, fleet: Fleet, party: str) -> tuple[Line, Containers]:
    """The release line of a party, and its training cluster's containers.

    Args:
        target: the stack.
        fleet: what is on its Docker hosts.
        party: the party's id.

    Raises:
        TargetError: it is not there, or its FATE Flow does not run.
    """
    members = services(target, fleet, party)
    line = line_of(target, fleet.members)
    for member in members:
        if member.service == line.fate_flow.service:
            if member.state != "running":
                raise TargetError(
                    f"FATE Flow of party {party} does not run: {member.name} is "
                    f"{member.state}; run `pulumi up`"
                )
            return line, Containers(member.stack, party, member.docker_host)
    raise TargetError(
        f"party {party} has no training cluster, and so no jobs; "
        "add `training: {}` to it in the stack file"
    )
