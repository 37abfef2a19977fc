"""Reads the YAML that a deployer writes for FATE: maps in maps with one value a line, and lists of
such values."""

from __future__ import annotations

import json
from typing import Any

from . import strictconf
from .strictconf import ConfError


def read(path: str) -> dict[str, Any]:
    """The top of a YAML file."""
    return parse(path, strictconf.read(path))


def parse(path: str, content: str) -> dict[str, Any]:
    """The top of a YAML file with this content; `path` is for errors."""
    top: dict[str, Any] = {}
    open_maps: list[tuple[int, dict[str, Any]]] = [(-1, top)]
    empty: tuple[dict[str, Any], str] | None = None  # the key that a list may follow
    for number, line in enumerate(content.splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if text.startswith("- ") and empty:
            owner, name = empty
            owner[name] = [*(owner[name] or []), _scalar(text[2:].strip())]
            continue
        depth = len(line) - len(line.lstrip())
        key, colon, value = text.partition(":")
        if not colon or text.startswith("- "):
            raise ConfError(path, f"line {number}", f"not key: value: {line!r}")
        while open_maps[-1][0] >= depth:
            open_maps.pop()
        inside = open_maps[-1][1]
        key = str(_scalar(key))
        if key in inside:
            raise ConfError(path, key, "duplicate key")
        empty = None
        if value.strip():
            inside[key] = _scalar(value.strip())
        else:
            inside[key] = {}
            open_maps.append((depth, inside[key]))
            empty = inside, key
    return top


def _scalar(text: str) -> Any:
    if text[:1] == "'" == text[-1:]:
        return text[1:-1].replace("''", "'")
    try:
        return json.loads(text)
    except ValueError:
        return text
