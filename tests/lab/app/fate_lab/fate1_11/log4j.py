"""Where a log4j2.properties sends what a service logs: to one of its streams, or to a file.

Only the first appender to which the root logger refers is used, without levels and layouts.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from typing import TextIO

from .. import strictconf
from ..strictconf import ConfError

_VARIABLE = re.compile(r"\$\{([A-Za-z]+:)?([A-Za-z0-9_.]+)(:-([^{}]*))?\}")


def apply(path: str) -> None:
    """Makes what is printed from now on go where this file says."""
    sys.stdout = _open(destination(path, strictconf.read(path), os.environ))


def _open(place: str) -> TextIO:
    if place == "stdout":
        return sys.stdout
    if place == "stderr":
        return sys.stderr
    try:
        os.makedirs(os.path.dirname(place) or ".", exist_ok=True)
        return open(place, "a", encoding="utf-8")
    except OSError:  # the JVM runs on, and logs nothing
        return open(os.devnull, "w", encoding="utf-8")


def destination(path: str, content: str, environment: Mapping[str, str]) -> str:
    """stdout, stderr or a file's path."""
    found: dict[str, str] = {}
    for line in content.splitlines():
        key, equals, value = line.partition("=")
        if equals and not key.strip().startswith(("#", "!")):
            found[key.strip()] = value.strip()
    names = [value for key, value in found.items() if re.fullmatch(r"rootLogger\..*\.ref", key)]
    for name in names:
        ids = [key.split(".")[1] for key, value in found.items() if _names(key, value, name)]
        for one in ids:
            kind = found.get(f"appender.{one}.type")
            if kind == "Console":
                target = found.get(f"appender.{one}.target", "SYSTEM_OUT")
                return "stderr" if target == "SYSTEM_ERR" else "stdout"
            if kind in ("File", "RollingFile"):
                return _expanded(found.get(f"appender.{one}.fileName", ""), found, environment)
    raise ConfError(
        path, "rootLogger", "refers to no appender of type Console, File or RollingFile"
    )


def _names(key: str, value: str, name: str) -> bool:
    return value == name and re.fullmatch(r"appender\.[^.]+\.name", key) is not None


def _expanded(text: str, found: Mapping[str, str], environment: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        kind, name, _, default = match.groups()
        known = environment.get(name) if kind == "env:" else found.get(f"property.{name}")
        return known if known is not None else default or ""

    while (new := _VARIABLE.sub(value, text)) != text:
        text = new
    return text
