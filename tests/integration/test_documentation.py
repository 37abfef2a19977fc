"""The real CLI understands what the documentation says of Pulumi."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.documentation import commands
from tests.support.engine.docker_hosts import DockerHost
from tests.support.engine.stacks import PROGRAM, ROOT

Options = dict[str, dict[str, bool]]


@pytest.fixture(scope="module")
def options(engine_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Options:
    """By command, also by its other names: its options, and whether each takes a value."""
    folder = tmp_path_factory.mktemp("cli")
    subprocess.run(["pulumi", "gen-markdown", folder], env=engine_env, check=True)
    found = {}
    for page in folder.glob("*.md"):
        text = page.read_text()
        listed = re.findall(r"^ +(?:(-\w), )?(--[\w-]+)( \w+)?(?:  |\[|$)", text, re.M)
        known = {name: bool(value) for *names, value in listed for name in names if name}
        for name in [page.stem, *re.findall(r"/commands/(\w+)/", text.split("---")[1])]:
            found[name.replace("_", " ")] = known
    return found


def faults(words: tuple[str, ...], options: Options) -> list[str]:
    """What the CLI does not know of a command."""
    command, rest = words[0], list(words[1:])
    while rest and f"{command} {rest[0]}" in options:
        command += f" {rest.pop(0)}"
    if command == "pulumi":
        return [f"no command {rest[0]}"] if rest else []
    found = []
    while rest:
        word = rest.pop(0)
        name, has_value, _ = word.partition("=")
        if not name.startswith("-"):
            continue
        if name not in options[command]:
            found.append(f"no option {name} of {command}")
        elif options[command][name] and not has_value:
            rest = rest[1:]
    return found


def test_the_cli_knows_the_commands(options: Options) -> None:
    assert not {
        str(command): wrong
        for command in commands("pulumi")
        if (wrong := faults(command.words, options))
    }
    assert faults(("pulumi", "upp"), options)
    assert faults(("pulumi", "config", "set", "--pth", "a"), options)


# In the place of Python while `pulumi new` installs packages: those of this project are used.
PYTHON = f"""\
#!/bin/sh
case "$2 $3" in
"venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
"pip install") ;;
*) exec {sys.executable} "$@" ;;
esac
"""


def test_a_new_project_previews(
    docker_host: DockerHost, engine_env: dict[str, str], tmp_path: Path
) -> None:
    template, project, bin, backend = (
        tmp_path / name for name in ("template", "fate", "bin", "backend")
    )
    for folder in (template, project, bin, backend):
        folder.mkdir()
    # In the backend of the other tests there is a project of that name.
    own = {**engine_env, "PULUMI_BACKEND_URL": f"file://{backend}"}
    for part in {*PROGRAM, "Pulumi.yaml"} - {".venv"}:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, template / part)
    (bin / "python3").write_text(PYTHON)
    (bin / "python3").chmod(0o755)

    def runs(*command: str, **more: str) -> str:
        done = subprocess.run(
            command,
            cwd=project,
            env={**own, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    [new] = [one.words for one in commands("pulumi") if {"new", "--yes"} <= {*one.words}]
    here = {
        "https://github.com/ORGANIZATION/REPOSITORY": str(template),
        "fate:hosts.b1.docker=ssh://root@b1.example.org:22": (
            f"fate:hosts.b1.docker={docker_host.url}"
        ),
    }
    assert here.keys() < {*new}
    runs(*(here.get(word, word) for word in new), PATH=f"{bin}{os.pathsep}{engine_env['PATH']}")
    written = yaml.safe_load((project / "Pulumi.prod.yaml").read_text())["config"]
    assert written["fate:parties"] == [{"host": "b1", "id": 9999}]

    (project / ".venv").symlink_to(ROOT / ".venv")
    runs("pulumi", "config", "set", "--secret", "fate:masterSecret", "of-a-new-project")
    assert "9999-fateflow" in runs("pulumi", "preview", "--color", "never")
