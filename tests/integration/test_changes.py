"""What the preview of each change shows is what its up does, and no more."""

from collections.abc import Iterator

import pytest

from tests.changes import CHANGES, OWN_IMAGE
from tests.integration.clusters import Shared


@pytest.fixture(scope="module", autouse=True)
def _as_it_was(two_parties: Shared) -> Iterator[None]:
    """Make the image that a change needs, and leave the deployment to the others as it was."""
    name, tag = OWN_IMAGE.rsplit(":", 1)
    two_parties.cluster.container(9999, "fateboard").commit(name, tag)
    yield
    two_parties.suspect = True


@pytest.mark.parametrize("step", sorted({change.step for change in CHANGES}))
def test_the_preview_shows_what_the_up_does(two_parties: Shared, step: int) -> None:
    # The steps follow each other.
    stack = two_parties.cluster.stack
    touched: dict[str, str] = {}
    for change in CHANGES:
        if change.step == step:
            stack.change(change.change)
            touched |= change.touched
    assert stack.preview().operations() == touched
    assert stack.up().operations() == touched
    wanted = stack.config["fate:parties"][0]["training"].get("services", {}).get("fateboard", {})
    if "memory" in wanted:
        stack.preview(expect_no_changes=True)
    fateboard = two_parties.cluster.container(9999, "fateboard")
    limits = fateboard.attrs["HostConfig"]
    memory = {"1g": 1 << 30, "900m": 900 << 20}.get(wanted.get("memory"), 0)
    assert (limits["CpuQuota"], limits["Memory"]) == (wanted.get("cpus", 0) * 100_000, memory)
    assert (fateboard.attrs["Config"]["Image"] == own_id(two_parties)) == ("image" in wanted)


def own_id(deployment: Shared) -> str:
    """The id of the image that only the stack file names."""
    same_host = deployment.cluster.container(9999, "fateboard").client
    assert same_host is not None
    return str(same_host.images.get(OWN_IMAGE).id)
