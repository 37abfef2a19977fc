"""Numbers in a stack file that the engine reads as octal ones.

The engine takes 010 for 8, as YAML 1.1 does (gopkg.in/yaml.v3, resolve.go), and the program sees
only the 8. So the text of the file is looked at, too.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from .errors import NAMESPACE, Mistake

_OCTAL = re.compile(r"[+-]?0[0-7_]*[0-7]")


def mistakes(file: Path, config: Mapping[str, Any]) -> list[Mistake]:
    """The numbers in a stack file that have another value than their digits.

    Args:
        file: the stack file; nothing is found if it cannot be read, or if the config is that of
            another file.
        config: values by full key (fate:parties); lists and maps may be JSON.
    """
    try:
        root = yaml.compose(file.read_text(), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return []
    all_mistakes: list[Mistake] = []
    for key, node in _items(dict(_items(root)).get("config")):
        namespace, _, name = str(key).partition(":")
        if namespace == NAMESPACE:
            all_mistakes += _below(node, _decoded(config.get(str(key))), (name,))
    return all_mistakes


def _below(node: yaml.Node, value: Any, where: tuple[str | int, ...]) -> Iterator[Mistake]:
    """The mistakes in a part of the file, which the engine has read as a value."""
    for key, item in _items(node):
        with suppress(KeyError, IndexError, TypeError):  # the config of another file
            yield from _below(item, value[key], (*where, key))
    if isinstance(node, yaml.ScalarNode) and node.style is None and _OCTAL.fullmatch(node.value):
        digits = node.value.replace("_", "")
        octal = int(digits, 8)
        if octal != int(digits) and str(value) == str(octal):
            yield Mistake(
                where,
                f"{node.value} is read as the octal number {octal}: remove the leading zero, or "
                "put it in quotes if it is a text",
            )


def _items(node: yaml.Node | None) -> Iterator[tuple[str | int, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((key.value, item) for key, item in node.value)
    elif isinstance(node, yaml.SequenceNode):
        yield from enumerate(node.value)


def _decoded(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
