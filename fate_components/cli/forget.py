"""fatectl forget: removes a Docker host that is gone for good from the state."""

from typing import Annotated

import typer
from rich.console import Console

from ..operate.forget import ForgetError, Forgetting, told
from ..operate.stack import StackError
from .failure import failure
from .stack import StackOption, read, workspace


def forget(
    host: Annotated[str, typer.Argument(help="The Docker host, like b2.", metavar="HOST")],
    stack: StackOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a Docker host that is gone for good, and all that was on it, from the state."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        wanted = read(stack)
        with workspace(wanted.name) as (project, name):
            forgetting = Forgetting(project, wanted, host)
            console.print(
                f"Docker host {host} ({forgetting.url}) does not answer: {forgetting.silence}",
                markup=False,
            )
            console.print(f"The state of stack {name} has on it:", markup=False)
            for line in told(host, forgetting.lost):
                console.print(line, markup=False)
            if not yes:
                typer.confirm(f"Forget Docker host {host}?", abort=True)
                forgetting.check_unchanged()
            forgetting.forget()
    except (ForgetError, StackError) as error:
        raise failure(error) from None
    console.print(
        f"Docker host {host} is forgotten, and `pulumi up` goes on without it. Should the machine "
        "be back one day, its containers run again: remove there what has the label "
        f"fate.stack={wanted.name}.",
        markup=False,
    )
