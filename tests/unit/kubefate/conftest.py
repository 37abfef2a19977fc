"""What the tests of this folder have in common."""

from pathlib import Path

import pytest

from fate_components.cli import stack as stacks
from tests.unit.kubefate.folder import Folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A folder for KubeFATE's files."""
    found = Folder(tmp_path / "docker-deploy", tmp_path / "project")
    found.files.mkdir()
    found.project.mkdir()
    monkeypatch.setattr(stacks, "PROJECT", found.project)
    return found
