"""The components as a library: an installed package, and a program of somebody else's."""

import json
import runpy
import subprocess
import sys
import zipfile
from pathlib import Path
from unittest import mock

import pulumi
import pytest
import yaml
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.runtime import config as runtime_config
from pydantic import SecretStr

import fate_components as fate
from fate_components import provider
from fate_components.docker.inspect.survey import Survey
from fate_components.lines.fate1_3.settings import Party, Settings
from fate_components.lines.fate2 import settings as fate2
from fate_components.settings import DockerHost
from tests.support.program import CONTAINER, ROOT, Recorder, run

SECRET = SecretStr("correct-horse-battery-staple")
HOST = "unix:///var/run/docker.sock"


def test_the_example_puts_something_beside_a_party() -> None:
    recorder = Recorder()
    pulumi.runtime.set_mocks(recorder, project="fate-beside-others", stack="dev", preview=False)
    config = {"docker": HOST, "image": "debian:bookworm-slim", "masterSecret": "a" * 32}
    secret = ["fate-beside-others:masterSecret"]
    runtime_config.set_all_config(
        {f"fate-beside-others:{key}": value for key, value in config.items()}, secret
    )

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def program() -> None:
        runpy.run_path(str(ROOT / "examples/library/__main__.py"))

    with (
        mock.patch("shutil.which", return_value="docker"),
        mock.patch("fate_components.docker.inspect.survey.take", return_value={"here": Survey()}),
    ):
        program()
    containers = {one.name: one.inputs for one in recorder.resources if one.typ == CONTAINER}
    assert "9999-python" in containers
    assert containers["dashboard"]["envs"] == ["FATEBOARD=http://127.0.0.1:8080"]


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        (
            Settings(
                release="1.3.0",
                hosts={"a": DockerHost(docker=HOST)},
                parties=(Party(id=9999, host="b"),),
                master_secret=SECRET,
            ),
            "fate:parties[0].host",
        ),
        (
            fate2.Settings(
                release="1.3.0",
                hosts={"a": DockerHost(docker=HOST)},
                parties=(fate2.Party(id=9999, host="a"),),
                master_secret=SECRET,
            ),
            "1.3.0 needs the Settings of fate1",
        ),
    ],
)
def test_mistakes_are_told_as_for_a_stack_file(settings: Settings, fault: str) -> None:
    with pytest.raises(pulumi.RunError, match="nothing was changed") as raised:
        fate.deploy(settings)
    assert fault in str(raised.value)


def test_the_component_registers_what_the_program_does() -> None:
    def seen(recorder: Recorder) -> dict[str, object]:
        return {f"{one.typ} {one.name}": one.inputs for one in recorder.resources}

    component = "fate:index:Deployment it"
    found = seen(run(register=lambda: provider.Deployment("it", {})))
    assert component in found
    assert {name: one for name, one in found.items() if name != component} == seen(run())


def test_other_languages_can_add_the_component() -> None:
    hosted = ComponentProvider([provider.Deployment], provider.PACKAGE)
    schema = json.loads(str(hosted.schema))
    component = schema["resources"]["fate:index:Deployment"]
    assert component["isComponent"]
    assert component["inputProperties"] == {}
    assert set(component["properties"]) == {"parties", "topology"}
    example = yaml.safe_load((ROOT / "examples/yaml/Pulumi.yaml").read_text())
    assert (ROOT / "examples/yaml" / example["packages"]["fate"] / "PulumiPlugin.yaml").exists()
    assert example["resources"] == {"fate": {"type": "fate:Deployment"}}


def test_the_package_contains_all_that_it_needs(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    # A top-level package with a common name would stand in the way of others.
    names = {one.name.partition("-")[0] for one in (tmp_path / "installed").iterdir()}
    assert names == {"fate_components", "fate_pulumi"}
    assert (tmp_path / "installed/fate_components/lines/fate2/training_job.ipynb").exists()
    script = (
        "from fate_components.releases import catalogue as releases; "
        "from fate_components.images.packages import catalogue; "
        "print(releases.known(), catalogue.image_name('fateflow', '2.2.0'))"
    )

    def said(folder: Path) -> str:
        command = [sys.executable, "-c", script]
        return subprocess.run(
            command, cwd=folder, check=True, capture_output=True, text=True
        ).stdout

    assert said(tmp_path / "installed") == said(ROOT)
    board = "fate_components/cli/board"
    pages = {page.name for page in (tmp_path / "installed" / board).glob("page.*")}
    assert pages == {page.name for page in (ROOT / board).glob("page.*")}
