"""Python modules of this project that are run as resources, outside of the program itself."""

import shlex
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_command as command

# The program's own environment, as Pulumi.yaml names it; commands start in the project's folder.
PYTHON = ".venv/bin/python"


def run(
    name: str,
    module: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    opts: pulumi.ResourceOptions,
    stdin: pulumi.Input[str] | None = None,
    triggers: Sequence[pulumi.Input[str]] = (),
) -> command.local.Command:
    """Run a module when the resource is new, and again when anything about it changed.

    Args:
        name: the resource's logical name.
        module: the module, run with -m; what it says is shown while it runs.
        arguments: its command line.
        environment: its variables.
        opts: whose child it is.
        stdin: what it reads, shown in previews.
        triggers: more values whose change runs it again.
    """
    return command.local.Command(
        name,
        # On Ctrl-C the plugin ends the process that it started, and waits for all others.
        create=shlex.join(["exec", PYTHON, "-m", module, *arguments]),
        environment=environment,
        stdin=stdin,
        triggers=list(triggers) or None,
        logging=command.local.Logging.STDOUT_AND_STDERR,
        opts=opts,
    )
