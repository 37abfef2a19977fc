"""Runs Python modules of this project as resources, outside the program itself."""

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pulumi
import pulumi_command as command

_OF_PROJECT = ".venv/bin/python"
# Commands start in the project's folder. A relative path keeps them the same on every machine.
PYTHON = _OF_PROJECT if Path(_OF_PROJECT).exists() else sys.executable


def run(
    name: str,
    module: str,
    arguments: Sequence[str],
    environment: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
    stdin: pulumi.Input[str] | None = None,
    triggers: Sequence[pulumi.Input[str]] = (),
) -> command.local.Command:
    """Run a module when the resource is new, and again when anything about it changes.

    Args:
        name: the resource's logical name.
        module: the module, run with -m; its output is shown while it runs.
        arguments: its command-line arguments.
        environment: its environment variables.
        opts: the parent and provider options.
        stdin: its standard input, shown in previews.
        triggers: additional values that run it again when they change.
    """
    return command.local.Command(
        name,
        # On Ctrl-C the plugin terminates the process that it started, and waits for all others.
        create=shlex.join(["exec", PYTHON, "-m", module, *arguments]),
        environment=environment,
        stdin=stdin,
        triggers=list(triggers) or None,
        logging=command.local.Logging.STDOUT_AND_STDERR,
        opts=opts,
    )
