"""Turns a stack file into checked settings, or reports everything that is wrong with it."""

import difflib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_origin

import pulumi
from pulumi.runtime import config as pulumi_config
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from .. import release as catalogue
from ..fate1 import settings as fate1
from ..fate2 import settings as fate2
from . import octal, openssh
from .checks import check
from .errors import NAMESPACE, Location, Mistake, SettingsError, key_path, shown
from .keys import in_short, text
from .models import DockerHost, Settings, overridden

LINES: Mapping[str, type[Settings]] = {"fate1": fate1.Settings, "fate2": fate2.Settings}
"""The model of each release line's stack files."""

FATE_FLOWS: Mapping[str, str] = {model.fate_flow: line for line, model in LINES.items()}
"""The release line of each service in which FATE Flow runs."""

PLAIN = ("release", "images", "archive", "registry", "masterSecret")
"""Keys with a single string or word as value; all others are written as lists and maps."""


def load() -> tuple[Settings, catalogue.Release]:
    """The settings of the stack that Pulumi runs the program for, and the release they deploy.

    Raises:
        SettingsError: the stack file cannot be deployed; the error lists every mistake.
    """
    config = {**pulumi_config.get_config_env(), **pulumi_config.CONFIG.get()}
    secret_keys = {key for key in config if pulumi_config.is_config_secret(key)}
    stack = pulumi.get_stack()
    written = octal.mistakes(Path(f"Pulumi.{stack}.yaml"), config)
    return parse(config, secret_keys, stack, openssh.names, written)


Names = Callable[[Mapping[str, DockerHost]], tuple[Mapping[str, str], list[Mistake]]]
"""Looks up the host names behind ssh:// URLs, by Docker host, with what could not be found."""


def parse(
    config: Mapping[str, Any],
    secret_keys: set[str],
    stack: str,
    names: Names = lambda _: ({}, []),
    mistakes: Sequence[Mistake] = (),
) -> tuple[Settings, catalogue.Release]:
    """Turn config, as the engine passes it to a program, into settings.

    Args:
        config: values by full key (fate:parties); lists and maps as JSON.
        secret_keys: the full keys whose value contains something encrypted.
        stack: the stack's name.
        names: looks up host names; by default those in the URLs are used.
        mistakes: what is already known to be wrong.

    Raises:
        SettingsError: the config cannot be deployed; the error lists every mistake.
    """
    prefix = f"{NAMESPACE}:"
    values = _decode(
        {key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)}
    )
    release = _release(values)
    model = LINES[release.line]
    try:
        settings = model.model_validate(values)
    except ValidationError as error:
        details = error.errors()
        explained = [
            _explain(detail, release) for detail in details if not _follows(detail, details)
        ]
        raise SettingsError([*mistakes, *explained]) from None
    secrets = {key.removeprefix(prefix) for key in secret_keys}
    return complete(settings, stack, names, [*mistakes, *_in_plain_text(settings, secrets)])


def complete(
    settings: Settings, stack: str, names: Names, mistakes: Sequence[Mistake] = ()
) -> tuple[Settings, catalogue.Release]:
    """Check settings as a whole, and look up what they leave to others.

    Args:
        settings: the settings.
        stack: the stack's name.
        names: looks up host names.
        mistakes: what is already known to be wrong.

    Raises:
        SettingsError: they cannot be deployed; the error lists every mistake.
    """
    release = _release({"release": settings.release})
    if not isinstance(settings, LINES[release.line]):
        raise SettingsError(
            [Mistake(("release",), f"{release.name} needs the Settings of {release.line}")]
        )
    known, unknown = names(settings.hosts)
    hosts = {
        name: host.called(known[name]) if name in known else host
        for name, host in settings.hosts.items()
    }
    settings = settings.model_copy(update={"hosts": hosts})
    release = settings.chosen(release)
    if not settings.tls.enabled:
        release = release.in_plain_text
    release = overridden(release, settings.services)
    found = [*unknown, *mistakes, *check(settings, release, stack)]
    if found:
        raise SettingsError(found)
    return settings, release


def _decode(values: Mapping[str, Any]) -> dict[str, Any]:
    decoded: dict[str, Any] = {}
    known = {field.alias for line in LINES.values() for field in line.model_fields.values()}
    for key, value in values.items():
        if key in known and value in ("", "{}", "[]"):
            continue  # the project file's empty defaults
        if key in PLAIN or not isinstance(value, str):
            decoded[key] = value
            continue
        try:
            decoded[key] = _from_json(value)
        except (ValueError, RecursionError):
            decoded[key] = value  # a string instead of a list or a map: the models report it
    return decoded


def _from_json(written: str) -> object:
    value: object = json.loads(written)
    # Half of a surrogate pair is valid JSON, but no text: it can be neither printed nor written.
    json.dumps(value, ensure_ascii=False).encode()
    return value


def _release(values: Mapping[str, Any]) -> catalogue.Release:
    """The release, which decides which other keys exist."""
    known = catalogue.known()
    choice = f"choose one of {', '.join(known)}"
    if "release" not in values:
        raise SettingsError([Mistake(("release",), f"is missing; add the FATE release: {choice}")])
    name = text(values["release"])
    if not isinstance(name, str) or name not in known:
        raise SettingsError(
            [Mistake(("release",), f"{shown(name)} is not a known release; {choice}")]
        )
    return catalogue.load(name)


def _in_plain_text(settings: Settings, secret_keys: set[str]) -> list[Mistake]:
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


def _explain(error: ErrorDetails, release: catalogue.Release) -> Mistake:
    """Explain a pydantic error in an operator's terms, with the remedy."""
    where = error["loc"]
    field, siblings = _field(where, LINES[release.line])
    about = in_short(field) if field else ""
    kind, context = error["type"], error.get("ctx", {})
    match kind:
        case "extra_forbidden":
            return Mistake(where, _unknown(where, siblings, release))
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


def _unknown(where: Location, known: list[str], release: catalogue.Release) -> str:
    """The error for a key that the release lacks: another line has it, or which key was meant."""
    key = str(where[-1])
    for line, model in LINES.items():
        if line != release.line and key in _field(where, model)[1]:
            return (
                f"is not supported by FATE {release.name}; remove the key, or choose another "
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
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = model_in(inner)
        if found:
            return found
    return None
