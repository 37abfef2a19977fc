"""fatectl publish: makes a trained model answer inference requests."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ..line import Publication, PublishError
from ..operate.stack import StackError
from ..settings import SERVING, TRAINING
from .failure import failure
from .stack import StackOption, read
from .target import aside


def publish(
    job: Annotated[str, typer.Argument(help="The id of the job that trained the model.")],
    service: Annotated[str, typer.Option(help="The name to publish the model under.")],
    stack: StackOption = None,
    features: Annotated[
        str, typer.Option(help="The guest's features of the trial request, as a JSON map.")
    ] = "{}",
    device: Annotated[
        str, typer.Option(help="The device_id of the trial request; a random one if left out.")
    ] = "",
) -> None:
    """Load and bind a trained model at all its parties, and try one inference."""
    try:
        wanted = Publication(job, service, _map(features), device)
        chosen_stack = read(stack)
        known = chosen_stack.line.serving
        if known is None:
            raise PublishError(f"FATE {chosen_stack.release.name} has no serving here")
        known.publish(
            chosen_stack.containers(TRAINING), chosen_stack.containers(SERVING), wanted, _Progress()
        )
    except (PublishError, StackError) as error:
        raise failure(error) from None


class _Progress:
    """Prints how far it is."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)

    def said(self, text: str) -> None:
        """A step that succeeded."""
        self._console.print(text)

    def warning(self, text: str) -> None:
        """What the operator should know."""
        aside(text)

    def loaded(self, answers: Sequence[tuple[str, str, str]]) -> None:
        """What each party answered: its role, its id, and the answer."""
        table = Table("role", "party", "answer")
        for row in answers:
            table.add_row(*row)
        self._console.print(table)


def _map(features: str) -> dict[str, Any]:
    try:
        return dict(json.loads(features))
    except (ValueError, TypeError):
        raise PublishError(
            f"--features: {features!r} is not a JSON map; write it like '{{\"x0\": 1.5}}'"
        ) from None
