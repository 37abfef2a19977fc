"""What is said on a Pulsar broker's own port.

The first frame of each side is Pulsar's, as checks of the port expect it. What follows is the
lab's: a request and its answer, as JSON in frames of the same form.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from typing import Any

from ..protocol import ANSWER_TIMEOUT, CONNECT_TIMEOUT, HopError

_LARGEST = 128 << 20
_CONNECT = b"\x08\x02\x12"  # a BaseCommand of the type CONNECT, and its CommandConnect
_CLIENT = _CONNECT + b"\x07\x0a\x03lab\x20\x13"
_BROKER = b"\x08\x03\x1a\x07\x0a\x03lab\x10\x13"  # CONNECTED


def ask(target: str, host: str, port: int, body: Mapping[str, Any]) -> Any:
    """The answer of the broker at host:port; an error names the hop as `target`."""
    try:
        with socket.create_connection((host, port), CONNECT_TIMEOUT) as to:
            to.settimeout(ANSWER_TIMEOUT)
            to.sendall(_command(_CLIENT))
            if _read_command(to)[:2] != _BROKER[:2]:
                raise HopError(f"{target}: something answers, but it is not a Pulsar broker")
            to.sendall(_frame(json.dumps(body).encode()))
            answer = json.loads(_read(to))
    except ConnectionRefusedError:
        raise HopError(f"{target} refused") from None
    except socket.gaierror:
        raise HopError(f"{target}: no host of that name") from None
    except TimeoutError:
        raise HopError(f"{target}: no answer in time") from None
    except (OSError, ValueError) as error:
        raise HopError(f"{target}: something answers, but not as Pulsar ({error})") from None
    if "error" in answer:
        raise HopError(answer["error"])
    return answer["result"]


def accept(client: socket.socket) -> Any:
    """What a client asks for, once it has greeted; None if it only greeted.

    Raises:
        ValueError: it does not speak Pulsar's protocol.
    """
    if _read_command(client)[:3] != _CONNECT:
        raise ValueError("no CommandConnect")
    client.sendall(_command(_BROKER))
    body = _read(client)
    return json.loads(body) if body else None


def answer(client: socket.socket, body: Mapping[str, Any]) -> None:
    """Answers what `accept` returned."""
    client.sendall(_frame(json.dumps(body).encode()))


def _frame(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


def _command(body: bytes) -> bytes:
    return _frame(_frame(body))


def _read(stream: socket.socket) -> bytes:
    """The next frame; nothing if the other side has ended."""
    head = _exactly(stream, 4)
    size = int.from_bytes(head, "big")
    if size > _LARGEST:
        raise ValueError(f"a frame of {size} bytes")
    return _exactly(stream, size) if head else b""


def _read_command(stream: socket.socket) -> bytes:
    return _read(stream)[4:]


def _exactly(stream: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        more = stream.recv(size - len(found))
        if not more:
            if found:
                raise ValueError("the frame is not complete")
            break
        found += more
    return found
