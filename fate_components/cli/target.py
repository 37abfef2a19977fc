"""Which Docker hosts a command looks at, and how it tells that this takes its time."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from ..operate import fleet
from ..operate.stack import StackError
from ..operate.target import Target, TargetError
from .stack import StateError, read, read_file

HostOption = Annotated[
    list[str] | None,
    typer.Option(
        "--host",
        help="Look at this Docker host instead of those in the stack file, like "
        "ssh://root@b1.example.org:22. Can be repeated.",
        metavar="URL",
    ),
]


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
    docker_hosts = {host: settings.docker for host, settings in stack.settings.hosts.items()}
    plan = stack.plan
    wanted = fleet.declared(plan, stack.name, docker_hosts)
    return Target(stack.name, docker_hosts, wanted, stack, secrets_known)


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
