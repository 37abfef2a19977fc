"""What all models of the stack file have in common.

The description of a field is where its key is documented. It is Markdown: a first sentence, which
errors repeat and which may end in "; … if not given" (the default), and more for the reference.
"""

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo


def text(value: object) -> object:
    """A string, even if YAML reads it as a number, such as 5000 or 1.3."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


ENCRYPTED: dict[str, Any] = {
    "type": "object",
    "properties": {"secure": {"type": "string"}},
    "required": ["secure"],
    "additionalProperties": False,
}
"""The schema of what `pulumi config set --secret` writes into a stack file."""

Text = BeforeValidator(text, json_schema_input_type=str | int | float)
Secret = Annotated[SecretStr, WithJsonSchema(ENCRYPTED)]


def in_short(field: FieldInfo) -> str:
    """The first sentence of a field's description, without links."""
    first, *_ = re.split(r"\.\s", field.description or "", maxsplit=1)
    return without_links(first)


def without_links(markdown: str) -> str:
    """Markdown with the texts of its links only."""
    return re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", markdown)


class Keys(BaseModel):
    """A map in the stack file. Its keys are in camel case, and unknown ones are rejected."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
    )
