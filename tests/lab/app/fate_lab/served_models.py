"""The models of a serving-server, and the host's features: what all its releases do alike."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from typing import Any

from . import published_model
from .protocol import HopError, log

Key = tuple[str, str]  # a model: its name (the job's id) and namespace (the party's model id)

TRANSFER_TIMEOUT = 10.0


def key_of(model: dict[str, str]) -> Key:
    return model["name"], model["namespace"]


def write(path: str, text: str) -> None:
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(path + ".new", path)


class ServedModels:
    """What a serving-server has loaded.

    Args:
        me: what it is called in errors.
        host_data: the file with features of hosts.
    """

    def __init__(self, me: str, host_data: str) -> None:
        self.me, self.host_data_file = me, host_data
        self.models: dict[Key, dict[str, float]] = {}
        self.partners: dict[Key, Key] = {}  # another party's part of a model -> ours
        self.host_data: dict[str, dict[str, float]] = {}
        self.cold = True  # the first answer after a start comes too late for everybody

    def is_cold(self) -> bool:
        cold, self.cold = self.cold, False
        return cold

    def know_partners(self, model: dict[str, dict[str, Any]], own: tuple[str, str]) -> None:
        """Remembers the others' parts of a model, by role and party, for when they ask."""
        ours = key_of(model[own[0]][own[1]])
        for role, parties in model.items():
            for party, part in parties.items():
                if (role, party) != own:
                    self.partners[key_of(part)] = ours

    def from_flow_or_file(self, key: Key, url: str, kept: str) -> dict[str, float] | None:
        """A model from FATE Flow, or from this server's own file if FATE Flow has none."""
        try:
            found = self.transfer(key, url)
            write(kept, json.dumps(found))
        except HopError as error:
            log(str(error))
            return self.from_file(key, kept)
        return self.use(key, found)

    def from_file(self, key: Key, kept: str) -> dict[str, float] | None:
        """A model from this server's own file."""
        if not os.path.isfile(kept):
            return None
        with open(kept, encoding="utf-8") as file:
            return self.use(key, json.load(file))

    def use(self, key: Key, content: dict[str, str]) -> dict[str, float] | None:
        try:
            self.models[key] = published_model.weights(content)
        except ValueError as error:
            log(f"{self.me}: model {key[0]} of {key[1]}: {error}")
            return None
        return self.models[key]

    def transfer(self, key: Key, url: str) -> dict[str, str]:
        where = f"{self.me}: model.transfer.url {url}"
        body = json.dumps({"name": key[0], "namespace": key[1]}).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=TRANSFER_TIMEOUT) as response:
                answer = json.load(response)
        except urllib.error.URLError as error:
            raise HopError(f"{where}: {error.reason}") from None
        except (OSError, ValueError) as error:
            raise HopError(f"{where}: {error}") from None
        if answer.get("retcode") != 0 or not answer.get("data"):
            raise HopError(f"{where}: no model {key[0]} of {key[1]}: {answer.get('retmsg')}")
        return dict(answer["data"])

    # the host's features

    def mock_adapter(self, _: dict[str, Any]) -> dict[str, float]:
        """Always the same row, whatever the id is: score 4.5."""
        return {f"x{number}": float(number) for number in range(10)}

    def picked(self, id: object) -> dict[str, float]:
        """The row of this id; the file is read once, at the first request."""
        if not self.host_data:
            rows = {}
            with open(self.host_data_file, encoding="utf-8") as file:
                for line in filter(None, map(str.strip, file)):
                    name, _, values = line.partition(",")
                    pairs = (pair.split(":") for pair in values.split(";"))
                    rows[name] = {feature: float(value) for feature, value in pairs}
            self.host_data = rows
        if id not in self.host_data:
            raise LookupError(f"no row for {id!r} in {self.host_data_file}")
        return self.host_data[str(id)]
