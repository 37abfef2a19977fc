"""The script that delivers a file into a running container, run with a fake docker command."""

from pathlib import Path

import pytest

from fate_components.docker import delivery
from fate_components.docker.tool import PYTHON
from tests.support.delivery import Container


@pytest.fixture
def container(tmp_path: Path) -> Container:
    return Container(tmp_path)


def test_a_changed_file_reaches_a_known_container_without_a_restart(container: Container) -> None:
    assert container.deliver("new\n", before="c1") == "c1"
    assert container.file.read_text() == "new\n"
    assert container.applied
    assert not container.restarted


def test_a_new_container_that_started_with_an_old_file_is_restarted(container: Container) -> None:
    container.deliver("new\n", before="c0")
    assert container.file.read_text() == "new\n"
    assert container.restarted


@pytest.mark.parametrize("before", [None, "c0", "c1"])
def test_an_unchanged_file_is_left_alone(container: Container, before: str | None) -> None:
    container.deliver("old\n", before)
    assert container.file.read_text() == "old\n"
    assert not container.applied
    assert not container.restarted


@pytest.mark.parametrize(
    ("before", "applied", "restarted"), [("c1", True, False), ("c0", False, True)]
)
def test_a_delivery_that_was_killed_before_the_service_read_the_file_is_completed(
    container: Container, before: str, applied: bool, restarted: bool
) -> None:
    assert PYTHON in delivery._APPLY_AGAIN
    again = delivery._APPLY_AGAIN.replace(
        f"{PYTHON} -m fate_components.docker.restart NAME", "docker restart c1 #"
    )
    assert container.deliver("old\n", before, again) == "c1"
    assert container.applied is applied
    assert container.restarted is restarted
    (container.folder / "applied").unlink(missing_ok=True)
    (container.folder / "asked").write_text("")
    container.deliver("new\n", "c1", again)
    assert (container.folder / "asked").read_text().count("applied") == 1, "once is enough"
