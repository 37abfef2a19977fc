"""What the documentation tells people to type and to write."""

import re
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
_PAGES = ("README.md", "docs/*.md", "*/README.md", "fate_components/**/README.md")
FILES = sorted((page for pages in _PAGES for page in ROOT.glob(pages)), key=str)

_OURS = ("pulumi", "fatectl", "make")
_A_COMMAND = re.compile(rf"(?:^|&&|\||\$\()\s*(?:{'|'.join(_OURS)}) ", re.M)
# Ours only say what they are called with; all others do nothing, because nothing is on PATH.
_PRELUDE = "command_not_found_handle() { :; }\n" + "".join(
    f'{name}() {{ printf "%s\\037" {name} "$@" $\'\\036\' >> log; }}\n' for name in _OURS
)


@dataclass(frozen=True)
class Command:
    """A command in the documentation.

    Args:
        file: the file that it is in, relative to the project.
        words: its name and arguments, as a shell splits them.
        whole: whether it is to be typed as it is, and not just mentioned in a sentence.
    """

    file: str
    words: tuple[str, ...]
    whole: bool

    def __str__(self) -> str:
        return f"{self.file}: {shlex.join(self.words)}"


@dataclass(frozen=True)
class Config:
    """A part of a stack file in the documentation.

    Args:
        file: the file that it is in, relative to the project.
        keys: what it sets.
        whole: whether it is a complete stack file.
    """

    file: str
    keys: dict[str, Any]
    whole: bool

    def __str__(self) -> str:
        return f"{self.file}: {', '.join(self.keys)}"


@cache
def _tokens(path: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(path.read_text())


def links() -> Iterator[tuple[str, str]]:
    """The links to other places of this project: the file that has it, and the target."""
    for path in FILES:
        for token in _tokens(path):
            for one in token.children or []:
                target = str(one.attrs.get("href") or one.attrs.get("src") or "")
                if target and "://" not in target:
                    yield str(path.relative_to(ROOT)), target


def anchors(path: Path) -> set[str]:
    """What links can lead to in a file: its headings, as GitHub names them."""
    tokens = _tokens(path)
    return {
        re.sub(r"[^\w -]", "", after.content.lower()).replace(" ", "-")
        for token, after in pairwise(tokens)
        if token.type == "heading_open"
    }


@cache
def _code() -> list[tuple[str, str, bool]]:
    """All code: the file, the text, and whether it is a block. Blank lines end a block."""
    found = []
    for path in FILES:
        name = str(path.relative_to(ROOT))
        for token in _tokens(path):
            if token.type in ("fence", "code_block"):
                parts = re.split(r"\n\s*\n", token.content)
                found += [(name, part, True) for part in parts if part.strip()]
            found += [
                (name, one.content, False)
                for one in token.children or []
                if one.type == "code_inline"
            ]
    return found


def block(file: str, having: str) -> str:
    """The block of code of a file that has a text.

    Args:
        file: the file, relative to the project.
        having: the text.
    """
    [found] = [text for name, text, block in _code() if block and name == file and having in text]
    return found


def commands(*names: str) -> Iterator[Command]:
    """The commands in the documentation.

    Args:
        names: which: pulumi, fatectl or make.
    """
    yield from (one for one in _commands() if one.words[0] in names)


@cache
def _commands() -> list[Command]:
    found = []
    for file, text, block in _code():
        if "…" in text or re.search(r"\[[A-Za-z-]", text):
            continue  # a form that is to be filled in
        if block and _A_COMMAND.search(text):
            found += [Command(file, words, True) for words in called(text)]
        elif not block and text.split(" ")[0] in _OURS and " " in text:
            found += [Command(file, words, False) for words in called(text)]
    return found


def called(script: str) -> list[tuple[str, ...]]:
    """What a shell calls our commands with when it runs a script, in which all commands succeed.

    Args:
        script: the script.
    """
    assert not re.search(r">\s*/|^\s*/", script, re.M), (
        f"would write outside of its folder: {script}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name in re.findall(r"<\s*([\w.-]+)", script):
            (Path(folder) / name).touch()
        done = subprocess.run(
            ["/bin/bash", "-c", _PRELUDE + script],
            cwd=folder,
            env={"PATH": "/nowhere", "HOME": "/home/me"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "syntax error" not in done.stderr, f"{script}\n{done.stderr}"
        log = Path(folder, "log")
        said = log.read_text() if log.exists() else ""
    return [tuple(one.split("\x1f")[:-1]) for one in said.split("\x1e\x1f") if one]


def configs() -> Iterator[Config]:
    """The parts of stack files in the documentation, with values in the place of those left out."""
    for file, text, block in _code():
        if not block or not re.search(r"^\s*(?:fate:\w+|training):", text, re.M):
            continue
        if _A_COMMAND.search(text):
            continue
        keys = yaml.safe_load(re.sub(r"\{secure: …\}", "a-secret-of-the-documentation", text))
        if "training" in keys:
            keys = {"fate:parties": [{"id": 9999, "host": "lab", **keys}]}
        yield Config(file, keys.get("config", keys), "config" in keys)
