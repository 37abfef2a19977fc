"""Turns the values of a stack file into settings, or reports what is wrong with them."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from .errors import Location, Mistake, SettingsError, key_path
from .explanations import explained
from .keys import text
from .stack import Settings

PLAIN = ("release", "images", "archive", "registry", "masterSecret")
"""Keys with a single string or word as value; all others are written as lists and maps."""


def _from_json(written: str) -> object:
    value: object = json.loads(written)
    # Half of a surrogate pair is valid JSON, but no text: it can be neither printed nor written.
    json.dumps(value, ensure_ascii=False).encode()
    return value


def secrets_in(
    value: object, where: tuple[str | int, ...] = ()
) -> Iterator[tuple[Location, SecretStr]]:
    """The passwords and private keys in a part of the settings, with their locations.

    Args:
        value: the part.
        where: its own location.
    """
    if isinstance(value, SecretStr):
        yield where, value
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from secrets_in(getattr(value, name), (*where, field.alias or name))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from secrets_in(item, (*where, key))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from secrets_in(item, (*where, index))


def _follows(error: ErrorDetails, errors: list[ErrorDetails]) -> bool:
    """Whether a list is reported as too short only because some of its items were rejected."""
    where = error["loc"]
    return error["type"] == "too_short" and any(
        len(other["loc"]) > len(where) and other["loc"][: len(where)] == where for other in errors
    )


def decoded(values: Mapping[str, Any], known: Collection[str | None]) -> dict[str, Any]:
    """Config as the engine passes it to a program, with its lists and maps.

    Args:
        values: values by key; lists and maps as JSON.
        known: the keys that exist in some release line.
    """
    config: dict[str, Any] = {}
    for key, value in values.items():
        if key in known and value in ("", "{}", "[]"):
            continue  # the project file's empty defaults
        if key in PLAIN or not isinstance(value, str):
            config[key] = value
            continue
        try:
            config[key] = _from_json(value)
        except (ValueError, RecursionError):
            config[key] = value  # a string instead of a list or a map: the models report it
    return config


def validated(
    values: Mapping[str, Any],
    model: type[Settings],
    others: Iterable[type[Settings]],
    mistakes: Iterable[Mistake] = (),
) -> Settings:
    """Settings from the values of a stack file.

    Args:
        values: the values by key.
        model: the model of the stack file.
        others: the models of other release lines, whose keys are known to be theirs.
        mistakes: what is already known to be wrong.

    Raises:
        SettingsError: there are mistakes; the error lists all of them.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        details = error.errors()
        release = str(text(values["release"]))
        explained_mistakes = [
            explained(detail, model, release, others)
            for detail in details
            if not _follows(detail, details)
        ]
        raise SettingsError([*mistakes, *explained_mistakes]) from None


def in_plain_text(settings: Settings, secret_keys: set[str]) -> list[Mistake]:
    """Secrets that are not encrypted.

    Args:
        settings: the settings.
        secret_keys: the keys whose value contains something encrypted.
    """
    remedy = "is in plain text: set it with `pulumi config set --secret"
    mistakes: list[Mistake] = []
    if "masterSecret" not in secret_keys:
        mistakes.append(Mistake(("masterSecret",), f"{remedy} fate:masterSecret …`"))
    parts = {
        "hosts": settings.hosts,
        "parties": settings.parties,
        "exchange": settings.exchange,
        "registries": settings.registries,
    }
    for key, value in parts.items():
        for where, _ in secrets_in(value, (key,)) if key not in secret_keys else ():
            mistakes.append(Mistake(where, f"{remedy} --path '{key_path(where)}' …`"))
    return mistakes
