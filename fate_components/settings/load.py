"""From what the stack file says to checked settings, or to everything that is wrong with it."""

import difflib
import json
from collections.abc import Mapping
from typing import Any

from pulumi.runtime import config as pulumi_config
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from .checks import check
from .errors import NAMESPACE, Location, Mistake, SettingsError, key_path
from .models import Published, Settings

# Keys whose value is one text or one word; all others are written as lists and maps.
_PLAIN = ("release", "images", "registry", "masterSecret")


def load() -> Settings:
    """The settings of the stack that Pulumi runs the program for.

    Raises:
        SettingsError: the stack file can't be deployed; it lists every mistake.
    """
    config = {**pulumi_config.get_config_env(), **pulumi_config.CONFIG.get()}
    return parse(config, {key for key in config if pulumi_config.is_config_secret(key)})


def parse(config: Mapping[str, Any], secret_keys: set[str]) -> Settings:
    """Turn config as the engine hands it to a program into settings.

    Args:
        config: values by full key (fate:parties); lists and maps as JSON.
        secret_keys: the full keys whose value holds something encrypted.

    Raises:
        SettingsError: the config can't be deployed; it lists every mistake.
    """
    prefix = f"{NAMESPACE}:"
    values = {
        key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)
    }
    try:
        settings = Settings.model_validate(_decode(values))
    except ValidationError as error:
        details = error.errors()
        raise SettingsError(
            [_explain(detail) for detail in details if not _follows(detail, details)]
        ) from None
    secrets = {key.removeprefix(prefix) for key in secret_keys}
    mistakes = _in_plain_text(settings, secrets) + check(settings)
    if mistakes:
        raise SettingsError(mistakes)
    return settings


def _decode(values: Mapping[str, Any]) -> dict[str, Any]:
    decoded: dict[str, Any] = {}
    known = {field.alias for field in Settings.model_fields.values()}
    for key, value in values.items():
        if key in known and value in ("", "{}", "[]"):
            continue  # the project file's empty defaults
        if key in _PLAIN or not isinstance(value, str):
            decoded[key] = value
            continue
        try:
            decoded[key] = json.loads(value)
        except json.JSONDecodeError:
            decoded[key] = value  # a text where a list or a map belongs: the models say so
    return decoded


def _in_plain_text(settings: Settings, secret_keys: set[str]) -> list[Mistake]:
    remedy = "is in plain text: set it with `pulumi config set --secret"
    mistakes: list[Mistake] = []
    if "masterSecret" not in secret_keys:
        mistakes.append(Mistake(("masterSecret",), f"{remedy} fate:masterSecret …`"))
    if "parties" not in secret_keys:
        for where in settings.passwords_set():
            mistakes.append(Mistake(where, f"{remedy} --path '{key_path(where)}' …`"))
    return mistakes


def _follows(error: ErrorDetails, errors: list[ErrorDetails]) -> bool:
    """Whether a list is only called too short because items of it were refused."""
    where = error["loc"]
    return error["type"] == "too_short" and any(
        len(other["loc"]) > len(where) and other["loc"][: len(where)] == where for other in errors
    )


_PLAINLY = {
    "too_short": "is empty",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "string_type": "must be a text",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "dict_type": "must be a map of keys and values",
    "model_type": "must be a map of keys and values",
    "tuple_type": "must be a list",
}


def _explain(error: ErrorDetails) -> Mistake:
    """Say what pydantic found in the words of an operator, with the way out."""
    where = error["loc"]
    field, siblings = _field(where)
    about = field.description if field and field.description else ""
    kind, context = error["type"], error.get("ctx", {})
    match kind:
        case "extra_forbidden":
            return Mistake(where, _unknown(str(where[-1]), siblings))
        case "missing":
            return Mistake(where, f"is missing; add it: {about}")
        case "value_error":
            what = str(context["error"])
        case "greater_than_equal":
            what = f"must be {context['ge']} or more{_not_this(where, error['input'])}"
        case "less_than_equal":
            what = f"must be {context['le']} or less{_not_this(where, error['input'])}"
        case "literal_error":
            what = f"must be {context['expected']}{_not_this(where, error['input'])}"
        case _:
            what = _PLAINLY.get(kind, error["msg"]) + _not_this(where, error["input"])
    return Mistake(where, f"{what} ({about})" if about else what)


def _not_this(where: Location, value: object) -> str:
    names = {str(part).lower() for part in where}
    secret = any(word in name for name in names for word in ("password", "secret", "token"))
    if secret or not isinstance(value, str | int | float):
        return ""
    return f", not {json.dumps(value, ensure_ascii=False)}"


def _unknown(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"is no key FATE knows; {hint}Keys here: {', '.join(known)}"


def _field(where: Location) -> tuple[FieldInfo | None, list[str]]:
    """The field a location names, if a model declares it, and all keys beside it."""
    model: type[BaseModel] | None = Settings
    field: FieldInfo | None = None
    siblings: list[str] = []
    for part in where:
        if model is None or isinstance(part, int):
            continue
        fields = {info.alias or name: info for name, info in model.model_fields.items()}
        siblings = list(fields)
        if part in fields:
            field = fields[part]
            model = _model_in(field.annotation)
    return field, siblings


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return None if annotation is Published else annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_in(inner)
        if found:
            return found
    return None
