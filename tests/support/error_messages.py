"""What the program and fatectl can say when something fails, collected from their source."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
# A folder in there that is no package is an image, with what runs in its containers.
SOURCES = sorted(
    path for path in ROOT.glob("fate_components/**/*.py") if path.with_name("__init__.py").exists()
)
# What is said of the Docker hosts and of the ways between parties is yielded.
FINDINGS = {"preflight.py", "conflicts.py", "edge_check.py", "fate2.py", "ways.py", "tls.py"}
ENDS = {"fail", "failure", "Mistake", "Doubt", "RunError", "RuntimeError"}

WAY_OUT = re.compile(
    r"\b(add|ask|bind|check|choose|correct|deploy|give|install|leave|make|must|name|needs?|publish"
    r"|put|remove|rename|restore|run|save|see|set|start|stop|synchronise|update|use|valid keys|wait"
    r"|write|try)\b|`|\bits \w+( \w+)?: \{|:$",  # after a colon follow lines of their own
    re.I,
)
# Why, in the words of what failed.
REASON = re.compile(
    r"\{[^}]*(error|why|stderr|said|reason|retmsg|message|strerror|last|lines|states?|status|meaning"
    r"|broken|answer|msg)\b[^}]*\}"
)
PLACE = re.compile(r"\{|--\w|fate:|\bcard\b|this (machine|stack|job)|on PATH|terminal|selected")


@dataclass(frozen=True)
class Message:
    """What the program can say.

    Args:
        place: the file and the line.
        kind: the class of the error, or what ends a command with it.
        text: the text, with a {…} for each value.
    """

    place: str
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.place} {self.text}"


def written(node: ast.AST, constants: Mapping[str, str]) -> str | None:
    """A text that is written in the source, with its values as source in braces.

    Args:
        node: where it is.
        constants: the texts that have a name in the module.
    """
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.FormattedValue):
        source = ast.unparse(node.value)
        return constants.get(source, f"{{{source}}}")
    if isinstance(node, ast.JoinedStr):
        return "".join(written(part, constants) or "" for part in node.values)
    return None


def classes() -> set[str]:
    """The project's own errors."""
    return {
        node.name
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and node.name.endswith("Error")
    }


def messages() -> Iterator[Message]:
    """Everything that errors say, as far as its text is in the source."""
    kinds = classes() | ENDS
    for path in SOURCES:
        tree = ast.parse(path.read_text())
        constants = {
            ast.unparse(node.targets[0]): str(node.value.value)
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            place = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Call):
                kind = ast.unparse(node.func).rpartition(".")[2]
                for one in node.args if kind in kinds else ():
                    if text := written(one, constants):
                        yield Message(place, kind, text)
            elif isinstance(node, ast.Yield) and node.value and path.name in FINDINGS:
                text = written(node.value, constants) or ""
                if " " in text:
                    yield Message(place, "finding", text)


def lacks(message: Message) -> str:
    """What an error does not say."""
    text = message.text
    if text.startswith("interrupted"):
        return "" if re.search(r"[{;]", text) else "what it is like now"
    # The key of the stack file is in front of a mistake.
    if message.kind != "Mistake" and not PLACE.search(text):
        return "where"
    return "" if WAY_OUT.search(text) or REASON.search(text) else "why, or what to do"
