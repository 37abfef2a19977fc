"""fatectl topology: the picture of a stack."""

from enum import StrEnum
from typing import Annotated

import typer

from ..operate.stack import StackError
from ..picture import mermaid, svg
from ..picture.model import picture
from .failure import failure
from .stack import StackOption, read


class Format(StrEnum):
    """How a picture is written."""

    MERMAID = "mermaid"
    SVG = "svg"


_RENDER = {Format.MERMAID: mermaid.render, Format.SVG: svg.render}


def topology_(
    stack: StackOption = None,
    format: Annotated[
        Format, typer.Option(help="Text for Mermaid, or an SVG file.")
    ] = Format.MERMAID,
) -> None:
    """Draw hosts, parties, services and the ways between them, as the stack file says."""
    try:
        chosen_stack = read(stack)
    except StackError as error:
        raise failure(error) from None
    plan = chosen_stack.plan
    shown = picture(plan, chosen_stack.settings, chosen_stack.release, chosen_stack.name)
    typer.echo(_RENDER[format](shown), nl=False)
