"""Files of the project that are made from its models: `make generated` writes them."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from fate_components.stack_file import SCHEMA

from . import pictures, project, reference, schema

ROOT = Path(__file__).parents[2]


def _picture(stack_file: str, _: str) -> str:
    file = ROOT / stack_file
    return pictures.drawn(file.read_text(), file.name.split(".")[1])


FILES: Mapping[str, Callable[[str], str]] = {
    SCHEMA: lambda _: json.dumps(schema.stack_file(), indent=1, ensure_ascii=False) + "\n",
    reference.PATH: reference.written,
    project.PATH: project.written,
    **{path: partial(_picture, file) for path, file in pictures.STACKS.items()},
}
"""By path, what each file must contain, given what it does contain."""
