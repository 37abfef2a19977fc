"""Which Docker hosts a command looks at, and what it expects there."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from ..operate import fleet
from ..operate.fleet import Fleet, Member
from .stack import Stack, StackError, StateError, read, read_file

HostOption = Annotated[
    list[str] | None,
    typer.Option(
        "--host",
        help="Look at this Docker host instead of those in the stack file, like "
        "ssh://root@b1.example.org:22. Can be repeated.",
        metavar="URL",
    ),
]


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
        found = fleet.look(self.docker_hosts, self.name, self.wanted)
        stacks = sorted({member.stack for member in found.members})
        if len(stacks) > 1:
            raise TargetError(
                f"there are containers of the stacks {', '.join(stacks)}: choose one with --stack"
            )
        return found

    def parties_on(self, host: str) -> list[str]:
        """The parties that the stack file declares on a Docker host."""
        return list(dict.fromkeys(one.party for one in self.wanted if one.host == host))

    def silence(self, host: str, why: str) -> str:
        """A sentence about a Docker host that does not answer."""
        parties = ", ".join(self.parties_on(host))
        there = f", which runs {called(parties)}," if parties else ""
        return f"Docker host {host}{there} does not answer: {why}"


def called(parties: str) -> str:
    """Parties, by their ids, for a message."""
    return f"{'parties' if ',' in parties else 'party'} {parties}"


def target(name: str | None, urls: Sequence[str] | None, say: Callable[[str], object]) -> Target:
    """What a command works on.

    Args:
        name: the stack's name, or None for the selected stack.
        urls: the Docker hosts to look at instead of those in the stack file.
        say: told what could not be read and what is used instead.

    Raises:
        StackError: neither the state nor the stack file can be read.
        TargetError: a URL is not that of a Docker host.
    """
    if urls:
        for url in urls:
            if not url.startswith(("unix:///", "ssh://")):
                raise TargetError(f"--host: {url} must be unix:///PATH or ssh://USER@MACHINE:PORT")
        return Target(name, {url: url for url in urls})
    secrets_known = True
    try:
        stack = read(name)
    except StateError as error:
        if name is None:
            raise StackError(f"{error}. To do without the state, use --stack or --host") from None
        stack, secrets_known = read_file(name), False
        say(f"the state is out of reach ({error}): the Docker hosts are those of the stack file")
    docker_hosts = {host: found.docker for host, found in stack.settings.hosts.items()}
    plan = stack.plan
    wanted = fleet.declared(plan, stack.name, docker_hosts)
    return Target(stack.name, docker_hosts, wanted, stack, secrets_known)


def services(target: Target, found: Fleet, party: str) -> list[Member]:
    """The services of a party.

    Args:
        target: what was looked at.
        found: what was found.
        party: the party's id, or "exchange".

    Raises:
        TargetError: it is not there; the text names those that are, or why that is not known.
    """
    if members := found.parties.get(party):
        return members
    for host, why in found.silent.items():
        if party in target.parties_on(host) or not target.wanted:
            raise TargetError(target.silence(host, why))
    known = ", ".join(dict.fromkeys(one.party for one in (*target.wanted, *found.members)))
    where = f"stack {target.name}" if target.name else "the Docker hosts"
    raise TargetError(f"{where} has no party {party}; its parties: {known or 'none'}")


def service(target: Target, found: Fleet, party: str, name: str) -> Member:
    """One service of a party, which has a container.

    Args:
        target: what was looked at.
        found: what was found.
        party: the party's id, or "exchange".
        name: the service's name, like roll or egg-2.

    Raises:
        TargetError: it is not there; the text names those that are.
    """
    members = services(target, found, party)
    for member in members:
        if member.service == name:
            if member.id:
                return member
            raise TargetError(
                f"{member.name} is missing on Docker host {member.host}: run `pulumi up`"
            )
    known = ", ".join(member.service for member in members)
    raise TargetError(f"party {party} has no service {name}; its services: {known}")


def waiting(text: str) -> AbstractContextManager[object]:
    """Show on a terminal that something takes its time; nothing elsewhere."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        return nullcontext()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    progress = Progress(*columns, console=console, transient=True)
    progress.add_task(text, total=None)
    return progress


def aside(text: str) -> None:
    """Tell something on standard error, which is no part of what a command was asked for."""
    console = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
    console.print(f"fatectl: {text}", markup=False)
