"""FATE Flow of a party: where it runs, and of which release line it is."""

from ..docker.client.containers import Containers
from ..operate.fleet import Fleet, Member
from ..settings.reading import FATE_FLOWS
from .target import Target, TargetError, services


def is_in(member: Member) -> bool:
    """Whether a service is the one in which FATE Flow runs."""
    return member.service in FATE_FLOWS


def find(target: Target, found: Fleet, party: str) -> tuple[str, Containers]:
    """The release line of a party, and its training cluster's containers.

    Args:
        target: what was looked at.
        found: what was found.
        party: the party's id.

    Raises:
        TargetError: it is not there, or its FATE Flow does not run.
    """
    members = services(target, found, party)
    for member in members:
        if line := FATE_FLOWS.get(member.service):
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
