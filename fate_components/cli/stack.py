"""The stack that a command works on."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from pulumi import automation as auto

from .. import lines
from ..docker.client import tls_files
from ..docker.client.containers import Containers
from ..line import Line
from ..plan import planning
from ..plan.planner import Planner
from ..plan.topology import Topology
from ..releases.facts import Release
from ..settings import Party, Settings, SettingsError, octal, openssh
from ..settings.errors import NAMESPACE
from ..settings.hosts import certificates
from ..stack_file import parse

PROJECT = Path(__file__).parents[2]
"""The folder of the project."""


StackOption = Annotated[
    str | None,
    typer.Option("--stack", help="The stack; the selected one if left out.", metavar="NAME"),
]


class StackError(Exception):
    """A stack that cannot be read; the text explains why."""


class StateError(StackError):
    """A stack whose state is out of reach, or that is not in it; the text explains why."""


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

    @property
    def line(self) -> Line:
        """Its release line."""
        return lines.of(self.release)

    @cached_property
    def planner(self) -> Planner:
        """What decides where its clusters run."""
        return lines.planner(self.settings, self.release)

    @cached_property
    def plan(self) -> Topology:
        """Its deployment, as planned."""
        return planning.plan(self.planner, self.name)

    def docker_hosts(self, party: int) -> list[str]:
        """How to reach the Docker hosts of a party, its training cluster's first.

        Args:
            party: the party's id.

        Raises:
            StackError: the stack has no such party.
        """
        clusters = self.planner.clusters(self.party(party))
        first = [cluster.host for cluster in clusters]
        hosts = dict.fromkeys(first + [host for one in clusters for host in one.elsewhere])
        return [self.settings.hosts[host].docker for host in hosts]

    def external_database(self, party: int) -> str | None:
        """The database of a party that is on a MySQL of somebody else, if it is.

        Args:
            party: the party's id.

        Raises:
            StackError: the stack has no such party.
        """
        training = self.party(party).training
        if training is None or training.mysql.address is None:
            return None
        mysql = training.mysql
        return f"{mysql.database} on {mysql.address}:{mysql.port}"

    def party(self, party: int) -> Party:
        """A party of the stack.

        Args:
            party: its id.

        Raises:
            StackError: the stack has no such party.
        """
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
            for cluster in self.planner.clusters(party)
            if cluster.kind == kind
        }


@contextmanager
def workspace(name: str | None) -> Iterator[tuple[auto.LocalWorkspace, str]]:
    """The project's workspace and the name of a stack in it.

    Args:
        name: the stack's name, or None for the selected stack.

    Raises:
        StateError: there is no such stack, or the CLI fails.
        StackError: no stack is selected.
    """
    try:
        found = auto.LocalWorkspace(work_dir=str(PROJECT))
        selected = None if name else found.stack()
        name = name or (selected.name if selected else None)
        if name is None:
            raise StackError("no stack is selected: name one with --stack")
        yield found, name
    except auto.CommandError as error:
        last = str(error).strip().splitlines()[-1]
        raise StateError(last.strip().removeprefix("stderr: error:").strip()) from None
    except FileNotFoundError:
        raise StateError(
            'there is no pulumi command on PATH: run `eval "$(make -s env)"` first'
        ) from None


@dataclass(frozen=True)
class Config:
    """The config in a stack file.

    Args:
        stack: the stack's name.
        values: the values by full key (fate:parties), decrypted; lists and maps as JSON.
        secrets: the full keys whose value contains something encrypted.
    """

    stack: str
    values: Mapping[str, Any]
    secrets: Set[str]

    def checked(self) -> Stack:
        """The stack that it describes.

        Raises:
            StackError: it has mistakes.
        """
        try:
            written = octal.mistakes(_file(self.stack), self.values)
            settings, release = parse(
                self.values, set(self.secrets), self.stack, openssh.names, written
            )
        except SettingsError as error:
            raise StackError(str(error)) from None
        return Stack(self.stack, settings, release)


def config(name: str | None) -> Config:
    """The config in a stack's file.

    Args:
        name: the stack's name, or None for the selected stack.

    Raises:
        StackError: there is no such stack.
    """
    with workspace(name) as (found, name):
        values = found.get_all_config(name)
    return Config(
        name,
        {key: value.value for key, value in values.items()},
        {key for key, value in values.items() if value.secret},
    )


def read(name: str | None) -> Stack:
    """Read a stack and its settings.

    Args:
        name: its name, or None for the selected stack.

    Raises:
        StackError: there is no such stack, or its stack file has mistakes.
    """
    stack = config(name).checked()
    tls_files.write(certificates(stack.settings.hosts))
    return stack


def read_file(name: str) -> Stack:
    """Read a stack from its stack file alone, with other secrets than its own.

    Args:
        name: its name.

    Raises:
        StackError: there is no such file, or it has mistakes, or secrets that must be of a kind.
    """
    file = _file(name)
    try:
        written = yaml.safe_load(file.read_text())["config"]
    except (OSError, TypeError, KeyError, yaml.YAMLError):
        raise StackError(
            f"there is no stack file {file.name} that could be read; "
            "name another stack with --stack"
        ) from None
    written = {**_project_defaults(), **written}
    written.setdefault("fate:masterSecret", {"secure": ""})
    public = {key: _without_secrets(value) for key, value in written.items()}
    encrypted = {key for key in public if public[key] != written[key]}
    stack = Config(name, public, encrypted).checked()
    tls_files.write(certificates(stack.settings.hosts))
    return stack


def _file(stack: str) -> Path:
    return PROJECT / f"Pulumi.{stack}.yaml"


def _project_defaults() -> dict[str, object]:
    """What the project file says for stacks that do not set a key."""
    project = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())
    if project["name"] != NAMESPACE:
        return {}  # its defaults are for keys of its own namespace
    defaults = {key: one.get("default") for key, one in project["config"].items()}
    return {
        f"{NAMESPACE}:{key}": one for key, one in defaults.items() if one not in (None, "", [], {})
    }


def _without_secrets(value: object) -> object:
    if isinstance(value, Mapping):
        if set(value) == {"secure"}:
            return secrets.token_hex(16)
        return {key: _without_secrets(item) for key, item in value.items()}
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value
