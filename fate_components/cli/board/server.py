"""The server of the page: for browsers on this machine, and only to read."""

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from socketserver import TCPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ...operate.logs import LogsError
from ...operate.target import TargetError
from .document import document
from .live import Live

LOOPBACK = "127.0.0.1"
PORT = 8900
"""The port, if it is free."""

# A page of somebody else whose name leads to this machine sends its own name.
_NAMES = ("127.0.0.1", "localhost")
# What may be asked for, and nothing else.
_FILES: Mapping[str, tuple[str, str]] = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
}
_HEADERS: Mapping[str, str] = {
    # The picture has its styles in it.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; "
    "style-src 'self' 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Server(ThreadingHTTPServer):
    """Serves the page on loopback.

    Args:
        live: the stack that it shows.
        port: the port, if it is free; otherwise any that is.
    """

    daemon_threads = True

    def __init__(self, live: Live, port: int = PORT) -> None:
        self.live = live
        try:
            super().__init__((LOOPBACK, port), _Request)
        except OSError:
            super().__init__((LOOPBACK, 0), _Request)

    def server_bind(self) -> None:
        """Bind to the port without looking up a name, which HTTPServer does."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = LOOPBACK, self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away is no error."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{LOOPBACK}:{self.server_address[1]}"


class _Request(BaseHTTPRequestHandler):
    server: Server
    timeout = 60  # seconds for a browser that sends nothing

    def do_GET(self) -> None:
        try:
            host, asked = urlsplit(f"//{self.headers.get('Host', '')}"), urlsplit(self.path)
        except ValueError:
            self._text(HTTPStatus.BAD_REQUEST, "This is not a URL.")
            return
        if host.hostname not in _NAMES:
            self._text(HTTPStatus.FORBIDDEN, f"Use http://{LOOPBACK} or http://localhost.")
            return
        if asked.path in _FILES:
            name, kind = _FILES[asked.path]
            content = files(__package__).joinpath(name).read_bytes()
            self._answer(HTTPStatus.OK, kind, content)
        elif asked.path == "/live.json":
            live = self.server.live
            self._json(HTTPStatus.OK, document(live, live.view(), datetime.now(UTC)))
        elif asked.path == "/log.json":
            self._log(parse_qs(asked.query))
        else:
            self._text(HTTPStatus.NOT_FOUND, "There is no such page.")

    def _refuse(self) -> None:
        self._text(HTTPStatus.METHOD_NOT_ALLOWED, "This page can only be read.", Allow="GET")

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _refuse  # noqa: N815

    def _log(self, query: Mapping[str, list[str]]) -> None:
        party, service = (query.get(name, [""])[0] for name in ("party", "service"))
        try:
            lines = self.server.live.log(party, service)
        except TargetError as error:
            self._json(HTTPStatus.NOT_FOUND, {"error": self.server.live.redact(str(error))})
        except LogsError as error:
            self._json(HTTPStatus.BAD_GATEWAY, {"error": self.server.live.redact(str(error))})
        else:
            self._json(HTTPStatus.OK, {"lines": lines})

    def _json(self, status: HTTPStatus, body: Mapping[str, Any]) -> None:
        self._answer(status, "application/json", json.dumps(body).encode())

    def _text(self, status: HTTPStatus, text: str, **headers: str) -> None:
        self._answer(status, "text/plain; charset=utf-8", f"{text}\n".encode(), **headers)

    def _answer(self, status: HTTPStatus, kind: str, content: bytes, **headers: str) -> None:
        self.send_response(status)
        sizes = {"Content-Type": kind, "Content-Length": str(len(content))}
        for name, value in {**_HEADERS, **sizes, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def version_string(self) -> str:
        return "fatectl"

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not worth a line on the terminal."""
