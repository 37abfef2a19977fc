"""Stacks of this line with serving clusters, and what they register."""

import json
from typing import Any

from tests.support.program import CONTAINER, Recorder, run, secret

S = "/data/projects/fate-serving"
HOSTS = {
    "a": {"docker": "unix:///var/run/docker.sock", "address": "10.0.0.1"},
    "b": {"docker": "ssh://root@b.example.org:22"},
}


def parties(**serving: Any) -> list[dict[str, Any]]:
    """Party 9999 with both clusters, and party 10000 with a serving cluster alone."""
    ports = {"serving-server": 8001, "serving-http": 8060, "serving-grpc": 8870}
    return [
        {"id": 9999, "host": "a", "training": {}, "serving": serving},
        {"id": 10000, "host": "a", "serving": {"publish": ports}},
    ]


def config(**serving: Any) -> dict[str, Any]:
    """What differs from a good stack file: the release, and two parties that are served."""
    return {"fate:release": "1.11.2", "fate:parties": parties(**serving)}


def registered(more: dict[str, Any] | None = None, **serving: Any) -> Recorder:
    """What a stack with these parties registers."""
    return run({**config(**serving), **(more or {})})


def container(found: Recorder, name: str) -> dict[str, Any]:
    """The inputs of a container."""
    return found.of(CONTAINER)[f"fate-dev-{name}"]


def text(found: Recorder, name: str, path: str) -> str:
    """A file of a container."""
    uploads = container(found, name)["uploads"]
    (content,) = [
        secret(one["content"]) or one["content"]
        for one in secret(uploads) or uploads
        if one["file"] == path
    ]
    return str(content)


def properties(found: Recorder, service: str, party: int = 9999) -> dict[str, str]:
    """The properties of a service."""
    name = "serving-server" if service == "serving-server" else "application"
    path = f"{S}/{service}/conf/{name}.properties"
    lines = text(found, f"{party}-{service}", path).splitlines()
    return dict(line.split("=", 1) for line in lines)


def routes(found: Recorder, party: int = 9999) -> dict[str, Any]:
    """The route table of a serving-proxy."""
    path = f"{S}/serving-proxy/conf/route_table.json"
    return dict(json.loads(text(found, f"{party}-serving-proxy", path)))
