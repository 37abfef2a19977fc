"""The stack that a command works on, as the automation API or its stack file describes it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from pulumi import automation as auto

from ..docker.client import tls_files
from ..operate.stack import Stack, StackError
from ..settings import SettingsError, octal, openssh
from ..settings.errors import NAMESPACE
from ..settings.hosts import certificates
from ..stack_file import parse

PROJECT = Path(__file__).parents[2]
"""The folder of the project."""


StackOption = Annotated[
    str | None,
    typer.Option("--stack", help="The stack; the selected one if left out.", metavar="NAME"),
]


class StateError(StackError):
    """A stack whose state is out of reach, or that is not in it; the text explains why."""


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
        project = auto.LocalWorkspace(work_dir=str(PROJECT))
        selected = None if name else project.stack()
        name = name or (selected.name if selected else None)
        if name is None:
            raise StackError("no stack is selected: name one with --stack")
        yield project, name
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
    with workspace(name) as (project, name):
        values = project.get_all_config(name)
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
    defaults = {key: declaration.get("default") for key, declaration in project["config"].items()}
    return {
        f"{NAMESPACE}:{key}": value
        for key, value in defaults.items()
        if value not in (None, "", [], {})
    }


def _without_secrets(value: object) -> object:
    if isinstance(value, Mapping):
        if set(value) == {"secure"}:
            return secrets.token_hex(16)
        return {key: _without_secrets(item) for key, item in value.items()}
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value
