"""fatectl repair: clears what an interrupted pulumi has left, so that `pulumi up` can go on."""

from typing import Annotated

import typer
from rich.console import Console

from ..operate import repair as repairing
from ..operate.repair import RepairError
from ..operate.stack import StackError
from .failure import failure
from .stack import StackOption, workspace


def repair(
    stack: StackOption = None,
    other_machine: Annotated[
        bool, typer.Option(help="Also release the lock of an operation on another machine.")
    ] = False,
) -> None:
    """Clear what a killed pulumi has left: its lock, its plugins and its unfinished operations."""
    console = Console(highlight=False, soft_wrap=True)

    def say(text: str) -> None:
        console.print(text, markup=False)

    try:
        with workspace(stack) as (project, name):
            repairing.repair(project, name, say, other_machine)
    except (RepairError, StackError) as error:
        raise failure(error) from None
