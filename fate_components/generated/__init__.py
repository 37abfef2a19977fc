"""Files of the project that are made from its models: `make generated` writes them."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from . import dev_stack, project, reference, schema

ROOT = Path(__file__).parents[2]

FILES: Mapping[str, Callable[[str], str]] = {
    schema.PATH: lambda _: json.dumps(schema.stack_file(), indent=1, ensure_ascii=False) + "\n",
    reference.PATH: reference.written,
    project.PATH: project.written,
    dev_stack.PATH: lambda _: dev_stack.drawn((ROOT / "Pulumi.dev.yaml").read_text()),
}
"""By path, what each file must contain, given what it does contain."""
