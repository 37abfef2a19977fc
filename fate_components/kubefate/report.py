"""What becomes of each KubeFATE option, told to the operator."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from ..settings.errors import shown

_MAX_PLAIN = 80


class Outcome(Enum):
    """What becomes of an option."""

    TAKEN = "Taken over"
    LEFT = "Not taken over"
    REFUSED = "Refused"


@dataclass(frozen=True)
class Line:
    """What becomes of one option.

    Args:
        outcome: whether it is taken over.
        option: its name, or how an option of this command is written.
        value: its value as it may be shown.
        what: what it becomes, or why it becomes nothing and the way out.
    """

    outcome: Outcome
    option: str
    value: str
    what: str

    def __str__(self) -> str:
        value = f" = {self.value}" if self.value else ""
        return f"{self.option}{value}: {self.what}"


@dataclass
class Report:
    """What becomes of all options."""

    lines: list[Line] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """Whether anything is refused, so that nothing may be written."""
        return any(line.outcome is Outcome.REFUSED for line in self.lines)

    def taken(self, option: str, value: object, what: str) -> None:
        """An option that is taken over, and what it becomes."""
        self._add(Outcome.TAKEN, option, value, what)

    def left(self, option: str, value: object, what: str) -> None:
        """An option that is not taken over, and why."""
        self._add(Outcome.LEFT, option, value, what)

    def refuse(self, option: str, value: object, what: str) -> None:
        """An option that cannot be taken over, and the way out."""
        self._add(Outcome.REFUSED, option, value, what)

    def _add(self, outcome: Outcome, option: str, value: object, what: str) -> None:
        self.lines.append(Line(outcome, option, _text(value), what))


def _text(value: object) -> str:
    if isinstance(value, str):
        return _word(value)
    return f"({' '.join(map(_word, value))})" if isinstance(value, Iterable) else ""


def _word(value: str) -> str:
    plain = re.fullmatch(r"[A-Za-z0-9_.:/-]+", value)
    return value if plain and len(value) < _MAX_PLAIN else shown(value)
