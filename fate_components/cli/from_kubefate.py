"""fatectl import: writes the stack file that deploys what KubeFATE's files describe."""

import re
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ..kubefate import shell, stack_file
from ..kubefate.options import Options
from ..kubefate.report import Outcome, Report
from ..kubefate.translate import translate
from ..operate.stack import StackError
from ..settings.errors import shown
from . import stack as stacks
from .failure import failure

_STACK_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")


class KubefateError(Exception):
    """Files of KubeFATE that cannot be imported; the text explains why."""


def import_(
    parties: Annotated[Path, typer.Argument(help="KubeFATE's parties.conf.")],
    env: Annotated[
        Path | None,
        typer.Argument(help="KubeFATE's .env; the one that KubeFATE reads if left out."),
    ] = None,
    stack: stacks.StackOption = None,
    release: Annotated[
        str | None, typer.Option(help="The FATE release to deploy; the files' if left out.")
    ] = None,
    engines: Annotated[
        str | None,
        typer.Option(
            help="The computing engine of FATE 2, standalone, spark_local or spark, with RabbitMQ "
            "instead of the files' engines."
        ),
    ] = None,
    party: Annotated[
        list[str] | None,
        typer.Option(
            help="A party that this stack runs, or `exchange`; all of them if left out. The others "
            "become peers. Can be repeated."
        ),
    ] = None,
) -> None:
    """Write a stack file from KubeFATE's files, and show what becomes of each option."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        env = env or _env_of(parties)
        defaults = shell.read(env) if env else {}
        variables = {**defaults, **shell.read(parties, defaults)}
        name = _stack(stack)
        written = stacks.PROJECT / f"Pulumi.{name}.yaml"
        if written.exists():
            raise KubefateError(
                f"{written.name} exists and is not overwritten; choose another name with --stack"
            )
        config, report = translate(variables, release, engines, party or ())
        text = ""
        if not report.refused:
            text = stack_file.render(config, name)
            for mistake in stack_file.mistakes(text, name):
                stack_file.refuse(Options(variables, report), mistake)
        console.print(f"{parties}{f' and {env}' if env else ', without .env'}:", markup=False)
        _show(console, report)
        if report.refused:
            raise KubefateError(
                f"nothing was written to {written.name}; correct what is refused in the files of "
                "KubeFATE, and try again"
            )
        with written.open("x") as file:
            file.write(text)
        console.print(
            f"\nWrote {written.name}. Its first lines say what to do before `pulumi up`.",
            markup=False,
        )
    except (KubefateError, shell.ShellError, StackError) as error:
        raise failure(error) from None


def _env_of(parties: Path) -> Path | None:
    """The .env that KubeFATE's scripts read: beside them, and above them in v1.3.0."""
    folder = parties.resolve().parent
    above = [folder.parent] if folder.name == "docker-deploy" else []
    return next(
        (directory / ".env" for directory in (folder, *above) if (directory / ".env").is_file()),
        None,
    )


def _stack(name: str | None) -> str:
    if name is None:
        with stacks.workspace(None) as (_, name):
            pass
    if not _STACK_NAME.fullmatch(name):
        raise KubefateError(
            f"--stack: {shown(name)} is not a name for a stack; use letters, digits and . - _"
        )
    return name


def _show(console: Console, report: Report) -> None:
    # What cannot be taken over would not be found among all the rest.
    outcomes = [Outcome.REFUSED] if report.refused else [Outcome.TAKEN, Outcome.LEFT]
    for outcome in outcomes:
        lines = [line for line in report.lines if line.outcome is outcome]
        if lines:
            console.print(f"\n{outcome.value}", style="bold")
        for line in lines:
            console.print(f"  {line}", markup=False)
