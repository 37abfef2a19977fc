"""The config section of Pulumi.yaml, from which `pulumi config` and the engine know the keys."""

import json
import re
from typing import Any

import yaml
from pydantic.fields import FieldInfo

from fate_components.lines import settings_models
from fate_components.settings.keys import in_short
from fate_components.settings.reading import PLAIN

PATH = "Pulumi.yaml"

_SECTION = re.compile(r"(?<=\n)config:\n(?:  .*\n)*")


def written(text: str) -> str:
    """The project file with its config section as the models have it.

    Defaults that were filled in stay: they are what the stacks of an operator share.

    Args:
        text: the project file, with any config section.
    """
    present = (yaml.safe_load(text) or {}).get("config") or {}
    lines = ["config:\n"]
    for key, field in _fields().items():
        about = in_short(field)
        lines += [
            f"  {key}:\n",
            f"    description: {json.dumps(about[:1].upper() + about[1:], ensure_ascii=False)}\n",
            f"    default: {_flow(present.get(key, {}).get('default', _default(key, field)))}\n",
        ]
    return _SECTION.sub(lambda _: "".join(lines), text, count=1)


def _flow(value: object) -> str:
    """A value on one line."""
    return json.dumps(value, ensure_ascii=False)


def _fields() -> dict[str, FieldInfo]:
    return {
        str(field.alias): field
        for model in settings_models().values()
        for field in model.model_fields.values()
    }


def _default(key: str, field: FieldInfo) -> Any:
    """An empty default, unless the value is a word: the engine would stop at a missing key."""
    if key in PLAIN:
        return ""
    if isinstance(field.default, bool):
        return field.default
    return [] if "tuple" in str(field.annotation) else {}
