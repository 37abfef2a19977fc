"""fatectl up: `pulumi up` without the Docker hosts that do not answer."""

import os
import subprocess
from typing import Annotated

import typer
from rich.console import Console

from ..operate.stack import StackError
from ..operate.up import MovedError, update
from .failure import failure
from .stack import StackOption, read, workspace

PARTIAL = 3
"""The exit code if everything was updated but what is on the Docker hosts that were left out."""


def up(
    stack: StackOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask after the preview.")] = False,
) -> None:
    """Like `pulumi up`, but leaves out Docker hosts that do not answer: exit code 3 if any."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        wanted = read(stack)
        with workspace(wanted.name) as (project, name):
            resources = (project.export_stack(name).deployment or {}).get("resources", [])
            folder, environment = project.work_dir, project.env_vars
        planned = update(wanted, resources)
    except (MovedError, StackError) as error:
        raise failure(error) from None
    for sentence in planned.sentences:
        console.print(f"fatectl: {sentence}", markup=False)
    command = ["pulumi", "up", "--stack", wanted.name, *(["--yes"] if yes else [])]
    command += planned.options
    environment = {**os.environ, **environment, **planned.environment}
    code = subprocess.run(command, cwd=folder, env=environment, check=False).returncode
    if code or not planned.left_out:
        raise typer.Exit(code)
    console.print(
        f"fatectl: partial: Docker host {', '.join(planned.left_out)} was left out"
        + ("; run it again once it answers" if planned.expected else ""),
        markup=False,
    )
    raise typer.Exit(PARTIAL)
