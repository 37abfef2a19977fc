"""The order of the program's rooms: each imports only those above it, and no line is named.

Tests share what is in tests/support, and nothing else.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from fate_components import lines

ROOT = Path(__file__).parents[3]
PROGRAM = ROOT / "fate_components"
# From the ground up; docs/contributing.md says what each is for.
ROOMS = (
    "docker", "crypto", "releases", "settings", "plan", "security", "jobs", "line", "party",
    "engines", "serving", "lines", "stack_file", "images", "operate", "checks", "outputs",
    "picture", "review", "kubefate", "sdk", "deployment", "provider", "cli",
)  # fmt: skip
TERMINAL = {"typer", "rich"}  # packages that only the command line needs
LIBRARY = ("fate1", "fate2")  # names that programs of others use
MODULES = sorted(PROGRAM.rglob("*.py"))


def imported(file: Path) -> Iterator[list[str]]:
    """The modules and names of the program that a module imports, from their rooms on."""
    folder = file.relative_to(PROGRAM).parts[:-1]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = list(folder[: len(folder) - node.level + 1])
            for alias in node.names:
                yield [*above, *(node.module or "").split("."), alias.name]


def test_every_room_has_its_floor() -> None:
    rooms = {path.stem for path in PROGRAM.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert rooms - {"__init__", "__pycache__", *LIBRARY} == set(ROOMS)


def test_a_module_imports_only_rooms_that_stand_above_its_own() -> None:
    faults = []
    for file in MODULES:
        room = file.relative_to(PROGRAM).parts[0].removesuffix(".py")
        for found in imported(file) if room in ROOMS else ():
            to = next(part for part in found if part)
            if ROOMS.index(to) > ROOMS.index(room):
                faults.append(f"{file.relative_to(PROGRAM)}: {'.'.join(found)}")
    assert not faults


def test_only_the_command_line_knows_of_a_terminal() -> None:
    faults = []
    for file in MODULES:
        for node in ast.walk(ast.parse(file.read_text())):
            aliases = node.names if isinstance(node, ast.Import) else []
            names = [alias.name for alias in aliases]
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            faults += [
                f"{file.relative_to(PROGRAM)}: {name}"
                for name in names
                if name.partition(".")[0] in TERMINAL
                and file.relative_to(PROGRAM).parts[0] != "cli"
            ]
    assert not faults


def test_no_module_names_a_release_line_of_which_it_is_no_part() -> None:
    faults = []
    for file in MODULES:
        room, *rest = file.relative_to(PROGRAM).with_suffix("").parts
        own = rest[0] if room == "lines" and rest else room
        names = {*lines.built_in(), *LIBRARY} - {own}
        words = {
            node.value
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        parts = {part for found in imported(file) for part in found}
        if room not in LIBRARY and (named := names & (words | parts)):
            faults.append(f"{file.relative_to(PROGRAM)}: {', '.join(sorted(named))}")
    assert not faults


def test_nothing_is_imported_from_a_test_module() -> None:
    faults = []
    for file in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            module = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            aliases = node.names if isinstance(node, ast.Import | ast.ImportFrom) else []
            name = ".".join([*module, *(alias.name for alias in aliases)])
            if any(part.startswith("test_") for part in name.split(".")):
                faults.append(f"{file.relative_to(ROOT)}: {name}")
    assert not faults
