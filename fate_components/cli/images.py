"""fatectl images: the images of a stack in a file, for Docker hosts that cannot pull them."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ..docker.client import cli
from ..docker.client.daemon import NoAnswerError
from ..docker.images import archive
from ..images.supply import names
from ..operate.progress import counted
from ..operate.stack import Stack, StackError
from ..party import interrupts
from .failure import failure
from .new_file import FileError, new_file
from .progress import OnConsole
from .stack import StackOption, read

app = typer.Typer(no_args_is_help=True)


class ImagesError(Exception):
    """Images that cannot be saved; the text explains why."""


@app.callback()
def images() -> None:
    """The images of a stack, for Docker hosts that cannot pull them."""


@app.command("save")
def save(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")],
    host: Annotated[
        str | None,
        typer.Option(help="The Docker host that has the images; the first that does if left out."),
    ] = None,
    stack: StackOption = None,
) -> None:
    """Write the images that a stack needs to one file, for `fate:images: archive`."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        chosen_stack = read(stack)
        wanted = names(chosen_stack.settings, chosen_stack.plan)
        hosts = _hosts(chosen_stack, host)
        source = _source(hosts, wanted)
        with interrupts.orderly(), new_file(file) as target, OnConsole(console).bars() as add:
            blocks = cli.output(["save", *wanted], cli.environment(hosts[source]))
            for block in counted(blocks, add(f"{len(wanted)} images", None)):
                target.write(block)
    except (ImagesError, FileError, StackError, cli.CommandError) as error:
        raise failure(error) from None
    except KeyboardInterrupt:
        raise failure(ImagesError("interrupted; no file was written")) from None
    size = file.stat().st_size / 1e6
    console.print(f"{file}: {len(wanted)} images of Docker host {source}, {size:.1f} MB")


def _hosts(stack: Stack, only: str | None) -> dict[str, str]:
    """How to reach the Docker hosts that may have the images, by their names.

    Raises:
        ImagesError: the stack has no such Docker host.
    """
    known = {name: host.docker for name, host in stack.settings.hosts.items()}
    if only is None:
        return known
    if only not in known:
        raise ImagesError(
            f"stack {stack.name} has no Docker host {only}; its Docker hosts: {', '.join(known)}"
        )
    return {only: known[only]}


def _source(hosts: Mapping[str, str], wanted: Collection[str]) -> str:
    """The first Docker host that has all images.

    Args:
        hosts: how to reach the Docker hosts, by their names.
        wanted: the images' names.

    Raises:
        ImagesError: none has.
    """
    why = []
    for name, docker_host in hosts.items():
        try:
            lacking = archive.missing(wanted, docker_host)
        except NoAnswerError as error:
            why.append(f"{name} does not answer ({error})")
            continue
        if not lacking:
            return name
        why.append(f"{name} lacks {', '.join(lacking)}")
    raise ImagesError(f"no Docker host has all images of the stack: {'; '.join(why)}")
