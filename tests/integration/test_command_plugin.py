"""The Command plugin does what this project relies on, whether official or our stand-in."""

import json
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation as auto

PROJECT = """\
name: commands
runtime: python
"""

# Reads a command's inputs from a file beside it, so that tests can change them between operations.
PROGRAM = """\
import json
from pathlib import Path

import pulumi
from pulumi_command import local

inputs = json.loads(Path("inputs.json").read_text())
options = pulumi.ResourceOptions(additional_secret_outputs=inputs.pop("secret_outputs", None))
if "secret_environment" in inputs:
    hidden = inputs.pop("secret_environment")
    inputs["environment"] = {name: pulumi.Output.secret(hidden[name]) for name in hidden}
command = local.Command("it", **inputs, opts=options)
command.stdout.apply(lambda text: Path("known").write_text(text or ""))
pulumi.export("id", command.id)
pulumi.export("stdout", command.stdout)
pulumi.export("stderr", command.stderr)
"""


class Project:
    """A stack with a single Command, whose commands write lines to a journal."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder = folder
        (folder / "Pulumi.yaml").write_text(PROJECT)
        (folder / "__main__.py").write_text(PROGRAM)
        self.journal_file = folder / "journal"
        self.backend = Path(env["PULUMI_BACKEND_URL"].removeprefix("file://"))
        self.want()
        options = auto.LocalWorkspaceOptions(env_vars=env)
        self.stack = auto.create_stack(folder.name, work_dir=str(folder), opts=options)

    def want(self, **inputs: Any) -> None:
        """Sets the command's inputs for the next operation."""
        (self.folder / "inputs.json").write_text(json.dumps(inputs))

    def up(self, **inputs: Any) -> auto.UpResult:
        self.want(**inputs)
        return self.stack.up()

    def failing_up(self, **inputs: Any) -> str:
        """Runs an `up` that must fail, and returns the error shown to the user."""
        with pytest.raises(auto.CommandError) as failure:
            self.up(**inputs)
        return str(failure.value)

    def writes(self, line: str) -> str:
        """A command that writes a line to the journal."""
        return f"echo {line} >> {self.journal_file}"

    def journal(self) -> list[str]:
        return self.journal_file.read_text().splitlines() if self.journal_file.exists() else []

    def stored(self) -> str:
        """Everything that the backend stores about the stack on disk, including its history."""
        files = self.backend.rglob(f"*{self.stack.name}*.json*")
        return "".join(file.read_text() for file in files)

    def state(self) -> dict[str, Any]:
        """The Command's state in the engine."""
        deployment = self.stack.export_stack().deployment or {}
        found: list[dict[str, Any]] = deployment["resources"]
        return next(r for r in found if r["type"] == "command:local:Command")


@pytest.fixture
def project(tmp_path: Path, engine_env: dict[str, str]) -> Project:
    return Project(tmp_path, engine_env)


def output(result: auto.UpResult, name: str) -> Any:
    return result.outputs[name].value


def changes(result: auto.UpResult) -> dict[str, int]:
    """The number of resources per operation, except unchanged ones such as the stack itself."""
    counted = {str(kind): n for kind, n in (result.summary.resource_changes or {}).items()}
    return {kind: n for kind, n in counted.items() if kind != "same"}


def test_create_keeps_both_outputs_without_one_last_newline(project: Project) -> None:
    result = project.up(create=r"printf 'one\n\n'; printf 'two\n' >&2")
    assert output(result, "stdout") == "one\n"
    assert output(result, "stderr") == "two"


def test_preview_runs_nothing_and_knows_no_output(project: Project) -> None:
    project.want(create=project.writes("create"))
    project.stack.preview()
    assert project.journal() == []
    assert not (project.folder / "known").exists()


def test_nothing_runs_again_and_nothing_is_shown_while_inputs_stay(project: Project) -> None:
    inputs = {
        "create": project.writes("create") + "; echo out",
        "update": project.writes("update"),
        "triggers": ["a", 1, {"b": True}],
        "environment": {"NAME": "value"},
        "interpreter": ["/bin/sh", "-c"],
        "logging": "none",
        "add_previous_output_in_env": False,
    }
    project.up(**inputs)
    assert changes(project.up(**inputs)) == {}
    project.stack.preview(refresh=True, expect_no_changes=True)
    assert project.journal() == ["create"]


def test_changed_input_runs_update_in_place(project: Project) -> None:
    before = project.up(create=project.writes("create"), update=project.writes("update"))
    after = project.up(
        create=project.writes("create"),
        update=project.writes("update $NAME") + "; echo new",
        environment={"NAME": "value"},
    )
    assert changes(after) == {"update": 1}
    assert project.journal() == ["create", "update value"]
    assert output(after, "stdout") == "new"
    assert output(after, "id") == output(before, "id")


def test_changed_input_runs_create_again_without_update(project: Project) -> None:
    project.up(create=project.writes("first"))
    result = project.up(create=project.writes("second"))
    assert changes(result) == {"update": 1}
    assert project.journal() == ["first", "second"]


def test_changed_trigger_replaces(project: Project) -> None:
    commands = {step: project.writes(step) for step in ("create", "update", "delete")}
    before = project.up(**commands, triggers=[1])
    after = project.up(**commands, triggers=[2])
    assert changes(after) == {"replace": 1}
    assert project.journal() == ["create", "create", "delete"]
    assert output(after, "id") != output(before, "id")


def test_update_and_delete_find_what_the_command_before_them_wrote(project: Project) -> None:
    previous = project.writes('"$PULUMI_COMMAND_STDOUT/$PULUMI_COMMAND_STDERR"')
    project.up(create="echo out; echo err >&2", update=f"{previous}; echo more", delete=previous)
    project.up(
        create="echo out; echo err >&2",
        update=f"{previous}; echo more",
        delete=previous,
        environment={"CHANGED": "yes"},
    )
    project.stack.destroy()
    assert project.journal() == ["out/err", "more/"]


def test_previous_output_can_be_kept_out_of_the_environment(project: Project) -> None:
    delete = project.writes("${PULUMI_COMMAND_STDOUT-nothing}")
    project.up(create="echo out", delete=delete, add_previous_output_in_env=False)
    project.stack.destroy()
    assert project.journal() == ["nothing"]


def test_destroy_without_delete_runs_nothing(project: Project) -> None:
    project.up(create=project.writes("create"))
    project.stack.destroy()
    assert project.journal() == ["create"]


def test_command_gets_stdin_environment_folder_and_interpreter(
    project: Project, tmp_path: Path
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    result = project.up(
        create="import os, sys; print(sys.stdin.read(), os.environ['NAME'], os.getcwd())",
        stdin="from stdin",
        environment={"NAME": "value"},
        dir=str(folder),
        interpreter=["python3", "-c"],
    )
    assert output(result, "stdout") == f"from stdin value {folder}"


def test_failing_create_tells_why_and_leaves_nothing(project: Project) -> None:
    error = project.failing_up(create="echo some words; echo no such party >&2; exit 3")
    assert "exit status 3" in error
    assert "some words" in error
    assert "no such party" in error
    assert changes(project.up(create="true")) == {"create": 1}


def test_failing_update_leaves_the_old_state(project: Project) -> None:
    project.up(create="echo old")
    error = project.failing_up(create="echo new; exit 4")
    assert "exit status 4" in error
    assert project.state()["outputs"]["stdout"] == "old"
    assert project.state()["inputs"]["create"] == "echo old"


def test_failing_delete_keeps_the_resource(project: Project) -> None:
    project.up(create="true", delete="echo still in use >&2; exit 5")
    with pytest.raises(auto.CommandError, match="still in use"):
        project.stack.destroy()
    assert project.state()["inputs"]["create"] == "true"


def test_secret_input_stays_out_of_the_state_and_of_what_is_shown(project: Project) -> None:
    use = project.writes('"got $TOKEN"')
    result = project.up(create=use, delete=use, secret_environment={"TOKEN": "hush-hush"})
    assert project.journal() == ["got hush-hush"]
    assert "hush-hush" not in project.stored()
    assert "TOKEN" in project.stored()
    assert "hush-hush" not in result.stdout
    project.stack.destroy()
    assert project.journal() == ["got hush-hush", "got hush-hush"]


def test_output_made_of_a_secret_is_kept_secret_when_asked_for(project: Project) -> None:
    result = project.up(
        create='echo "got $TOKEN"',
        logging="none",
        secret_environment={"TOKEN": "hush-hush"},
        secret_outputs=["stdout"],
    )
    assert output(result, "stdout") == "got hush-hush"
    assert result.outputs["stdout"].secret
    assert "hush-hush" not in project.stored()
    assert "hush-hush" not in result.stdout


@pytest.mark.parametrize(
    ("logging", "shown"),
    [
        ({}, {"tick", "tock"}),
        ({"logging": "stdoutAndStderr"}, {"tick", "tock"}),
        ({"logging": "stdout"}, {"tick"}),
        ({"logging": "stderr"}, {"tock"}),
        ({"logging": "none"}, set()),
    ],
)
def test_logging_says_what_is_shown_and_not_what_is_kept(
    project: Project, logging: dict[str, str], shown: set[str]
) -> None:
    messages: list[str] = []

    def note(event: auto.EngineEvent) -> None:
        if event.diagnostic_event:
            messages.append(event.diagnostic_event.message)

    project.want(create="echo tick; echo tock >&2", **logging)
    result = project.stack.up(on_event=note)
    lines = {text.strip() for text in messages}
    assert lines & {"tick", "tock"} == shown
    assert (output(result, "stdout"), output(result, "stderr")) == ("tick", "tock")
