"""The tables of keys in docs/configuration.md.

Between `<!-- keys BASE: KEY KEY … -->` and `<!-- end of keys -->` stands a table with a row for
each key below the base. `KEY+KEY` are keys that share a row: they mean the same.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from fate_components.lines import settings_models
from fate_components.settings.errors import NAMESPACE
from fate_components.settings.explanations import model_in

PATH = "docs/configuration.md"

_TABLE = re.compile(
    r"(<!-- keys (?P<base>\S*): (?P<keys>[^>]*?) -->\n).*?(<!-- end of keys -->)", re.S
)
_HEAD = "| key | meaning | default |\n| --- | --- | --- |\n"
# The end of a description's first sentence that says what is used without the key.
_DEFAULT = re.compile(r"; (?P<default>[^;]+?),? if not given(?=\.\s|$)")


class NoSuchKeyError(Exception):
    """A key in the reference that no release line has."""


def written(text: str) -> str:
    """The reference with its tables as the models have them.

    Args:
        text: the reference, with any tables.

    Raises:
        NoSuchKeyError: it lists a key that does not exist.
    """

    def table(found: re.Match[str]) -> str:
        rows = "".join(_row(found["base"], keys) for keys in found["keys"].split())
        return f"{found[1]}\n{_HEAD}{rows}\n{found[4]}"

    return _TABLE.sub(table, text)


def missing(text: str) -> set[str]:
    """The keys with a value of their own that no table of a reference describes.

    A key is known by its model: what two keys have in common is described once.
    """
    listed = {
        f"{found['base']}.{key}" if found["base"] != NAMESPACE else key
        for found in _TABLE.finditer(text)
        for keys in found["keys"].split()
        for key in keys.split("+")
    }
    keys = [key for model in settings_models().values() for key in _keys(model)]
    described = {(key.model, key.field.alias) for key in keys if key.path in listed}
    return {
        key.path
        for key in keys
        if (key.model, key.field.alias) not in described and not model_in(key.field.annotation)
    }


@dataclass(frozen=True)
class _Key:
    """A key of a stack file.

    Args:
        path: its path below the namespace, without the names of hosts and numbers in lists.
        field: the field that stands for it.
        model: the model that declares it.
    """

    path: str
    field: FieldInfo
    model: type


def _keys(model: type[BaseModel], base: str = "") -> Iterator[_Key]:
    for name, field in model.model_fields.items():
        path = f"{base}{field.alias or name}"
        declares = next(one for one in model.__mro__ if name in vars(one)["__annotations__"])
        yield _Key(path, field, declares)
        if inner := model_in(field.annotation):
            yield from _keys(inner, f"{path}.")


def _row(base: str, keys: str) -> str:
    prefix = "" if base == NAMESPACE else f"{base}."
    fields = [_field(f"{prefix}{key}") for key in keys.split("+")]
    shown = [f"{NAMESPACE}:{key}" if base == NAMESPACE else key for key in keys.split("+")]
    meaning = _DEFAULT.sub("", fields[0].description or "", count=1)
    default = "; ".join(dict.fromkeys(map(_default, fields)))
    cells = [", ".join(f"`{key}`" for key in shown), meaning, default]
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |\n"


def _field(path: str) -> FieldInfo:
    for model in list(settings_models().values())[::-1]:
        for key in _keys(model):
            if key.path == path:
                return key.field
    raise NoSuchKeyError(f"{PATH} lists {path}, which is not a key of any release line")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if said := _DEFAULT.search(field.description or ""):
        return said["default"]
    value = field.get_default(call_default_factory=True)
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, BaseModel):
        return "its defaults"
    return f"`{value}`" if isinstance(value, str) and value else "none"
