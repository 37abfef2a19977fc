"""A stack on its Docker hosts: where to look, and what is expected there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from . import fleet
from .fleet import Fleet, Member
from .stack import Stack


class TargetError(Exception):
    """What a command is to work on is not there; the text explains why."""


@dataclass(frozen=True)
class Target:
    """A stack on its Docker hosts.

    Args:
        name: the stack's name, if it is known.
        docker_hosts: how to reach the daemons, by the Docker hosts' names.
        wanted: the services that the stack file declares.
        stack: the stack, if its stack file was read.
        secrets_known: whether the stack's secrets were read as well.
    """

    name: str | None
    docker_hosts: Mapping[str, str]
    wanted: Sequence[Member] = field(default=())
    stack: Stack | None = None
    secrets_known: bool = False

    def look(self) -> Fleet:
        """What is on the Docker hosts.

        Raises:
            TargetError: containers of several stacks are, and none was chosen.
        """
        seen = fleet.look(self.docker_hosts, self.name, self.wanted)
        stacks = sorted({member.stack for member in seen.members})
        if len(stacks) > 1:
            raise TargetError(
                f"there are containers of the stacks {', '.join(stacks)}: choose one with --stack"
            )
        return seen

    def parties_on(self, host: str) -> list[str]:
        """The parties that the stack file declares on a Docker host."""
        return list(dict.fromkeys(member.party for member in self.wanted if member.host == host))

    def silence(self, host: str, why: str) -> str:
        """A sentence about a Docker host that does not answer."""
        parties = ", ".join(self.parties_on(host))
        there = f", which runs {called(parties)}," if parties else ""
        return f"Docker host {host}{there} does not answer: {why}"


def called(parties: str) -> str:
    """Parties, by their ids, for a message."""
    return f"{'parties' if ',' in parties else 'party'} {parties}"


def services(target: Target, fleet: Fleet, party: str) -> list[Member]:
    """The services of a party.

    Args:
        target: the stack.
        fleet: what is on its Docker hosts.
        party: the party's id, or "exchange".

    Raises:
        TargetError: it is not there; the text names those that are, or why that is not known.
    """
    if members := fleet.parties.get(party):
        return members
    for host, why in fleet.silent.items():
        if party in target.parties_on(host) or not target.wanted:
            raise TargetError(target.silence(host, why))
    known = ", ".join(dict.fromkeys(member.party for member in (*target.wanted, *fleet.members)))
    where = f"stack {target.name}" if target.name else "the Docker hosts"
    raise TargetError(f"{where} has no party {party}; its parties: {known or 'none'}")


def service(target: Target, fleet: Fleet, party: str, name: str) -> Member:
    """One service of a party, which has a container.

    Args:
        target: the stack.
        fleet: what is on its Docker hosts.
        party: the party's id, or "exchange".
        name: the service's name, like roll or egg-2.

    Raises:
        TargetError: it is not there; the text names those that are.
    """
    members = services(target, fleet, party)
    for member in members:
        if member.service == name:
            if member.id:
                return member
            raise TargetError(
                f"{member.name} is missing on Docker host {member.host}: run `pulumi up`"
            )
    known = ", ".join(member.service for member in members)
    raise TargetError(f"party {party} has no service {name}; its services: {known}")
