"""Folders for data, created on a Docker host before their volumes."""

import subprocess
from collections.abc import Mapping, Sequence
from unittest import mock

import pulumi
import pytest

from fate_components.docker import folders
from fate_components.docker.client import cli
from tests.support.asynchronous import awaited

DATA, FOLDER = "/srv/fate", "/srv/fate/dev/9999/egg"


def run(monkeypatch: pytest.MonkeyPatch, code: int, error: str = "") -> list[str]:
    ran: list[str] = []

    def docker(
        arguments: Sequence[str], environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        assert environment == {"DOCKER_HOST": "ssh://b"}
        ran.extend(arguments)
        return subprocess.CompletedProcess([], code, "", error)

    monkeypatch.setattr(cli, "run", docker)

    async def call() -> None:
        labels, environment = {"fate.stack": "dev"}, {"DOCKER_HOST": "ssh://b"}
        hook = folders.hook("folder", DATA, FOLDER, "sha256:1", labels, environment)
        done = hook(mock.create_autospec(pulumi.ResourceHookArgs))
        assert done
        await done

    awaited(call())
    return ran


def test_a_folder_is_made_in_a_container_on_its_host(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = run(monkeypatch, 0)
    assert ran[:2] == ["run", "--rm"]
    assert f"--volume={DATA}:/data" in ran
    assert ran[-5:] == ["sha256:1", "-ec", folders._MAKE, "sh", "/data/dev/9999/egg"]


def test_a_folder_that_cannot_be_made_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match=f"{FOLDER} cannot be created: Read-only file system"):
        run(monkeypatch, 1, "Read-only file system\n")
