"""The errors shown to an operator if a stack file cannot be deployed."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

NAMESPACE = "fate"

Location = Sequence[str | int]

_MAX_SHOWN = 100


@dataclass(frozen=True)
class Mistake:
    """One mistake in the stack file.

    Args:
        where: the path of the key below the namespace, like ("parties", 0, "host").
        what: what is wrong with its value and how to fix it.
    """

    where: Location
    what: str

    def __str__(self) -> str:
        return f"{key_path(self.where)}: {self.what}"


class SettingsError(Exception):
    """A stack file that cannot be deployed, with all of its mistakes."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        count = f"{len(mistakes)} mistake" + ("s" if len(mistakes) != 1 else "")
        lines = "\n".join(f"  {mistake}" for mistake in mistakes)
        super().__init__(f"The stack's config has {count}; nothing was changed.\n{lines}")


def key_path(where: Location) -> str:
    """The key as `pulumi config set --path` takes it: fate:parties[0].training.eggs."""
    path = ""
    for part in where:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part and not re.search(r'[."\[\]]', part):
            path += ("." if path else "") + _printable(part)
        else:
            path += f"[{json.dumps(_printable(part), ensure_ascii=False)}]"
    return f"{NAMESPACE}:{path}"


def unknown_host(name: str, hosts: Iterable[str]) -> str:
    """The message about a name that is not one of the Docker hosts."""
    known = _printable(", ".join(hosts))
    return f"{shown(name)} is not one of the Docker hosts under fate:hosts ({known})"


def shown(value: object) -> str:
    """A value from a stack file, for a message: in short, and with nothing that may be secret.

    Maps and lists, and texts that are meant as such, may contain passwords at any depth; a URL
    may contain one before its "@".
    """
    if isinstance(value, int | float | None):
        return _printable(json.dumps(value))
    if str(value).startswith(("[", "{")):
        return "a list" if str(value).startswith("[") else "a map"
    return f'"{_printable(re.sub(":.*@", ":…@", str(value), flags=re.DOTALL))}"'


def _printable(text: str) -> str:
    """A text on one line, with its line breaks and control characters escaped."""
    short = text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 1]}…"
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in short)
