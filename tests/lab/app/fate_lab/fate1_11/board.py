"""Stands in for FATE Board of FATE 1.11: it asks FATE Flow for jobs, and nothing at its start."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from .. import strictconf
from ..protocol import ANY, HopError, Listener, log, request
from .rsa import Key

_USER, _PASSWORD = "server.board.login.username", "server.board.login.password"
_REQUIRED: Mapping[str, strictconf.Check] = {
    "server.port": strictconf.port,
    "fateflow.url": strictconf.url,
    _USER: strictconf.filled,
    _PASSWORD: strictconf.filled,
}
_OPTIONAL: Mapping[str, strictconf.Check] = {
    "fateflow.url-list": strictconf.anything,
    "fateflow.http_app_key": strictconf.anything,
    "fateflow.http_secret_key": strictconf.anything,
    "server.board.encrypt.private_key": strictconf.anything,
    "server.board.encrypt.enable": strictconf.exactly("false"),
    "server.servlet.encoding.charset": strictconf.filled,
    "server.servlet.encoding.enabled": strictconf.true_or_false,
    "server.servlet.session.timeout": strictconf.filled,
    "server.servlet.session.cookie.max-age": strictconf.filled,
    "server.tomcat.uri-encoding": strictconf.filled,
    "server.tomcat.max-threads": strictconf.count,
    "server.tomcat.max-connections": strictconf.count,
    "server.compression.enabled": strictconf.true_or_false,
    "server.compression.mime-types": strictconf.filled,
    "fateboard.front_end.cors": strictconf.true_or_false,
    "fateboard.front_end.url": strictconf.filled,
    "spring.servlet.multipart.max-file-size": strictconf.filled,
    "spring.servlet.multipart.max-request-size": strictconf.filled,
    "spring.servlet.session.timeout": strictconf.filled,
    "management.endpoints.web.exposure.exclude": strictconf.filled,
    "feign.client.config.default.connectTimeout": strictconf.count,
    "feign.client.config.default.readTimeout": strictconf.count,
}
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>FATE Board (lab)</title>
<h1>FATE Board (lab)</h1><p>{said}</p><p>A stand-in for tests, not FATE Board.</p></html>
"""


def main(settings: str) -> None:
    conf = strictconf.properties(settings, _REQUIRED, _OPTIONAL)
    board = Board(conf["fateflow.url"])
    Listener("fateboard", ANY, {}, board.page).serve("0.0.0.0", int(conf["server.port"]))


class Board:
    """The pages.

    Args:
        flow: FATE Flow's address.
    """

    def __init__(self, flow: str) -> None:
        self.flow = urlsplit(flow)
        self.key: Key | None = None

    def page(self, method: str, path: str, body: bytes) -> tuple[int, str, bytes] | None:
        if method == "GET" and path in ("/", "/index.html"):
            return 200, "text/html; charset=utf-8", _PAGE.format(said=self._jobs()).encode()
        if path == "/user/getKey" and method == "POST":
            return _json({"code": 0, "data": self._key().public, "msg": "OK"})
        if path == "/user/login" and method == "POST":
            return _json({"code": 0, "data": self.is_known(json.loads(body or b"{}"))})
        if path.startswith(("/job/", "/v1/", "/feign/")):
            return _json({"code": 10015, "msg": "Please login first!"})
        return None

    def is_known(self, asked: Mapping[str, Any]) -> bool:
        """Whether user and password are those of the file, which it reads now, from where it
        runs. The password is encrypted with the key that it has handed out."""
        found = strictconf.properties("conf/application.properties", _REQUIRED, _OPTIONAL)
        try:
            given = self._key().decrypted(str(asked.get("password", "")))
        except ValueError as error:
            log(f"decrypt password error: {error}")
            return False
        return (asked.get("username"), given) == (found[_USER], found[_PASSWORD])

    def _key(self) -> Key:
        if self.key is None:
            self.key = Key()
        return self.key

    def _jobs(self) -> str:
        at = self.flow.hostname or "", self.flow.port or 80
        try:
            asked = ("POST", "/v1/job/list/job", {"limit": 100})
            _, text = request("fateflow", at, asked, {"Content-Type": "application/json"}, 5.0)
            return f"{json.loads(text)['data']['count']} jobs"
        except (HopError, ValueError, KeyError) as error:
            return html.escape(f"no jobs: {error!r}")


def _json(answer: Any) -> tuple[int, str, bytes]:
    return 200, "application/json", json.dumps(answer).encode()
