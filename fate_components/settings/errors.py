"""The errors shown to an operator if a stack file cannot be deployed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

NAMESPACE = "fate"

Location = Sequence[str | int]


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
        else:
            path += f".{part}" if path else part
    return f"{NAMESPACE}:{path}"


def unknown_host(name: str, hosts: Iterable[str]) -> str:
    """The message about a name that is not one of the Docker hosts."""
    return f'"{name}" is not one of the Docker hosts under fate:hosts ({", ".join(hosts)})'
