"""The pictures in the documentation, of stacks that are in the project."""

import json

import yaml

from fate_components import lines
from fate_components.picture import svg
from fate_components.picture.model import picture
from fate_components.stack_file import parse

STACKS = {
    "docs/dev-stack.svg": "Pulumi.dev.yaml",
    "docs/several-machines.svg": "examples/several-machines/Pulumi.large.yaml",
}
"""The stack file of each picture."""

_MASTER_SECRET = "fate:masterSecret"  # noqa: S105 - a key, not a secret


def drawn(stack_file: str, stack: str) -> str:
    """The picture of a stack as SVG.

    Args:
        stack_file: the text of its stack file.
        stack: its name.
    """
    config = yaml.safe_load(stack_file)["config"]
    as_engine = {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()
    }
    # Nothing in the picture depends on the secret, which each machine has its own.
    as_engine[_MASTER_SECRET] = "0123456789abcdef"
    settings, release = parse(as_engine, {_MASTER_SECRET}, stack)
    return svg.render(picture(lines.plan(settings, release, stack), settings, release, stack))
