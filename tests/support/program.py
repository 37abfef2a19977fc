"""The program, run with Pulumi's mocks: what it registers."""

import runpy
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import pulumi
from pulumi.runtime import config as runtime_config
from pulumi.runtime import mocks, rpc

from fate_components.docker.inspect.survey import Survey
from tests.support.bad_stack_files import GOOD
from tests.support.stack_files import as_engine

ROOT = Path(__file__).parents[2]


class Recorder(mocks.Mocks):
    """Records every resource as the engine would receive it."""

    def __init__(self) -> None:
        self.resources: list[mocks.MockResourceArgs] = []

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        raise AssertionError(f"no function is called, but {args.token} was")

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.resources.append(args)
        outputs = {**args.inputs, "imageId": f"sha256:{args.name}"}
        return f"{args.name}-id", outputs

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        return {r.inputs.get("name", r.name): r.inputs for r in self.resources if r.typ == kind}


def run(
    change: dict[str, Any] | None = None,
    found: dict[str, Survey] | None = None,
    secret: Sequence[str] = (),
    register: Callable[[], object] = lambda: runpy.run_path(str(ROOT / "__main__.py")),
) -> Recorder:
    recorder = Recorder()
    pulumi.runtime.set_mocks(recorder, project="fate", stack="dev", preview=False)
    runtime_config.set_all_config(
        as_engine({**GOOD, **(change or {})}), ["fate:masterSecret", *secret]
    )

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def program() -> None:
        register()

    # The program requires a docker command, which nothing here runs, asks ssh for the names of
    # Docker hosts, and looks at them.
    surveys = defaultdict(Survey, found or {})
    with (
        mock.patch("shutil.which", return_value="docker"),
        mock.patch("fate_components.settings.openssh.names", return_value=({}, [])),
        mock.patch("fate_components.docker.inspect.survey.take", return_value=surveys),
        # What makes the program faster is for a process that runs it once, with an engine.
        mock.patch("pulumi.run"),
        mock.patch("pulumi.log.debug"),
        mock.patch("gc.disable"),
        mock.patch("atexit.register"),
    ):
        program()
    return recorder


CONTAINER = "docker:index/container:Container"
VOLUME = "docker:index/volume:Volume"
NETWORK = "docker:index/network:Network"
IMAGE = "docker:index/remoteImage:RemoteImage"
COMMAND = "command:local:Command"


def labels(inputs: dict[str, Any]) -> dict[str, str]:
    return {label["label"]: label["value"] for label in inputs["labels"]}


def secret(value: Any) -> Any:
    """The content of a value that the engine must keep secret, or None if it is not secret."""
    if isinstance(value, dict) and rpc._special_sig_key in value:
        assert value[rpc._special_sig_key] == rpc._special_secret_sig
        return value["value"]
    return None


P = "/data/projects/fate"


def file(registered: Recorder, container: str, path: str) -> str:
    """A file in a container of the dev stack."""
    uploads = registered.of(CONTAINER)[f"fate-dev-{container}"]["uploads"]
    (content,) = [
        secret(found["content"]) or found["content"]
        for found in secret(uploads) or uploads
        if found["file"] == path
    ]
    return str(content)


def commands(registered: Recorder) -> dict[str, dict[str, Any]]:
    return {r.name: r.inputs for r in registered.resources if r.typ == COMMAND}
