"""fatectl preview-comment: what a change does to a stack, as Markdown for a pull request."""

import subprocess
import sys
from typing import Annotated

import typer

from ..review import comment
from ..review.steps import PreviewError, read
from . import stack as stacks
from .failure import failure


def preview_comment(
    stack: Annotated[str, typer.Argument(help="The stack.")],
) -> None:
    """Write a preview as Markdown: a line of summary, then the changes by party and service.

    Reads the output of `pulumi preview --json --stack STACK` from standard input, or runs it if
    there is none.
    """
    text = "" if sys.stdin.isatty() else sys.stdin.read()
    try:
        typer.echo(comment.render(read(text if text.strip() else _preview(stack)), stack), nl=False)
    except PreviewError as error:
        raise failure(
            PreviewError(f"the preview of stack {stack} cannot be shown: {error}")
        ) from None


def _preview(stack: str) -> str:
    done = subprocess.run(
        ["pulumi", "preview", "--json", "--stack", stack],
        cwd=stacks.PROJECT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    # A failed preview prints what it has found, too: the comment shows why it failed.
    if done.returncode and not done.stdout.strip():
        raise PreviewError(done.stderr.strip().removeprefix("error: ") or "pulumi preview failed")
    return done.stdout
