"""The stack that a command works on, from its stack file."""

from dataclasses import dataclass
from pathlib import Path

from pulumi import automation as auto

from ..docker.containers import Containers
from ..release import Release
from ..settings import Settings, SettingsError
from ..settings.load import parse

_PROJECT = Path(__file__).parents[2]


class StackError(Exception):
    """A stack that cannot be read; the text explains why."""


@dataclass(frozen=True)
class Stack:
    """A stack of this project.

    Args:
        name: its name.
        settings: its settings.
        release: the facts of the release that it deploys.
    """

    name: str
    settings: Settings
    release: Release

    def containers(self, kind: str) -> dict[str, Containers]:
        """The containers of each party's cluster of a kind, by party id."""
        return {
            str(party.id): Containers(
                self.name, str(party.id), self.settings.hosts[cluster.host].docker
            )
            for party in self.settings.parties
            for cluster in self.settings.clusters(party, self.release)
            if cluster.kind == kind
        }


def read(name: str | None, project: Path = _PROJECT) -> Stack:
    """Read a stack.

    Args:
        name: its name, or None for the selected stack.
        project: the folder of the project.

    Raises:
        StackError: there is no such stack, or its stack file has mistakes.
    """
    workspace = auto.LocalWorkspace(work_dir=str(project))
    try:
        selected = workspace.stack()
        name = name or (selected.name if selected else None)
        if name is None:
            raise StackError("no stack is selected: name one with --stack")
        config = workspace.get_all_config(name)
        settings, release = parse(
            {key: value.value for key, value in config.items()},
            {key for key, value in config.items() if value.secret},
            name,
        )
    except auto.CommandError as error:
        raise StackError(str(error).strip().splitlines()[-1]) from None
    except SettingsError as error:
        raise StackError(str(error)) from None
    return Stack(name, settings, release)
