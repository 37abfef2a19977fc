"""Random mistakes in stack files and release files: each ends in a clear error or a deployment."""

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import settings as profile

from fate_components.settings import SettingsError
from tests import on_paper
from tests.random_files import FILES, MARK, StackFile, stack_files
from tests.unit.test_settings import as_engine

# The same files every time, and none that an earlier run has left.
REPEATABLE = profile(max_examples=1000, derandomize=True, deadline=None, database=None)


@pytest.fixture(autouse=True)
def without_engine() -> Iterator[None]:
    with on_paper.without_engine():
        yield


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


@pytest.mark.parametrize("release", FILES)
def test_the_good_files_are_deployed(release: str) -> None:
    for config in FILES[release]:
        file = StackFile(as_engine(config), frozenset(["fate:masterSecret", "fate:parties"]), "dev")
        assert is_deployed(file)


@pytest.mark.parametrize("release", FILES)
def test_changed_stack_files(release: str) -> None:
    ends: Counter[bool] = Counter()

    @REPEATABLE
    @given(stack_files(release))
    def each(file: StackFile) -> None:
        ends[is_deployed(file)] += 1

    each()
    assert min(ends[True], ends[False]) > 200, "both ends must be tried"
