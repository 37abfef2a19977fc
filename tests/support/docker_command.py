"""A docker command that only looks like it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest


def instead(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Callable[[str], None]:
    """What puts a shell script on PATH as the docker command; $name is its last argument.

    Args:
        monkeypatch: changes PATH.
        folder: where to put the script.
    """

    def put(script: str) -> None:
        command = folder / "docker"
        command.write_text(f"#!/bin/sh\nfor name; do :; done\n{script}\n")
        command.chmod(0o755)

    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return put
