"""Stacks for the tests, run by the real engine."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pulumi import automation as auto

from fate_components.plan.slots import subnet
from fate_components.settings import DockerHost

ROOT = Path(__file__).parents[3]
PROGRAM = ("__main__.py", "fate_components", "config", ".venv")


ENDS_WITHIN = 300
"""Seconds within which an up that cannot succeed must end: far less than its services may take."""

Change = Callable[[dict[str, Any]], object]
"""A change to a stack file's config."""


@dataclass
class Outcome:
    """The result of an engine operation.

    Args:
        events: the engine's event log.
        output: the output that an operator sees.
    """

    events: list[auto.EngineEvent]
    output: str

    def operations(self, kind: str = "") -> dict[str, str]:
        """The operation on each resource that changed, by its logical name.

        The engine's own default providers are left out: it shows them to nobody.

        Args:
            kind: the type of the resources, like docker:index/container:Container; all if empty.
        """
        found = {}
        for event in self.events:
            step = event.resource_pre_event and event.resource_pre_event.metadata
            if step and "::pulumi:providers:" in step.urn and "::default" in step.urn:
                continue
            if step and step.type.startswith(kind) and step.op not in ("same", "refresh", "read"):
                operation = "replace" if "replace" in step.op else str(step.op.value)
                found[step.urn.split("::")[-1]] = operation
        return found


_taken: set[object] = set()


def _name() -> str:
    """A name for a stack, with a subnet that no other stack of this process has, if one is left."""
    host = DockerHost(docker="unix:///var/run/docker.sock")
    for _ in range(1000):
        name = f"t{secrets.token_hex(3)}"
        if (addresses := subnet(host, name)) not in _taken:
            break
    _taken.add(addresses)
    return name


class Stack:
    """A stack of this project in its own folder.

    Args:
        folder: an empty folder for it.
        env: the environment that the engine needs.
        config: the stack file's keys, as an operator writes them, without the master secret.
    """

    def __init__(self, folder: Path, env: dict[str, str], config: dict[str, Any]) -> None:
        self.name = _name()
        self.folder = folder
        for part in PROGRAM:
            (folder / part).symlink_to(ROOT / part)
        (folder / "Pulumi.yaml").write_text((ROOT / "Pulumi.yaml").read_text())
        self.auto = auto.create_stack(
            self.name,
            work_dir=str(folder),
            opts=auto.LocalWorkspaceOptions(env_vars=env),
        )
        self.config = config
        self.set_master_secret(secrets.token_hex(16))
        self.write()

    def set_master_secret(self, value: str) -> None:
        """pulumi config set --secret fate:masterSecret."""
        self.master_secret = value
        self.encrypted_master_secret = self.encrypted(value)

    def encrypted(self, value: str) -> dict[str, str]:
        """A value as the stack file contains it after pulumi config set --secret."""
        self.auto.set_config("fate:masterSecret", auto.ConfigValue(value, secret=True))
        text = yaml.safe_load(self.file.read_text())
        return dict(text["config"]["fate:masterSecret"])

    @property
    def file(self) -> Path:
        """The stack file."""
        return self.folder / f"Pulumi.{self.name}.yaml"

    def write(self) -> None:
        """Write the stack file from the config, keeping what the engine wrote into it."""
        text = yaml.safe_load(self.file.read_text())
        text["config"] = {**self.config, "fate:masterSecret": self.encrypted_master_secret}
        self.file.write_text(yaml.safe_dump(text))

    def change(self, change: Change) -> None:
        """Change the stack file as an operator would."""
        change(self.config)
        self.write()

    def up(self, **options: Any) -> Outcome:
        """pulumi up; a keyword is an option of the CLI, like expect_no_changes=True."""
        return self._run("up", "--yes", "--skip-preview", **options)

    def preview(self, **options: Any) -> Outcome:
        """pulumi preview; with refresh, as the project file says."""
        return self._run("preview", **options)

    def refresh(self, **options: Any) -> Outcome:
        """pulumi refresh."""
        return self._run("refresh", "--yes", "--skip-preview", **options)

    def destroy(self) -> Outcome:
        """pulumi destroy."""
        return self._run("destroy", "--yes", "--skip-preview")

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Start a CLI command in its own process, like an operator's; its output is piped."""
        return subprocess.Popen(
            ["pulumi", *command, "--stack", self.name, "--color", "never"],
            cwd=self.folder,
            env={**os.environ, **self.auto.workspace.env_vars},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def fatectl(self, *command: str) -> subprocess.CompletedProcess[str]:
        """A command of fatectl, like an operator's."""
        return self.python("fate_components.cli", *command)

    def start_fatectl(self, *command: str) -> subprocess.Popen[str]:
        """Start a command of fatectl; its output is piped."""
        return subprocess.Popen(
            [".venv/bin/python", "-m", "fate_components.cli", *command, "--stack", self.name],
            cwd=self.folder,
            env={**os.environ, **self.auto.workspace.env_vars},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def python(self, module: str, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """A module of the program that works on this stack, with more environment variables."""
        return subprocess.run(
            [".venv/bin/python", "-m", module, *self._named(command)],
            cwd=self.folder,
            env={**os.environ, **self.auto.workspace.env_vars, **more},
            capture_output=True,
            text=True,
            check=False,
        )

    def _named(self, command: Sequence[str]) -> list[str]:
        return [*command] if self.name in command else [*command, "--stack", self.name]

    def failing_up(self) -> str:
        """pulumi up that must fail within minutes; returns the output that an operator sees."""
        process = self.start("up", "--yes")
        said, _ = process.communicate(timeout=ENDS_WITHIN)
        assert process.returncode != 0, said
        return said

    def _run(self, *command: str, **options: Any) -> Outcome:
        """Run a command of the CLI without those that the automation API adds to each."""
        log = self.folder / "events.json"
        log.unlink(missing_ok=True)
        flags = [
            f"--{name.replace('_', '-')}" + ("" if value is True else f"={value}")
            for name, given in options.items()
            for value in (given if isinstance(given, list) else [given])
        ]
        done = subprocess.run(
            [
                "pulumi", *command, "--stack", self.name, *flags,
                "--non-interactive", "--color", "never", "--event-log", str(log),
            ],
            cwd=self.folder,
            # The event log is an option for debugging.
            env={**os.environ, **self.auto.workspace.env_vars, "PULUMI_DEBUG_COMMANDS": "true"},
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        if done.returncode:
            raise auto.CommandError(auto.CommandResult(done.stdout, done.stderr, done.returncode))
        events = [auto.EngineEvent.from_json(json.loads(line)) for line in log.open()]
        return Outcome(events, done.stdout)

    def resources(self) -> list[dict[str, Any]]:
        """The stack's resources as they are stored."""
        latest = json.loads(self.state())["checkpoint"].get("latest") or {}
        return list(latest.get("resources") or [])

    def names(self, kind: str) -> set[str]:
        """The names of a type's objects on their Docker hosts, from the state."""
        return {
            resource.get("outputs", {}).get("name", "")
            for resource in self.resources()
            if resource["type"].startswith(kind)
        }

    def outputs(self, name: str) -> dict[str, Any]:
        """The outputs of a resource, by its logical name."""
        (found,) = [
            resource.get("outputs", {})
            for resource in self.resources()
            if resource["urn"].split("::")[-1] == name
        ]
        return dict(found)

    def state(self) -> str:
        """The stack's state as it is stored, with secrets encrypted."""
        backend = Path(self.auto.workspace.env_vars["PULUMI_BACKEND_URL"].removeprefix("file://"))
        return (backend / ".pulumi" / "stacks" / "fate" / f"{self.name}.json").read_text()


def engine_environment(backend: Path) -> dict[str, str]:
    """The environment of the installed engine, with a backend of its own.

    Args:
        backend: an empty folder.
    """
    command = [sys.executable, str(ROOT / "toolchain" / "install.py"), "env", "--json"]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    installed = json.loads(printed)
    more = {
        "PULUMI_BACKEND_URL": f"file://{backend}",
        "PULUMI_CONFIG_PASSPHRASE": "of the tests",
        "PULUMI_HOME": str(_without_logs(Path(installed["PULUMI_HOME"]), backend / "home")),
    }
    return {**os.environ, **installed, **more}


def _without_logs(home: Path, folder: Path) -> Path:
    """A home of the CLI with the same plugins, where it cannot write its logs.

    Nobody reads them, and writing them takes a tenth of the processor time of a preview.
    """
    folder.mkdir()
    (folder / "plugins").symlink_to(home / "plugins")
    (folder / "logs").touch()
    return folder


def party2(id: int, host: str, first_port: int) -> dict[str, Any]:
    """A party of FATE 2 in a stack file, with consecutive published ports from first_port."""
    names = (
        "nginx-http", "nginx-grpc", "fateflow-http", "fateflow-grpc",
        "rabbitmq", "rabbitmq-management", "notebook",
    )  # fmt: skip
    publish = {name: first_port + n for n, name in enumerate(names)}
    return {"id": id, "host": host, "training": {"publish": publish}}


def party(id: int, host: str, first_port: int, **training: Any) -> dict[str, Any]:
    """A party in a stack file, with consecutive published ports from first_port."""
    names: Sequence[str] = ("proxy", "fateboard", "fateflow-grpc", "fateflow-http")
    publish = {name: first_port + n for n, name in enumerate(names)}
    return {"id": id, "host": host, "training": {"publish": publish, **training}}
