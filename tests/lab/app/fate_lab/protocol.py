"""The wire protocol between lab services: JSON over HTTP, or over gRPC where other parties call.

What other parties call may be behind a gateway that understands FATE's gRPC only, so it is gRPC
here too, without FATE's messages: each call has its own method and its values as JSON.

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
import threading
import traceback
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NoReturn

ANY = "-"  # a party that is not known, or does not matter
WANTS, IS = "X-Fate-Lab-Wants", "X-Fate-Lab-Is"
CONNECT_TIMEOUT, ANSWER_TIMEOUT = 3.0, 120.0
# The kinds that other parties call. Rollsite and the FATE Flow of FATE 1.11 have the same service.
_GRPC = ("proxy", "serving-proxy-inter", "osx", "transfer")

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
    credentials: Any = None,
) -> Any:
    """Calls `op` of the `kind` service of `party` (or ANY) at host:port, and returns its answer.
    An error names the hop as `target`, by default "CALLER: KIND HOST:PORT". With `credentials` of
    gRPC, it uses TLS."""
    target = target or f"{caller}: {kind} {host}:{port}"
    if kind in _GRPC:
        address = f"{host}:{port}"
        found, answer = _call_grpc(
            target, address, kind, party, op, body, answer_within, credentials
        )
    else:
        found, answer = _call_http(target, host, port, kind, party, op, body, answer_within)
    if answer is None:
        wanted = f"{kind} of party {party}" if party != ANY else kind
        raise HopError(f"{target}: wrong service there: wanted {wanted}, found {found}")
    result = json.loads(answer)
    if "error" in result:
        raise HopError(result["error"])
    return result["result"]


def request(
    target: str,
    address: tuple[str, int],
    asked: tuple[str, str, Any],
    headers: Mapping[str, str],
    timeout: float,
) -> tuple[int, bytes]:
    """The status and the body with which something answers that is not a service of the lab.

    Args:
        target: what is called, for errors.
        address: its host and port.
        asked: the method, the path, and what to send as JSON; nothing if None.
        headers: the headers of the request.
        timeout: in seconds.

    Raises:
        HopError: it did not answer.
    """
    method, path, body = asked
    connection = http.client.HTTPConnection(*address, timeout=timeout)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, dict(headers))
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException) as error:
        raise HopError(f"{target}: {error}") from None
    finally:
        connection.close()


def _call_http(
    target: str,
    host: str,
    port: int,
    kind: str,
    party: str,
    op: str,
    body: Mapping[str, Any] | None,
    answer_within: float,
) -> tuple[str, bytes | None]:
    """What answers, and its answer; None if it is not what the call wants."""
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
    return found, None if response.status == 421 else answer


def _call_grpc(
    target: str,
    address: str,
    kind: str,
    party: str,
    op: str,
    body: Mapping[str, Any] | None,
    answer_within: float,
    credentials: Any,
) -> tuple[str, bytes | None]:
    """Like _call_http."""
    import grpc  # type: ignore[import-untyped]

    with (
        grpc.secure_channel(address, credentials, _GRPC_OPTIONS)
        if credentials
        else grpc.insecure_channel(address, _GRPC_OPTIONS)
    ) as channel:
        method = channel.unary_unary(f"/lab/{op}")
        try:
            answer, reply = method.with_call(
                json.dumps(body or {}).encode(),
                timeout=answer_within,
                metadata=[(WANTS.lower(), f"{kind} {party}")],
            )
        except grpc.RpcError as error:
            raise HopError(f"{target}{_why(error)}") from None
    found = dict(reply.initial_metadata()).get(IS.lower())
    if found is None:
        raise HopError(f"{target}: something answers, but it is not {kind}")
    return found, answer or None


def _why(error: Any) -> str:
    code, details = error.code().name, error.details() or ""
    if code == "DEADLINE_EXCEEDED":
        return ": no answer in time"
    if "onnection refused" in details:
        return " refused (UNAVAILABLE)"
    if "DNS resolution failed" in details or "C-ares status" in details:
        return ": no host of that name (UNAVAILABLE)"
    return f": {details} ({code})"


def greet(caller: str, host: str, port: int, kind: str, party: str) -> str:
    """Only the handshake: fails unless that service is there; returns the party that it is of."""
    return str(call(caller, host, port, kind, party, "hello"))


class Listener:
    """A service's port. Its party may be set later (FATE Flow learns it from roll)."""

    def __init__(
        self, kind: str, party: str, ops: Mapping[str, Op], pages: Pages | None = None
    ) -> None:
        self.kind, self.party, self.pages = kind, party, pages
        self.queries = False  # whether its pages read the query of the URL
        self.port = 0  # from serve on
        self.credentials: Any = None  # of gRPC, for TLS
        self.server: Any = None  # a gRPC server ends when nothing refers to it
        self.ops: dict[str, Op] = {"hello": lambda _: self.party, **ops}

    @property
    def name(self) -> str:
        return self.kind if self.party == ANY else f"{self.kind} {self.party}"

    def answer(self, wants: str | None, op: str, body: bytes) -> bytes | None:
        """The answer to a call of `op`, or None if the call wants another service."""
        kind, _, party = (wants or "").partition(" ")
        if kind != self.kind or not (party == self.party or ANY in (party, self.party)):
            return None
        try:
            if op not in self.ops:
                raise HopError(f"{self.name}: knows no call {op!r}")
            answer = {"result": self.ops[op](json.loads(body))}
        except HopError as error:
            log(f"{op} failed: {error}")
            answer = {"error": str(error)}
        except Exception as error:
            traceback.print_exc()
            answer = {"error": f"{self.name}: {op}: {type(error).__name__}: {error}"}
        return json.dumps(answer).encode()

    def serve(self, ip: str, port: int) -> NoReturn:
        """Listens for ever. The wildcard address means IPv6 and IPv4, as the JVM and gRPC do."""
        self.serve_in_background(ip, port)
        while True:
            signal.pause()

    def serve_in_background(self, ip: str, port: int) -> None:
        """Listens from now on; on any free port if it is 0."""
        if self.kind in _GRPC:
            self.port = _serve_grpc(ip, port, self)
        else:
            server = _Server(ip, port, self)
            self.port = server.server_port
            threading.Thread(target=server.serve_forever, daemon=True).start()
        log(f"{self.name} listens on port {self.port}")


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

    def do_PUT(self) -> None:
        self.do_POST()

    def _answer(self, body: bytes) -> None:
        listener = self.server.listener
        if self.path.startswith("/lab/"):
            status, kind, text = self._lab_call(listener, body)
        else:
            path = self.path if listener.queries else self.path.partition("?")[0]
            page = listener.pages and listener.pages(self.command, path, body)
            status, kind, text = page or (404, "text/plain", b"no such page\n")
        self.send_response(status)
        self.send_header(IS, f"{listener.kind} {listener.party}")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _lab_call(self, listener: Listener, body: bytes) -> tuple[int, str, bytes]:
        answer = listener.answer(self.headers.get(WANTS), self.path.removeprefix("/lab/"), body)
        return (200, "application/json", answer) if answer else (421, "application/json", b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """No access log: probes would fill it."""


# A job's values are in one message; two servers must not share a port.
_GRPC_OPTIONS = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.so_reuseport", 0),
    ("grpc.enable_http_proxy", 0),
]


def _serve_grpc(ip: str, port: int, listener: Listener) -> int:
    from concurrent.futures import ThreadPoolExecutor

    import grpc

    class Calls(grpc.GenericRpcHandler):  # type: ignore[misc]
        def service(self, call: Any) -> Any:
            wants = dict(call.invocation_metadata).get(WANTS.lower())

            def answer(body: bytes, context: Any) -> bytes:
                found = f"{listener.kind} {listener.party}"
                context.send_initial_metadata([(IS.lower(), found)])
                return listener.answer(wants, call.method.removeprefix("/lab/"), body) or b""

            return grpc.unary_unary_rpc_method_handler(answer)

    server = grpc.server(ThreadPoolExecutor(64), [Calls()], options=_GRPC_OPTIONS)
    address = f"{'[::]' if ip == '0.0.0.0' else ip}:{port}"
    secret = listener.credentials
    bound = int(
        server.add_secure_port(address, secret) if secret else server.add_insecure_port(address)
    )
    if not bound:
        raise OSError(f"cannot listen on {address}")
    server.start()
    listener.server = server
    return bound


def log(text: str) -> None:
    print(text, flush=True)


def exit_on_sigterm() -> None:
    """A JVM that is PID 1 ends on SIGTERM; a Python program that is PID 1 would ignore it."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
