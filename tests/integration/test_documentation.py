"""The real CLI understands the commands of Pulumi that the documentation has."""

import re
import subprocess

import pytest

from tests.documentation import commands


@pytest.fixture(scope="module")
def options(
    engine_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, bool]]:
    """By command, also by its other names: its options, and whether each takes a value."""
    folder = tmp_path_factory.mktemp("cli")
    subprocess.run(["pulumi", "gen-markdown", folder], env=engine_env, check=True)
    found = {}
    for page in folder.glob("*.md"):
        text = page.read_text()
        listed = re.findall(r"^ +(?:(-\w), )?(--[\w-]+)( \w+)?(?:  |\[|$)", text, re.M)
        known = {name: bool(value) for *names, value in listed for name in names if name}
        head = text.split("---")[1]
        for name in [page.stem, *re.findall(r"/commands/(\w+)/", head)]:
            found[name.replace("_", " ")] = known
    return found


def faults(words: tuple[str, ...], options: dict[str, dict[str, bool]]) -> list[str]:
    """What the CLI does not know of a command."""
    command, rest = words[0], list(words[1:])
    while rest and f"{command} {rest[0]}" in options:
        command += f" {rest.pop(0)}"
    if command == "pulumi":
        return [f"no command {rest[0]}"] if rest else []
    found = []
    while rest:
        word = rest.pop(0)
        if word == "--":
            break
        name, has_value, _ = word.partition("=")
        if name.startswith("-") and name not in options[command]:
            found.append(f"no option {name} of {command}")
        elif name.startswith("-") and options[command][name] and not has_value:
            rest = rest[1:]
    return found


def test_the_cli_knows_the_documentations_commands(options: dict[str, dict[str, bool]]) -> None:
    assert not {
        str(command): wrong
        for command in commands("pulumi")
        if (wrong := faults(command.words, options))
    }
    assert faults(("pulumi", "upp"), options)
    assert faults(("pulumi", "config", "set", "--pth", "a"), options)
