"""fatectl exec: a command in a service's container."""

import sys
from typing import Annotated

import typer

from ..docker.client import cli
from ..operate.stack import StackError
from ..operate.target import TargetError, service
from .failure import failure
from .stack import StackOption
from .target import HostOption, aside, target, waiting

_SHELL = ["sh", "-c", "if command -v bash >/dev/null; then exec bash; else exec sh; fi"]


def exec_(
    party: Annotated[str, typer.Argument(help="The party's id, or exchange.", metavar="PARTY")],
    name: Annotated[
        str, typer.Argument(help="The service, like roll or egg-2.", metavar="SERVICE")
    ],
    command: Annotated[
        list[str] | None,
        typer.Argument(help="The command; a shell if left out.", metavar="-- COMMAND"),
    ] = None,
    host: HostOption = None,
    stack: StackOption = None,
) -> None:
    """Run a command in a service's container, or a shell.

    Example: fatectl exec 9999 mysql -- env

    It has a terminal if this one is a terminal. The exit code is that of the command.
    """
    try:
        with waiting("looking at the Docker hosts"):
            looked_at = target(stack, host, aside)
            member = service(looked_at, looked_at.look(), party, name)
    except (StackError, TargetError) as error:
        raise failure(error) from None
    options = ["-it"] if sys.stdin.isatty() and sys.stdout.isatty() else ["-i"]
    arguments = ["exec", *options, member.id, *(command or _SHELL)]
    raise typer.Exit(cli.attached(arguments, cli.environment(member.docker_host)))
