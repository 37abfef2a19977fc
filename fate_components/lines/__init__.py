"""The release lines of FATE: each is one of these packages, and fills in a `Line`.

A release file names its line: one of these packages, or the full name of a module elsewhere.
"""

import pkgutil
from functools import cache
from importlib import import_module

from ..line import Line
from ..plan import planning
from ..plan.planner import Planner
from ..plan.topology import Topology
from ..releases.facts import Release
from ..settings import Settings


class UnknownLineError(Exception):
    """A release file names a line that does not exist; the text names those that do."""


def of(release: Release) -> Line:
    """The line that a release belongs to.

    Raises:
        UnknownLineError: its release file names none that exists.
    """
    module = release.line if "." in release.line else f"{__name__}.{release.line}"
    try:
        return _line(module)
    except ModuleNotFoundError as error:
        if not f"{module}.".startswith(f"{error.name}."):
            raise  # what the line itself imports
        raise UnknownLineError(
            f"release {release.name}: line: {release.line!r} is neither one of "
            f"{', '.join(built_in())} nor the full name of a module"
        ) from None


def built_in() -> dict[str, Line]:
    """The lines in this package, by name."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    return {name: _line(f"{__name__}.{name}") for name in names}


def settings_models() -> dict[str, type[Settings]]:
    """The models of their stack files, by the lines' names."""
    return {name: line.settings for name, line in built_in().items()}


def planner(settings: Settings, release: Release) -> Planner:
    """What decides where the clusters of a stack run.

    Args:
        settings: the stack file's settings.
        release: the facts of the release that they deploy.
    """
    return of(release).planner(settings, release)


def plan(settings: Settings, release: Release, stack: str) -> Topology:
    """Compute the deployment from checked settings.

    Args:
        settings: the stack file's settings.
        release: the facts of the release that they deploy.
        stack: the stack's name.
    """
    return planning.plan(planner(settings, release), stack)


@cache
def _line(module: str) -> Line:
    line = import_module(module).LINE
    assert isinstance(line, Line)  # noqa: S101 - the release file names the module of a line
    return line
