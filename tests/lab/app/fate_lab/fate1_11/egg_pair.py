"""Stands in for an egg_pair: one process of a session, at two ports that nobody chooses."""

from __future__ import annotations

import json
import os
import random
import sys
import threading
from typing import Any

from ..protocol import HopError, Listener, call, exit_on_sigterm, log
from ..strictconf import ConfError
from . import conf as eggroll

_WAIT = 60.0
_MAP = 16 << 30  # bytes that LMDB reserves for a partition; the file has holes


def main(arguments: list[str]) -> None:
    exit_on_sigterm()
    words = dict(zip(arguments[::2], arguments[1::2], strict=False))
    path, session = words["--config"], words["--session-id"]
    try:
        conf = eggroll.python(path, "egg_pair")
    except ConfError as error:
        sys.exit(f"fate-lab: {error}")
    pair = EggPair(session, conf[eggroll.DATA])
    ops = {"greet": pair.greet, "mask": pair.mask, "get": pair.get}
    command = Listener("egg-pair", session, ops)
    command.serve_in_background("0.0.0.0", 0)
    transfer = Listener("egg-pair-transfer", session, {"receive": pair.receive})
    transfer.serve_in_background("0.0.0.0", 0)
    alive = {"id": int(words["--processor-id"]), "status": "RUNNING", "pid": os.getpid()}
    alive |= {"command": command.port, "transfer": transfer.port}
    try:
        call(pair.me, *eggroll.at_manager(conf), "-", "processor", alive)
    except HopError as error:
        sys.exit(str(error))
    log(f"egg_pair {words['--processor-id']} of node {words['--server-node-id']} runs")
    threading.Event().wait()


class EggPair:
    def __init__(self, session: str, data: str) -> None:
        self.session, self.data = session, data
        self.me = f"egg_pair of {session}"
        self.values: dict[str, Any] = {}
        self.arrived = threading.Condition()

    def greet(self, asked: dict[str, Any]) -> None:
        """Reaches the session's other processes, as shuffling does."""
        for pair in asked["pairs"]:
            at = pair["host"], pair["command"], "egg-pair", self.session
            call(self.me, *at, "hello")

    def mask(self, asked: dict[str, Any]) -> list[int]:
        """Makes a partition of ones; keeps a random part of each, and returns the other parts."""
        given = [random.randrange(10**6) for _ in range(asked["values"])]
        kept = [1 - value for value in given]
        folder = f"{self.data.rstrip('/')}/LMDB/{asked['namespace']}/{asked['name']}"
        folder = f"{folder}/{asked['partition']}"
        try:
            os.makedirs(folder, exist_ok=True)
            with open(f"{folder}/data.mdb", "w", encoding="utf-8") as file:
                file.write(json.dumps(kept))
                file.truncate(_MAP)
        except OSError as error:
            raise HopError(f"{self.me}: {folder}: {error.strerror}") from None
        return [sum(kept), sum(given)]

    def receive(self, body: dict[str, Any]) -> None:
        """A value from another party's rollsite."""
        with self.arrived:
            self.values[body["tag"]] = body["value"]
            self.arrived.notify_all()

    def get(self, asked: dict[str, Any]) -> Any:
        with self.arrived:
            if not self.arrived.wait_for(lambda: asked["tag"] in self.values, _WAIT):
                raise HopError(f"{self.me}: nothing arrived as {asked['tag']}")
            return self.values.pop(asked["tag"])


if __name__ == "__main__":
    main(sys.argv[1:])
