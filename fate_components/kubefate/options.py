"""The options in KubeFATE's files, and what becomes of each."""

import re
from collections.abc import Iterator, Mapping

from .report import Report
from .shell import Variable

PARTIES = ("partylist", "party_list")
ADDRESSES = ("partyiplist", "party_ip_list")
SERVING = ("servingiplist", "serving_ip_list")
"""The lists, as v1.3.0 spells them, and as later versions do."""


class Options:
    """The options in parties.conf and .env.

    Args:
        variables: the variables that the files set.
        report: told what becomes of each option.
    """

    def __init__(self, variables: Mapping[str, Variable], report: Report) -> None:
        self.variables, self.report = variables, report
        self._told: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self.variables

    @property
    def first_spelling(self) -> bool:
        """Whether the lists are spelled as KubeFATE does up to v1.4."""
        return any(names[0] in self for names in (PARTIES, ADDRESSES, SERVING))

    def spelled(self, names: tuple[str, str]) -> str:
        """How a list is spelled in these files."""
        return names[0] if names[0] in self or self.first_spelling else names[1]

    def values(self, name: str) -> tuple[str, ...]:
        """The values of a list; a single value is a list of one, as in bash."""
        variable = self.variables.get(name)
        return variable.values if variable else ()

    def text(self, name: str, default: str = "") -> str:
        """A single value; the first one of a list, as in bash."""
        return next(iter(self.values(name)), "") if name in self else default

    def version(self, name: str) -> str | None:
        """The version in an image's tag, like 1.3.0-release, or in a version of KubeFATE."""
        match = re.match(r"v?([0-9]+(?:\.[0-9]+)+)", self.text(name))
        return match[1] if match else None

    def taken(self, name: str, what: str, secret: bool = False) -> None:
        """Report an option as taken over, if the files set it."""
        if name in self:
            self._told.add(name)
            self.report.taken(name, self._shown(name, secret), what)

    def left(self, name: str, what: str, secret: bool = False) -> None:
        """Report an option as not taken over, if the files set it."""
        if name in self:
            self._told.add(name)
            self.report.left(name, self._shown(name, secret), what)

    def refuse(self, name: str, what: str) -> None:
        """Report an option as refused, with its place if the files set it."""
        self._told.add(name)
        where = f"{self.variables[name].where}: " if name in self else ""
        self.report.refuse(f"{where}{name}", self._shown(name, False), what)

    def _shown(self, name: str, secret: bool) -> object:
        variable = self.variables.get(name)
        if variable is None or secret:
            return None
        return variable.values if variable.is_list else self.text(name)

    def untold(self) -> Iterator[str]:
        """The options that nothing has been reported about."""
        return (name for name in self.variables if name not in self._told)
