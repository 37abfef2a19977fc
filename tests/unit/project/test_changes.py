"""What each change touches, as the engine works it out from what the program registers."""

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any
from unittest import mock

import pytest
from pulumi.runtime import mocks

from fate_components.docker.service import File, component
from fate_components.party import kept_routes
from tests.support.changes import (
    CHANGES,
    FATE_1_11,
    REGISTERED,
    START,
    START_1_11,
    START_2,
    SWITCH,
    UPGRADE,
    Change,
    Config,
)
from tests.support.program import COMMAND, CONTAINER, NETWORK, VOLUME, Recorder, run

# What is replaced when it changes; everything else is updated.
_REPLACED = (CONTAINER, NETWORK, VOLUME)
_real_upload = component._upload


@pytest.fixture(autouse=True)
def _rereads_are_ignored() -> Iterator[None]:
    """The engine ignores the content of files that services reread."""

    def upload(file: File) -> object:
        return _real_upload(replace(file, content="") if file.reread else file)

    with mock.patch.object(component, "_upload", upload):
        yield


class NewIds(Recorder):
    """Records resources, and gives some of them another id than usual.

    Args:
        replaced: their logical names.
    """

    def __init__(self, replaced: frozenset[str]) -> None:
        super().__init__()
        self.replaced = replaced

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        id, outputs = super().new_resource(args)
        return (f"{id}-2" if args.name in self.replaced else id), outputs


Registered = dict[tuple[str, str], tuple[Any, ...]]


def registered(config: Config, replaced: frozenset[str] = frozenset()) -> Registered:
    return _registered(json.dumps(config), replaced)


@cache
def _registered(config: str, replaced: frozenset[str]) -> Registered:
    recorder = NewIds(replaced)
    with mock.patch("tests.support.program.Recorder", return_value=recorder):
        run({"fate:peers": [], **json.loads(config)}, secret=["fate:parties"])
    return {(r.typ, r.name): (r.inputs, r.provider) for r in recorder.resources}


def touched(before: Config, after: Config) -> dict[str, str]:
    """The operation on each resource that a change touches, by its logical name."""
    old, new = registered(before), registered(after)
    # What reads the id of a replaced container changes as well.
    replaced = frozenset(name for kind, name in _changed(old, new) if kind == CONTAINER)
    new = registered(after, replaced)
    operations = {name: "delete" for _, name in old.keys() - new.keys()}
    operations |= {name: "create" for _, name in new.keys() - old.keys()}
    for kind, name in _changed(old, new):
        operations[name] = "replace" if kind in _REPLACED else "update"
    return operations


def restarted(before: Config, after: Config) -> set[str]:
    """The proxies whose delivery of a route table restarts them, by their logical names."""
    old, new = registered(before), registered(after)
    suffix = "-routes"
    return {
        name.removesuffix(suffix)
        for kind, name in _changed(old, new)
        if kind == COMMAND and name.endswith(f"proxy{suffix}")
        if kept_routes.outdated(*(str(one[kind, name][0]["stdin"]) for one in (old, new)))
        if old[CONTAINER, name.removesuffix(suffix)] == new[CONTAINER, name.removesuffix(suffix)]
    }


def _changed(old: Registered, new: Registered) -> set[tuple[str, str]]:
    return {key for key in old.keys() & new.keys() if old[key] != new[key]}


@pytest.mark.parametrize(
    ("start", "change"),
    [
        *((START, change) for change in REGISTERED),
        *((START_2, change) for change in (UPGRADE, SWITCH)),
        *((START_1_11, change) for change in FATE_1_11),
    ],
    ids=lambda value: value.name if isinstance(value, Change) else "",
)
def test_a_change_touches_what_the_documentation_says(start: Config, change: Change) -> None:
    after = copy.deepcopy(start)
    change.change(after)
    assert touched(start, after) == change.touched
    assert restarted(start, after) == change.restarted


def test_the_rules_give_what_the_engine_has_shown() -> None:
    config = copy.deepcopy(START)
    for change in CHANGES[:4]:  # all four operations; the whole table takes long
        before = copy.deepcopy(config)
        change.change(config)
        assert touched(before, config) == change.touched, change.name
        assert restarted(before, config) == change.restarted, change.name
