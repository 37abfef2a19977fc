"""Explains what is wrong with a stack file, in an operator's terms."""

import difflib
from collections.abc import Iterable
from typing import Any, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from .errors import Location, Mistake, shown
from .keys import in_short

_PLAINLY = {
    "too_short": "is empty",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "must be a whole number",
    "finite_number": "must be a whole number",
    "string_type": "must be a string",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "dict_type": "must be a map of keys and values",
    "model_type": "must be a map of keys and values",
    "tuple_type": "must be a list",
}


def explained(
    error: ErrorDetails, model: type[BaseModel], release: str, others: Iterable[type[BaseModel]]
) -> Mistake:
    """A pydantic error in an operator's terms, with the remedy.

    Args:
        error: the error.
        model: the model of the stack file.
        release: the release that the stack file names.
        others: the models of other release lines, whose keys are known to be theirs.
    """
    where = error["loc"]
    field, siblings = _field(where, model)
    about = in_short(field) if field else ""
    kind, context = error["type"], error.get("ctx", {})
    match kind:
        case "extra_forbidden":
            return Mistake(where, _unknown(where, siblings, release, others))
        case "missing":
            return Mistake(where, f"is missing; add {about}")
        case "value_error":
            what = str(context["error"])
        case "greater_than_equal":
            what = f"must be {context['ge']} or more{_not_this(where, error['input'])}"
        case "less_than_equal":
            what = f"must be {context['le']} or less{_not_this(where, error['input'])}"
        case "literal_error":
            what = f"must be {context['expected']}{_not_this(where, error['input'])}"
        case "dict_type" | "model_type" | "tuple_type":
            # Not followed by the value: it may be a password, or a map with passwords as text.
            what = _PLAINLY[kind]
        case _:
            what = _PLAINLY.get(kind, error["msg"]) + _not_this(where, error["input"])
    return Mistake(where, f"{what} ({about})" if about else what)


def _not_this(where: Location, value: object) -> str:
    names = {str(part).lower() for part in where}
    secret = any(word in name for name in names for word in ("password", "secret", "token", "key"))
    if secret or not isinstance(value, str | int | float):
        return ""
    return f", not {shown(value)}"


def _unknown(
    where: Location, known: list[str], release: str, others: Iterable[type[BaseModel]]
) -> str:
    """The error for a key that the release lacks: another line has it, or which key was meant."""
    key = str(where[-1])
    for model in others:
        if key in _field(where, model)[1]:
            return (
                f"is not supported by FATE {release}; remove the key, or choose another "
                f"fate:release. Valid keys: {', '.join(known)}"
            )
    close = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"is not a known key; {hint}Valid keys: {', '.join(known)}"


def _field(where: Location, root: type[BaseModel]) -> tuple[FieldInfo | None, list[str]]:
    """The field at a location, if a model declares it, and all keys at the same level."""
    model: type[BaseModel] | None = root
    field: FieldInfo | None = None
    siblings: list[str] = []
    parts = iter(where)
    for part in parts:
        if model is None or isinstance(part, int):
            continue
        fields = {info.alias or name: info for name, info in model.model_fields.items()}
        siblings = list(fields)
        if part in fields:
            field = fields[part]
            model = model_in(field.annotation)
            if get_origin(field.annotation) is dict:
                next(parts, None)  # a name, which may be the same as a key's
        elif part != where[-1]:
            return None, []  # below a key of another release line
    return field, siblings


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The model in a field's type, if it contains one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        model = model_in(inner)
        if model:
            return model
    return None
