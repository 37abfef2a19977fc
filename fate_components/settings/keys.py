"""What all models of the stack file have in common."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


def text(value: object) -> object:
    """A string, even if YAML reads it as a number, such as 5000 or 1.3."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


class Keys(BaseModel):
    """A map in the stack file. Its keys are in camel case, and unknown ones are rejected."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
    )
