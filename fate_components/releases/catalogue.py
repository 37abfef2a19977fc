"""The catalogue of FATE releases: one file for each, in config/releases."""

from functools import cache
from pathlib import Path

import yaml

from .facts import Release, ServiceFacts

_HERE = Path(__file__).parent

# In the project, and in an installed package.
RELEASES = next(
    folder for folder in (_HERE.parents[1] / "config" / "releases", _HERE) if folder.is_dir()
)


def known() -> list[str]:
    """The releases that can be deployed, oldest first."""
    return sorted(
        (path.stem for path in RELEASES.glob("*.yaml")),
        key=lambda name: [int(part) for part in name.split(".")],
    )


@cache  # of what a file says nothing changes while a program runs
def load(name: str) -> Release:
    """Read the facts of one of the known releases.

    Raises:
        KeyError: there is no such release.
    """
    if name not in known():
        raise KeyError(name)
    return read(name, yaml.safe_load((RELEASES / f"{name}.yaml").read_text()))


def facts_of(service: str, release: str) -> ServiceFacts | None:
    """What the release files say of a service of any kind of cluster; None if no release has it.

    Args:
        service: its name.
        release: the release to ask first. One that is not known, or has no such service (any more),
            leaves it to the newest that has.
    """
    names = known()
    for name in (release, *reversed(names)):
        if name in names:
            facts = load(name)
            if service_facts := {**facts.services, **facts.serving}.get(service):
                return service_facts
    return None


def read(name: str, facts: object) -> Release:
    """The release that a file describes.

    Args:
        name: the release's name.
        facts: the file's content.

    Raises:
        ValidationError: something is wrong with the facts; the error names every key.
    """
    if isinstance(facts, dict):
        facts = {**facts, "name": name}
    return Release.model_validate(facts)
