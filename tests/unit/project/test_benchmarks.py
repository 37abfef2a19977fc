"""What the benchmarks prepare before they measure."""

from typing import cast
from unittest import mock

import pytest

from benchmarks import compose
from fate_components import lines
from fate_components.images import supply
from fate_components.images.packages import build
from fate_components.images.packages.catalogue import image_name
from fate_components.stack_file import parse
from tests.support.bad_stack_files import GOOD_2
from tests.support.engine import kept_images
from tests.support.engine.docker_hosts import DockerHost
from tests.support.stack_files import as_engine


def test_all_images_are_there_before_a_deployment_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []

    def record(_: str, release: str, names: list[str]) -> None:
        built.extend(image_name(name, release) for name in names)

    monkeypatch.setattr(build, "build", record)
    monkeypatch.setattr(kept_images, "load", lambda _: None)  # as on a machine that keeps none
    host = mock.Mock(url="unix:///d.sock")
    compose.prepare("2.2.0", cast(DockerHost, host))
    config = compose.config("2.2.0", 2, {"docker": host.url})
    config["fate:masterSecret"] = GOOD_2["fate:masterSecret"]
    settings, release = parse(as_engine(config), {"fate:masterSecret"}, "dev")
    used = supply.names(settings, lines.plan(settings, release, "dev"))
    assert used
    assert set(used) <= set(built)
