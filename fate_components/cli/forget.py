"""fatectl forget: removes a Docker host that is gone for good from the state."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import typer
from pulumi import automation as auto
from rich.console import Console

from ..docker.client import tls_files
from ..operate.stack import StackError
from ..settings import DockerHost
from ..settings.hosts import certificates
from . import recorded
from .failure import failure
from .stack import StackOption, read, workspace
from .up import unreachable


class ForgetError(Exception):
    """A Docker host that must not be forgotten; the text explains why, and what to do instead."""


def check(
    host: str, known: Mapping[str, DockerHost], wanted: Mapping[str, DockerHost], stack: str
) -> None:
    """Refuse to forget a Docker host that is still wanted, or that nothing is known of.

    Args:
        host: its name.
        known: the Docker hosts in the state.
        wanted: those in the stack file.
        stack: the stack's name.

    Raises:
        ForgetError: it is in the stack file, or not in the state.
    """
    if host not in known:
        names = ", ".join(sorted(known)) or "none"
        raise ForgetError(
            f"the state of stack {stack} has nothing on a Docker host {host}; its Docker hosts: "
            f"{names}"
        )
    if host not in recorded.gone(known, wanted):
        raise ForgetError(
            f"Docker host {host} is still in the stack file. If it is gone for good, remove "
            f"fate:hosts.{host} and what parties have there, or set fate:hosts.{host}.docker to "
            "the machine that replaces it, and run `fatectl forget` again. Until it is back, "
            "`fatectl up` updates the others"
        )


def told(host: str, gone: Sequence[recorded.Resource]) -> Iterator[str]:
    """What is about to be forgotten, line by line.

    Args:
        host: the Docker host's name.
        gone: what the state has there.
    """
    named = {kind: recorded.objects(gone, kind) for kind in ("container", "volume", "network")}
    for kind, names in named.items():
        if names:
            yield f"  {len(names)} {kind}{'s' if len(names) > 1 else ''}: {', '.join(names)}"
    others = len(gone) - sum(map(len, named.values()))
    yield f"  {others} other resources, such as images and the settings of containers"
    if named["volume"]:
        yield (
            f"The data in these volumes is on {host} only, and lost with it unless there is a "
            "backup."
        )


def forget(
    host: Annotated[str, typer.Argument(help="The Docker host, like b2.", metavar="HOST")],
    stack: StackOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a Docker host that is gone for good, and all that was on it, from the state."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        found = read(stack)
        with workspace(found.name) as (project, name):
            state = project.export_stack(name)
            deployment = dict(state.deployment or {})
            known = recorded.docker_hosts(deployment.get("resources", []))
            check(host, known, found.settings.hosts, name)
            tls_files.write(certificates({host: known[host]}))
            url = known[host].docker
            silent = unreachable({host: url})
            if host not in silent:
                raise ForgetError(
                    f"Docker host {host} ({url}) answers: `pulumi up` removes what the stack has "
                    "there, so that nothing runs on unnoticed"
                )
            left, gone = recorded.without(deployment, host)
            console.print(
                f"Docker host {host} ({url}) does not answer: {silent[host]}", markup=False
            )
            console.print(f"The state of stack {name} has on it:", markup=False)
            for line in told(host, gone):
                console.print(line, markup=False)
            if not yes:
                typer.confirm(f"Forget Docker host {host}?", abort=True)
                if project.export_stack(name).deployment != state.deployment:
                    raise ForgetError(
                        f"the state of stack {name} has changed in the meantime; try again"
                    )
            project.import_stack(name, auto.Deployment(version=state.version, deployment=left))
    except (ForgetError, StackError) as error:
        raise failure(error) from None
    console.print(
        f"Docker host {host} is forgotten, and `pulumi up` goes on without it. Should the machine "
        "be back one day, its containers run again: remove there what has the label "
        f"fate.stack={found.name}.",
        markup=False,
    )
