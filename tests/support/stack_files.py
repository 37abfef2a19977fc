"""Stack files as the engine passes them, and what is read from them and planned."""

import copy
import json
from typing import Any

from fate_components import lines
from fate_components.plan import topology
from fate_components.releases import catalogue
from fate_components.settings import Settings
from fate_components.stack_file import parse
from tests.support.bad_stack_files import GOOD, GOOD_2


def as_engine(config: dict[str, Any]) -> dict[str, str]:
    """Config as the engine passes it to a program: strings, and JSON for everything else."""
    return {k: v if isinstance(v, str) else json.dumps(v) for k, v in config.items()}


def read(config: dict[str, Any], secret: bool = True, keys_secret: bool = False) -> Settings:
    secrets = {"fate:masterSecret"} if secret else set()
    secrets |= {"fate:parties", "fate:hosts", "fate:registries"} if keys_secret else set()
    return parse(as_engine(config), secrets, "dev")[0]


RELEASE = catalogue.load("1.3.0")


def planned(
    change: dict[str, Any] | None = None, stack: str = "dev", own: bool = False
) -> topology.Topology:
    """The plan of the good stack file with changes; `own` if they set a password."""
    config = as_engine({**copy.deepcopy(GOOD), **(change or {})})
    secrets = {"fate:masterSecret"} | ({"fate:parties"} if own else set())
    settings, release = parse(config, secrets, stack)
    return lines.plan(settings, release, stack)


TWO_HOSTS = {
    "fate:hosts": {
        "a": {"docker": "unix:///var/run/docker.sock", "address": "10.0.0.1"},
        "b": {"docker": "ssh://root@b.example.org:22"},
    },
    "fate:parties": [{"id": 9999, "host": "a"}, {"id": 10000, "host": "b"}],
}
THREE_HOSTS = {
    "a": {"docker": "unix:///var/run/docker.sock", "address": "10.0.0.1"},
    "b": {"docker": "ssh://root@b.example.org:22", "address": "10.0.0.2"},
    "c": {"docker": "ssh://root@c.example.org:22", "address": "10.0.0.3"},
}


def serving_parties(**serving: Any) -> list[dict[str, Any]]:
    """Party 9999 with both clusters, and party 10000 with a serving cluster alone."""
    ports = {"serving-server": 8001, "serving-http": 8060, "serving-grpc": 8870}
    return [
        {"id": 9999, "host": "a", "training": {}, "serving": serving},
        {"id": 10000, "host": "a", "serving": {"publish": ports}},
    ]


def with_engines(computing: str, federation: str, **more: Any) -> dict[str, Any]:
    """Party 9999 on Docker host a, 10000 on b, and peer 10001."""
    return {
        **GOOD_2,
        "fate:images": "registry",
        "fate:engines": {"computing": computing, "federation": federation},
        "fate:hosts": {
            "a": {"docker": "unix:///var/run/docker.sock", "address": "10.0.0.1"},
            "b": {"docker": "ssh://root@b", "address": "10.0.0.2"},
        },
        "fate:parties": [{"id": 9999, "host": "a"}, {"id": 10000, "host": "b"}],
        "fate:peers": [{"id": 10001, "address": "fate.example.org"}],
        **{f"fate:{key}": value for key, value in more.items()},
    }
