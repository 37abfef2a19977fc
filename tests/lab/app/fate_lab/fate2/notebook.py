"""Stands in for FATE's clients and the notebook: what their commands are told must be right."""

from __future__ import annotations

import json
import sys
from typing import Any

from .. import strictconf
from ..protocol import ANY, Listener
from ..strictconf import ConfError


def init(arguments: list[str]) -> None:
    """flow init, pipeline init."""
    words = dict(zip(arguments[1::2], arguments[2::2], strict=False))
    if arguments[:1] != ["init"] or words.keys() != {"--ip", "--port"}:
        sys.exit(f"fate-lab: usage: init --ip IP --port PORT, not {' '.join(arguments)}")


def jupyter(arguments: list[str]) -> None:
    """jupyter notebook."""
    words = dict(word.partition("=")[::2] for word in arguments[1:])
    conf = strictconf.json_object(words["--config"])
    if not all(conf.get(name, {}).get("token") for name in ("NotebookApp", "IdentityProvider")):
        raise ConfError(words["--config"], "token", "is missing")

    def page(method: str, path: str, body: bytes) -> tuple[int, str, bytes] | None:
        answer: dict[str, Any] = {"version": "lab"}
        return (200, "application/json", json.dumps(answer).encode()) if path == "/api" else None

    Listener("notebook", ANY, {}, page).serve("0.0.0.0", int(words["--port"]))


def board(settings: str) -> None:
    """FATE Board 2."""
    found = dict(
        line.split("=", 1) for line in strictconf.read(settings).splitlines() if "=" in line
    )
    for key in ("server.port", "fateflow.url", "server.board.login.password"):
        if not found.get(key):
            raise ConfError(settings, key, "is missing")
    Listener("fateboard", ANY, {}).serve("0.0.0.0", int(found["server.port"]))
