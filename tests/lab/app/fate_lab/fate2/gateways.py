"""How a FATE Flow and its jobs call other parties: through OSX, or through nginx and Pulsar."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from ..protocol import ANSWER_TIMEOUT, HopError, call, request
from .pulsar_client import Session

_HOPS = 6


class Values(Protocol):
    """What a job's two parties send each other."""

    def send(self, name: str, value: int) -> None: ...

    def get(self, name: str) -> int: ...


class Gateway(Protocol):
    """What connects a party with others."""

    def call(self, party: str, asked: Mapping[str, Any]) -> Any:
        """The answer of a party's FATE Flow to a request of its REST API."""

    def values(self, job: str, role: str, parties: Mapping[str, str]) -> Values:
        """What a job sends and receives in a role, by the parties of its roles."""


def of(me: str, party: str, conf: Mapping[str, Any]) -> Gateway:
    """The gateway that a party's service_conf.yaml names.

    Args:
        me: who calls, for errors.
        party: the party's id.
        conf: the file's content.
    """
    in_pulsar = conf["default_engines"]["federation"] == "pulsar"
    return _Pulsar(me, conf["federation"]) if in_pulsar else _Osx(me, party, conf)


def _other(role: str) -> str:
    return "host" if role == "guest" else "guest"


class _Osx:
    def __init__(self, me: str, party: str, conf: Mapping[str, Any]) -> None:
        self.me, self.party, self.conf = me, party, conf
        self.at = conf["federation"]["osx"]

    def ask(self, op: str, body: dict[str, Any]) -> Any:
        return call(self.me, self.at["host"], self.at["port"], "osx", self.party, op, body)

    def forward(self, party: str, op: str, body: Mapping[str, Any]) -> Any:
        return self.ask("forward", {"to": party, "op": op, "body": body, "hops": _HOPS})

    def manager(self, op: str, body: dict[str, Any]) -> Any:
        at = self.conf["computing"]["eggroll"]
        return call(self.me, at["host"], at["port"], "clustermanager", self.party, op, body)

    def call(self, party: str, asked: Mapping[str, Any]) -> Any:
        return self.forward(party, "unary", asked)

    def values(self, job: str, role: str, parties: Mapping[str, str]) -> Values:
        return _OsxValues(self, job, role, parties[_other(role)])


class _OsxValues:
    """Each in a queue of OSX, or with Eggroll in the session of the job."""

    def __init__(self, osx: _Osx, job: str, role: str, peer: str) -> None:
        self.osx, self.job, self.role, self.peer = osx, job, role, peer

    def send(self, name: str, value: int) -> None:
        tag = f"{self.job}/{_other(self.role)}/{name}"
        body = {"tag": tag, "value": value, "mode": self.osx.at["mode"]}
        self.osx.forward(self.peer, "push", body)

    def get(self, name: str) -> int:
        asked = {"tag": f"{self.job}/{self.role}/{name}"}
        in_session = self.osx.at["mode"] == "stream"
        return int(self.osx.manager("get", asked) if in_session else self.osx.ask("pop", asked))


class _Pulsar:
    def __init__(self, me: str, conf: Mapping[str, Any]) -> None:
        self.me, self.nginx, self.pulsar = me, conf["nginx"], conf["pulsar"]

    def call(self, party: str, asked: Mapping[str, Any]) -> Any:
        """The request itself, to the party's own nginx, which finds the way by its headers."""
        host, port = self.nginx["host"], self.nginx["http_port"]
        target = f"{self.me}: nginx {host}:{port} to party {party}"
        headers = {"DEST-PARTY-ID": party, "SERVICE": "fateflow"}
        wanted = asked["method"], asked["path"], asked["body"]
        status, text = request(target, (host, port), wanted, headers, ANSWER_TIMEOUT)
        if status != 200:
            raise HopError(f"{target}: {status} {text.decode(errors='replace')}")
        return json.loads(text)

    def values(self, job: str, role: str, parties: Mapping[str, str]) -> Values:
        session = Session(self.me, self.pulsar, job)
        session.open(parties[_other(role)])
        return _PulsarValues(session, role, parties)


class _PulsarValues:
    """Each in a topic of its own, named as FATE names them."""

    def __init__(self, session: Session, role: str, parties: Mapping[str, str]) -> None:
        self.session, self.role, self.parties = session, role, parties

    def send(self, name: str, value: int) -> None:
        self.session.send(self._topic(self.role, name), value)

    def get(self, name: str) -> int:
        return self.session.receive(self._topic(_other(self.role), name))

    def _topic(self, sender: str, name: str) -> str:
        to = _other(sender)
        return f"{sender}-{self.parties[sender]}-{to}-{self.parties[to]}-{name}"
