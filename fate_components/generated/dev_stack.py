"""The picture of the dev stack, which README.md shows."""

import json

import yaml

from .. import topology
from ..picture import svg
from ..picture.model import picture
from ..settings.load import parse

PATH = "docs/dev-stack.svg"

_MASTER_SECRET = "fate:masterSecret"  # noqa: S105 - a key, not a secret


def drawn(stack_file: str) -> str:
    """The picture of the dev stack as SVG.

    Args:
        stack_file: the text of its stack file.
    """
    config = yaml.safe_load(stack_file)["config"]
    as_engine = {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()
    }
    # Nothing in the picture depends on the secret, which each machine has its own.
    as_engine[_MASTER_SECRET] = "0123456789abcdef"
    settings, release = parse(as_engine, {_MASTER_SECRET}, "dev")
    return svg.render(picture(topology.plan(settings, release, "dev"), settings, release, "dev"))
