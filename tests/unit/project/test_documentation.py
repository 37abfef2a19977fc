"""What the documentation tells people to type and to write is what there is."""

import re
import subprocess
from typing import Any

import pytest
import typer
from pydantic import ValidationError
from typer.core import TyperGroup
from typer.exceptions import TyperException

from fate_components.cli.__main__ import app
from fate_components.images.packages.catalogue import DEBIAN
from fate_components.lines import settings_models
from fate_components.releases import catalogue
from tests.support.documentation import (
    ROOT,
    Command,
    Config,
    anchors,
    block,
    called,
    commands,
    configs,
    links,
)
from tests.support.stack_files import read

FATECTL = [*commands("fatectl")]
MAKE = [*commands("make")]
CONFIGS = [*configs()]
WHOLE = [config for config in CONFIGS if config.whole]
PARTS = [config for config in CONFIGS if not config.whole]


def test_commands_are_found_as_a_shell_splits_them() -> None:
    script = """\
fatectl backup 9999 a.fate --stop &&   # a comment
  docker rm -f $(docker ps -q) && pulumi config set --path 'fate:hosts.b1.data' /srv < in.pem
pulumi preview --json | fatectl preview-comment "$STACK" > out.md
eval "$(make -s env)"
"""
    assert sorted(called(script)) == [
        ("fatectl", "backup", "9999", "a.fate", "--stop"),
        ("fatectl", "preview-comment", ""),
        ("make", "-s", "env"),
        ("pulumi", "config", "set", "--path", "fate:hosts.b1.data", "/srv"),
        ("pulumi", "preview", "--json"),
    ]


def test_there_is_something_to_check() -> None:
    assert len([one for one in FATECTL if one.whole]) > 30
    assert len([one for one in commands("pulumi") if one.whole]) > 30
    assert len(MAKE) > 10
    assert len(WHOLE) >= 2
    assert len(PARTS) > 15


def test_links_lead_somewhere() -> None:
    for file, target in links():
        name, _, anchor = target.partition("#")
        path = (ROOT / file).parent / name if name else ROOT / file
        assert path.exists(), f"{file}: {target}"
        assert not anchor or anchor in anchors(path), f"{file}: {target}"


def test_every_page_is_in_the_index() -> None:
    index = {target for file, target in links() if file == "README.md"}
    assert {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")} <= index


def fault(command: Command) -> str | None:
    """What fatectl says to a command line, before it does anything."""
    words = list(command.words[1:])
    found: Any = typer.main.get_command(app)
    while isinstance(found, TyperGroup):
        if not words or words[0].startswith("-"):
            options = {one for option in found.params for one in option.opts} | {"--help"}
            unknown = [one for one in words if one not in options]
            return f"no option {unknown[0]}" if unknown else None
        name = words.pop(0)
        if name == "COMMAND":
            return None
        if name not in found.commands:
            return f"no command {name}"
        found = found.commands[name]
    if "--help" in words:
        return None
    try:
        found.make_context(found.name, words)
    except TyperException as error:
        said = error.format_message()
        # A sentence has fewer arguments, and PARTY for all parties; files are somebody else's.
        bearable = ("No such file",) if command.whole else ("Missing argument", "Invalid value")
        return None if any(one in said for one in bearable) else str(said)
    return None


def test_fatectl_understands_the_documentation() -> None:
    assert not {str(command): said for command in FATECTL if (said := fault(command))}


def test_every_command_of_fatectl_is_in_its_table() -> None:
    table = (ROOT / "docs" / "fatectl.md").read_text().partition("| command | |")[2]
    group: Any = typer.main.get_command(app)
    assert not [name for name in group.commands if f"`fatectl {name}" not in table]


@pytest.mark.parametrize(
    "words",
    [
        ("fatectl", "statsu"),
        ("fatectl", "status", "--wach"),
        ("fatectl", "backup", "9999"),
        ("fatectl", "images", "load"),
        ("fatectl", "--stack"),
        ("fatectl", "toy", "9999", "10000", "10001"),
    ],
)
def test_a_wrong_command_is_noticed(words: tuple[str, ...]) -> None:
    assert fault(Command("here", words, True))


def test_make_has_the_targets() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([\w./]+):", makefile, re.M))
    variables = set(re.findall(r"^(\w+) \?=", makefile, re.M))
    for command in MAKE:
        for word in command.words[1:]:
            name, is_variable, _ = word.partition("=")
            known = name in variables if is_variable else word == "-s" or word in targets
            assert known, command


def test_all_images_of_a_release_are_copied_to_a_private_registry() -> None:
    script = block("docs/private-registry.md", "docker push")
    done = subprocess.run(
        ["bash", "-c", f'docker() {{ echo "docker $*"; }}\n{script}'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    facts = catalogue.load("2.2.0")
    images = {one.image for one in facts.services.values()}
    images |= {one.image for one in facts.computing_with("spark_local").services.values()}
    assert {line.split()[2] for line in done.stdout.splitlines() if "pull" in line} == images
    assert "docker push registry.example.org:5000/mysql:8.0.28" in done.stdout
    assert f"`registry.example.org:5000/{DEBIAN}`" in (
        (ROOT / "docs" / "private-registry.md").read_text()
    )


def mistakes(config: Config) -> list[Any]:
    """What is wrong with it in the release line where least is; "…" stands for what is right."""
    given = {key.removeprefix("fate:"): value for key, value in config.keys.items()}
    host = {"docker": "unix:///var/run/docker.sock"}
    rest = {
        "release": "2.2.0",
        "hosts": {"lab": host},
        "parties": [{"id": 9999, "host": "lab"}],
        "masterSecret": "a" * 32,
    }
    found: list[list[Any]] = []
    for line in settings_models().values():
        try:
            line.model_validate({**rest, **given})
        except ValidationError as error:
            found.append([one for one in error.errors() if "…" not in str(one["input"])])
        else:
            return []
    return min(found, key=len)


def test_parts_of_stack_files_have_keys_that_exist() -> None:
    assert not {str(config): found for config in PARTS if (found := mistakes(config))}


def test_a_wrong_key_is_noticed() -> None:
    assert mistakes(
        Config("here", {"fate:parties": [{"id": 1, "host": "a", "traning": {}}]}, False)
    )
    assert mistakes(Config("here", {"fate:verfy": True}, False))


@pytest.mark.parametrize("config", WHOLE, ids=str)
def test_a_whole_stack_file_can_be_deployed(config: Config) -> None:
    read(config.keys | {"fate:masterSecret": "a" * 32})
