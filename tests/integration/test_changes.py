"""What the preview of each change shows is what its up does, and no more."""

import pytest

from tests.changes import CHANGES, Change
from tests.integration.clusters import Shared


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_the_preview_shows_what_the_up_does(two_parties: Shared, change: Change) -> None:
    # The changes follow each other: the last one leaves two parties as they were, but for a port.
    stack = two_parties.cluster.stack
    stack.change(change.change)
    assert stack.preview().operations() == change.touched
    assert stack.up().operations() == change.touched
