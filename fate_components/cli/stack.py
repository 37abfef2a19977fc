"""The stack that a command works on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pulumi import automation as auto

from ..docker import material
from ..docker.containers import Containers
from ..release import Release
from ..settings import Party, Settings, SettingsError, openssh
from ..settings.load import parse

PROJECT = Path(__file__).parents[2]
"""The folder of the project."""


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

    def docker_hosts(self, party: int) -> list[str]:
        """How to reach the Docker hosts of a party's clusters, its training cluster's first.

        Args:
            party: the party's id.

        Raises:
            StackError: the stack has no such party.
        """
        clusters = self.settings.clusters(self._party(party), self.release)
        return [self.settings.hosts[cluster.host].docker for cluster in clusters]

    def external_database(self, party: int) -> str | None:
        """The database of a party that is on a MySQL of somebody else, if it is.

        Args:
            party: the party's id.

        Raises:
            StackError: the stack has no such party.
        """
        training = self._party(party).training
        if training is None or training.mysql.address is None:
            return None
        mysql = training.mysql
        return f"{mysql.database} on {mysql.address}:{mysql.port}"

    def _party(self, party: int) -> Party:
        for one in self.settings.parties:
            if one.id == party:
                return one
        known = ", ".join(str(one.id) for one in self.settings.parties)
        raise StackError(f"stack {self.name} has no party {party}; its parties: {known}")

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


@contextmanager
def workspace(name: str | None) -> Iterator[tuple[auto.LocalWorkspace, str]]:
    """The project's workspace and the name of a stack in it.

    Args:
        name: the stack's name, or None for the selected stack.

    Raises:
        StackError: there is no such stack, or the CLI fails.
    """
    found = auto.LocalWorkspace(work_dir=str(PROJECT))
    try:
        selected = None if name else found.stack()
        name = name or (selected.name if selected else None)
        if name is None:
            raise StackError("no stack is selected: name one with --stack")
        yield found, name
    except auto.CommandError as error:
        last = str(error).strip().splitlines()[-1]
        raise StackError(last.strip().removeprefix("stderr: error:").strip()) from None


def read(name: str | None) -> Stack:
    """Read a stack and its settings.

    Args:
        name: its name, or None for the selected stack.

    Raises:
        StackError: there is no such stack, or its stack file has mistakes.
    """
    with workspace(name) as (found, name):
        config = found.get_all_config(name)
    try:
        settings, release = parse(
            {key: value.value for key, value in config.items()},
            {key for key, value in config.items() if value.secret},
            name,
            openssh.names,
        )
    except SettingsError as error:
        raise StackError(str(error)) from None
    material.write(settings.hosts)
    return Stack(name, settings, release)
