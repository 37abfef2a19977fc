"""What the preview of each change shows is what its up does, and no more."""

import re
from collections.abc import Iterator

import pytest

from tests.support.changes import CHANGES, OWN_IMAGE
from tests.support.engine.clusters import Shared


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
    cluster, stack = two_parties.cluster, two_parties.cluster.stack
    before, touched, restarted = cluster.lives(), dict[str, str](), set[str]()
    for change in CHANGES:
        if change.step == step:
            stack.change(change.change)
            touched |= change.touched
            restarted |= change.restarted
    preview = stack.preview()
    assert preview.operations() == touched
    assert set(re.findall(r"fate-\w+-(\S+) is restarted to forget", preview.output)) == restarted
    assert "differs from the stack" not in preview.output, "nothing was changed by hand"
    assert " is replaced: " not in preview.output
    comment = stack.python("fate_components.cli", "preview-comment", stack.name)
    assert ("restarts the proxy" in comment.stdout) == bool(restarted), comment.stderr
    assert stack.up().operations() == touched
    after = cluster.lives()
    begun = {
        name.split("-", 2)[2] for name in before if after.get(name, before[name]) != before[name]
    }
    assert begun == restarted | {name for name, what in touched.items() if what == "replace"}
    # With a proxy that keeps a route from before, the job would not end.
    if restarted:
        cluster.toy_succeeds(9999, 10000)
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
