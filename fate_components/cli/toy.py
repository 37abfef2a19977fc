"""fatectl toy: FATE's own check that two parties can work together."""

from functools import partial
from typing import Annotated

import typer

from ..checks.toy import ToyError, ToyJob
from ..operate.stack import StackError
from ..operate.target import TargetError
from .failure import failure
from .stack import PROJECT, StackOption
from .target import HostOption, aside, target, waiting


def toy(
    guest: Annotated[str, typer.Argument(help="The id of the guest.", metavar="GUEST")],
    host: Annotated[
        str,
        typer.Argument(help="The id of the host, which may be a peer's.", metavar="HOST"),
    ],
    docker_host: HostOption = None,
    stack: StackOption = None,
) -> None:
    """Run the toy job between two parties, and name what fails.

    Example: fatectl toy 9999 10000
    """
    try:
        with waiting("looking at the Docker hosts"):
            looked_at = target(stack, docker_host, aside)
            job = ToyJob(looked_at, looked_at.look(), guest, host)
        with waiting(f"party {guest} runs the toy job with party {host}"):
            job.run(PROJECT, partial(print, flush=True))
    except (StackError, TargetError, ToyError) as error:
        raise failure(error) from None
