"""The options in KubeFATE's files, and the FATE release that they are for."""

import re
from collections.abc import Iterator, Mapping

from .. import lines
from ..releases import catalogue
from .report import Report
from .shell import Variable

PARTIES = ("partylist", "party_list")
ADDRESSES = ("partyiplist", "party_ip_list")
SERVING = ("servingiplist", "serving_ip_list")
"""The lists, as v1.3.0 spells them, and as later versions do."""

_TAGS = ("FATEFlow_IMAGE_TAG", "TAG", "KubeFATE_Version")
# Options of versions before v1.3.0, and between it and v1.11.2.
_OTHER_VERSIONS = {
    "venvdir": "v1.1",
    "redis_ip": "v1.4 to v1.8",
    "redis_port": "v1.4 to v1.8",
    "redis_password": "v1.4 to v1.8",
    "computing_backend": "v1.5",
    "backend": "v1.6 to v1.8",
    "enabled_nn": "v1.5 to v1.8",
}


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


def release(options: Options, chosen: str | None) -> str | None:
    """The FATE release to deploy, or None if that is refused.

    Args:
        options: the options of the files; those that name a version are reported.
        chosen: the release that the operator chose, if any.
    """
    for name, versions in _OTHER_VERSIONS.items():
        if name in options:
            options.refuse(
                name,
                f"is an option of KubeFATE {versions}; only the files of v1.3.0, v1.11.2 and "
                "v2.0.0 are read. Remove it if the stack can do without",
            )
    if chosen is not None and chosen not in catalogue.known():
        options.report.refuse("--release", chosen, f"is not a known release; choose {_choice()}")
        return None
    found = chosen or _release_of_files(options)
    if found is not None:
        for name in ("TAG", "KubeFATE_Version"):
            if _version(options.text(name)) == found:
                options.taken(name, f"fate:release: {found}")
            else:
                options.left(
                    name,
                    f"fate:release is {found}, which all parties that work together must have",
                )
    return found


def _choice() -> str:
    return f"one with --release: {', '.join(catalogue.known())}"


def _version(tag: str) -> str | None:
    """The version in an image's tag, like 1.3.0-release, or in a version of KubeFATE."""
    found = re.match(r"v?([0-9]+(?:\.[0-9]+)+)", tag)
    return found[1] if found else None


def _release_of_files(options: Options) -> str | None:
    """The release that the files are for; if this project does not have it, that is refused."""
    tags = ((name, _version(options.text(name))) for name in _TAGS)
    name, found = next((tag for tag in tags if tag[1]), (options.spelled(PARTIES), None))
    found = found or _by_options(options)
    if found is None:
        options.report.refuse(
            ".env",
            None,
            "is needed to tell whether parties.conf is for KubeFATE v1.11.2 or v2.0.0; name it "
            f"after parties.conf, or choose {_choice()}",
        )
    elif found not in catalogue.known():
        options.refuse(
            name,
            f"is for FATE {found}, which this project does not deploy; choose {_choice()} "
            "(docs/from-kubefate.md compares them)",
        )
    elif not _spelled_for(options, found):
        options.refuse(
            options.spelled(PARTIES),
            f"is of another version of KubeFATE than {name}, which is for FATE {found}; name the "
            f".env that belongs to parties.conf, or choose {_choice()}",
        )
    else:
        return found
    return None


def _by_options(options: Options) -> str | None:
    """The release that the options are for, or None if several fit."""
    if options.first_spelling:
        return "1.3.0"
    engines = {options.text(name).lower() for name in ("computing", "federation", "storage")}
    if engines & {"osx", "standalone"}:
        return "2.0.0"
    return "1.11.2" if "eggroll" in engines else None


def _spelled_for(options: Options, release: str) -> bool:
    """Whether the lists are spelled as in KubeFATE's files for a release."""
    line = lines.of(catalogue.load(release)).from_kubefate
    return line is not None and options.first_spelling == line.first_spelling
