"""Runs Python modules of this project as resources, outside the program itself."""

import shlex
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_command as command

# The program's own environment, as set in Pulumi.yaml; commands start in the project's folder.
PYTHON = ".venv/bin/python"


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
