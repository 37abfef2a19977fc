"""The one wire protocol between lab services, in the place of FATE's gRPC: HTTP with JSON.

Each call says which kind of service of which party it wants; each listener says what it is. So a
wrong port, host or route is found where it is used, and the error names that hop: "roll 9999:
meta-service meta-service:8591 refused". It travels back unchanged through every hop to the job.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import socketserver
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NoReturn

ANY = "-"  # a party that is not known, or does not matter
WANTS, IS = "X-Fate-Lab-Wants", "X-Fate-Lab-Is"
CONNECT_TIMEOUT, ANSWER_TIMEOUT = 3.0, 120.0

Op = Callable[[dict[str, Any]], Any]
# (method, path, body) -> (status, content type, body), or None: no such page
Pages = Callable[[str, str, bytes], "tuple[int, str, bytes] | None"]


class HopError(Exception):
    """One hop of a call failed; the text names the hop and says why."""


def call(
    caller: str,
    host: str,
    port: int,
    kind: str,
    party: str,
    op: str,
    body: Mapping[str, Any] | None = None,
    target: str = "",
    answer_within: float = ANSWER_TIMEOUT,
) -> Any:
    """Calls `op` of the `kind` service of `party` (or ANY) at host:port, and returns its answer.
    An error names the hop as `target`, by default "CALLER: KIND HOST:PORT"."""
    target = target or f"{caller}: {kind} {host}:{port}"
    connection = http.client.HTTPConnection(host, port, timeout=CONNECT_TIMEOUT)
    try:
        connection.connect()
        connection.sock.settimeout(answer_within)
        headers = {WANTS: f"{kind} {party}", "Content-Type": "application/json"}
        connection.request("POST", f"/lab/{op}", json.dumps(body or {}), headers)
        response = connection.getresponse()
        found, answer = response.getheader(IS), response.read()
    except ConnectionRefusedError:
        raise HopError(f"{target} refused (UNAVAILABLE)") from None
    except socket.gaierror:
        raise HopError(f"{target}: no host of that name (UNAVAILABLE)") from None
    except TimeoutError:
        raise HopError(f"{target}: no answer in time") from None
    except (http.client.HTTPException, ConnectionResetError, BrokenPipeError):
        raise HopError(f"{target}: something answers, but it is not {kind}") from None
    except OSError as error:
        raise HopError(f"{target}: {error.strerror or error}") from None
    finally:
        connection.close()
    if found is None:
        raise HopError(f"{target}: something answers, but it is not {kind}")
    if response.status == 421:
        wanted = f"{kind} of party {party}" if party != ANY else kind
        raise HopError(f"{target}: wrong service there: wanted {wanted}, found {found}")
    result = json.loads(answer)
    if "error" in result:
        raise HopError(result["error"])
    return result["result"]


def greet(caller: str, host: str, port: int, kind: str, party: str) -> str:
    """Only the handshake: fails unless that service is there; returns the party that it is of."""
    return str(call(caller, host, port, kind, party, "hello"))


class Listener:
    """A service's port. Its party may be set later (FATE Flow learns it from roll)."""

    def __init__(
        self, kind: str, party: str, ops: Mapping[str, Op], pages: Pages | None = None
    ) -> None:
        self.kind, self.party, self.pages = kind, party, pages
        self.ops: dict[str, Op] = {"hello": lambda _: self.party, **ops}

    @property
    def name(self) -> str:
        return self.kind if self.party == ANY else f"{self.kind} {self.party}"

    def serve(self, ip: str, port: int) -> NoReturn:
        """Listens for ever. The wildcard address means IPv6 and IPv4, as the JVM and gRPC do."""
        server = _Server(ip, port, self)
        log(f"{self.name} listens on port {port}")
        server.serve_forever()
        sys.exit(0)

    def serve_in_background(self, ip: str, port: int) -> None:
        server = _Server(ip, port, self)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        log(f"{self.name} listens on port {port}")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, ip: str, port: int, listener: Listener) -> None:
        self.listener = listener
        if (
            ip == "0.0.0.0" and listener.kind != "fateflow-http"
        ):  # werkzeug does listen on IPv4 only
            self.address_family, ip = socket.AF_INET6, "::"
        super().__init__((ip, port), _Handler)

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        # not HTTPServer's: that looks up the host's full name, which can take seconds
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "lab", self.server_address[1]


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 60

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def _answer(self, body: bytes) -> None:
        listener = self.server.listener
        if self.path.startswith("/lab/"):
            status, kind, text = self._lab_call(listener, body)
        else:
            path = self.path.partition("?")[0]
            page = listener.pages and listener.pages(self.command, path, body)
            status, kind, text = page or (404, "text/plain", b"no such page\n")
        self.send_response(status)
        self.send_header(IS, f"{listener.kind} {listener.party}")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _lab_call(self, listener: Listener, body: bytes) -> tuple[int, str, bytes]:
        kind, _, party = (self.headers.get(WANTS) or "").partition(" ")
        if kind != listener.kind or not (party == listener.party or ANY in (party, listener.party)):
            return 421, "application/json", b"{}"
        op = self.path.removeprefix("/lab/")
        try:
            if op not in listener.ops:
                raise HopError(f"{listener.name}: knows no call {op!r}")
            answer = {"result": listener.ops[op](json.loads(body))}
        except HopError as error:
            log(f"{op} failed: {error}")
            answer = {"error": str(error)}
        except Exception as error:
            traceback.print_exc()
            answer = {"error": f"{listener.name}: {op}: {type(error).__name__}: {error}"}
        return 200, "application/json", json.dumps(answer).encode()

    def log_message(self, format: str, *args: object) -> None:
        """No access log: probes would fill it."""


def log(text: str) -> None:
    print(text, flush=True)


def exit_on_sigterm() -> None:
    """A JVM that is PID 1 ends on SIGTERM; a Python program that is PID 1 would ignore it."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
