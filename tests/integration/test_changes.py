"""What the preview of each change shows is what its up does, and no more."""

from collections.abc import Iterator

import pytest

from tests.changes import CHANGES, Change
from tests.integration.clusters import Shared


@pytest.fixture(scope="module", autouse=True)
def _as_it_was(two_parties: Shared) -> Iterator[None]:
    """Leave the deployment to the other modules as it was."""
    yield
    two_parties.suspect = True


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_the_preview_shows_what_the_up_does(two_parties: Shared, change: Change) -> None:
    # The changes follow each other.
    stack = two_parties.cluster.stack
    stack.change(change.change)
    assert stack.preview().operations() == change.touched
    assert stack.up().operations() == change.touched
