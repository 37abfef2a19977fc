"""Random mistakes in stack files and release files: each ends in a clear error or a deployment."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import settings as profile
from pydantic import ValidationError

from fate_components import lines
from fate_components.outputs import party_outputs
from fate_components.releases import catalogue
from fate_components.settings import SettingsError
from fate_components.stack_file import parse
from tests.support import on_paper
from tests.support.random_files import FILES, MARK, StackFile, release_files, stack_files
from tests.support.stack_files import as_engine

# The same files every time, and none that an earlier run has left.
REPEATABLE = profile(max_examples=1000, derandomize=True, deadline=None, database=None)


@pytest.fixture(autouse=True)
def without_engine() -> Iterator[None]:
    with on_paper.without_engine():
        yield


def good(config: dict[str, Any]) -> StackFile:
    encrypted = frozenset(["fate:masterSecret", "fate:parties", "fate:hosts", "fate:registries"])
    return StackFile(as_engine(config), encrypted, "dev")


def check_error(error: SettingsError) -> None:
    """Assert that an error names its keys, one mistake a line, and repeats no secret."""
    text = str(error)
    title, *lines = text.split("\n")
    assert title.endswith("nothing was changed.")
    assert len(lines) == len(error.mistakes) > 0, text
    for line in lines:
        assert line.startswith("  fate:"), text
        assert line.isprintable(), text
        assert len(line) < 1000, text
    assert MARK not in text, text
    assert "Input should" not in text, "in the words of pydantic"


def is_deployed(file: StackFile) -> bool:
    """Whether a stack file is deployed. If not, it has caused a clear error."""
    try:
        found = on_paper.deployment(file)
    except SettingsError as error:
        check_error(error)
        return False
    on_paper.check(found)
    return True


def is_valid(release: str, facts: dict[str, Any]) -> bool:
    """Whether a release's facts are accepted. If not, the error names the keys."""
    try:
        changed = catalogue.read(release, facts)
    except ValidationError as error:
        for detail in error.errors():
            # The models' own checks name the key in their texts.
            named = detail["loc"] or re.match(r"Value error, \w+[.\w-]*: ", detail["msg"])
            assert named or detail["type"] == "string_unicode", detail
        return False
    file = good(FILES[release][-1])
    with mock.patch.object(catalogue, "load", return_value=changed):
        try:
            settings, chosen = parse(file.config, set(file.encrypted), file.stack)
        except (SettingsError, lines.UnknownLineError):
            return True
    assert party_outputs(lines.plan(settings, chosen, file.stack), settings, chosen)
    return True


@pytest.mark.parametrize("release", FILES)
def test_good_stack_files(release: str) -> None:
    assert all(is_deployed(good(config)) for config in FILES[release])


@pytest.mark.parametrize("release", FILES)
def test_changed_stack_files(release: str) -> None:
    ends: Counter[bool] = Counter()

    @REPEATABLE
    @given(stack_files(release))
    def each(file: StackFile) -> None:
        ends[is_deployed(file)] += 1

    each()
    assert min(ends[True], ends[False]) > 200, "both ends must be tried"


@pytest.mark.parametrize("release", FILES)
def test_changed_release_files(release: str) -> None:
    ends: Counter[bool] = Counter()

    @profile(REPEATABLE, max_examples=150)
    @given(release_files(release))
    def each(facts: dict[str, Any]) -> None:
        ends[is_valid(release, facts)] += 1

    each()
    assert min(ends[True], ends[False]) > 10, "both ends must be tried"
