"""Whether the ways out of an edge lead to the other parties, with TLS on both sides."""

import re
import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ..docker.client.containers import Containers
from ..plan.endpoints import display_name
from .edge import CONF

_SECONDS = 15
# How many bytes of an answer are enough: of HTTP/2, all before the headers and some of them.
_ANSWER = {"grpc": 70, "http": 64, "tcp": 1}
# A request in the bytes of HTTP/2 (RFC 9113): the images have no client for it.
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
_HEADERS, _END = 1, 5  # the type of the frame; its flags, end of headers and of the request
_POST, _HTTP, _PATH, _AUTHORITY, _CONTENT_TYPE = b"\x83", b"\x86", b"\x04", b"\x01", b"\x0f\x10"
# Statuses 200, with which gRPC answers, and 404, with which an nginx may. An edge answers 204.
_ANSWERED = (0x88, 0x8D)
AMQP = b"AMQP\x00\x00\x09\x01"
"""How a client of RabbitMQ begins; the broker answers at once (AMQP 0-9-1, 4.2.2)."""
# A CommandConnect with the client's version and the protocol's, 6.
_CONNECT = b"\x08\x02\x12\x08\x0a\x04fate\x20\x06"
PULSAR = (len(_CONNECT) + 4).to_bytes(4) + len(_CONNECT).to_bytes(4) + _CONNECT
"""How a client of Pulsar begins; the broker answers at once (Pulsar's binary protocol)."""


@dataclass(frozen=True)
class _Way:
    party: str
    address: str
    port: int
    protocol: str
    to: str


def ways(conf: str) -> list[_Way]:
    """The ways out of an edge.

    Args:
        conf: its nginx.conf.
    """
    all_ways = []
    for block in re.split(r"^    server \{$", conf, flags=re.MULTILINE)[1:]:
        listen = re.search(r"listen ([0-9.]+):([0-9]+)( http2)?;", block)
        party = re.search(r"(grpc|proxy)_ssl_trusted_certificate .*/(.+)\.pem;", block)
        to = re.search(r"set \$to (.+);", block)
        if listen and party and to:
            http = "http" if "location" in block else "tcp"
            protocol = "grpc" if party[1] == "grpc" else http
            all_ways.append(_Way(party[2], listen[1], int(listen[2]), protocol, to[1]))
    return all_ways


def broken(party: Containers, edge: str, others: Collection[str] | None = None) -> Iterator[str]:
    """The ways out of an edge that do not lead to the other side, each with the reason.

    Args:
        party: the party that the edge belongs to.
        edge: the edge's service, like edge; nothing is broken if the party has none.
        others: the ids of the other parties to check, and "exchange"; all if not given.
    """
    if party.state(edge) == "missing":
        return
    for way in ways(party.exec(edge, ["cat", CONF]).stdout):
        if others is not None and way.party not in others:
            continue
        # A path by which nginx's messages about this request can be found.
        path = f"/fate.check.{way.protocol}/{way.party}/{secrets.token_hex(4)}"
        if not _leads_there(party, edge, way, path):
            yield (
                f"{edge} of party {party.id} cannot reach {display_name(way.party)} at {way.to} "
                f"with TLS: {_reason(party, edge, way, path)}"
            )


def _leads_there(party: Containers, edge: str, way: _Way, path: str) -> bool:
    most = _ANSWER[way.protocol]
    if way.protocol == "tcp":
        # Whichever broker is there.
        return any(
            party.talk(edge, way.address, way.port, begin, most, _SECONDS)
            for begin in (AMQP, PULSAR)
        )
    answer = party.talk(edge, way.address, way.port, _request(way, path), most, _SECONDS)
    if way.protocol == "grpc":
        return _grpc_status(answer) in _ANSWERED
    # Another nginx on the way answers with an error page of its own.
    return bool(answer) and not re.match(rb"HTTP/1\.[01] (403|502|504) ", answer)


def _request(way: _Way, path: str) -> bytes:
    if way.protocol == "http":
        return f"GET {path} HTTP/1.0\r\nHost: edge\r\n\r\n".encode()
    block = _POST + _HTTP
    for name, value in (
        (_PATH, path.encode()),
        (_AUTHORITY, b"edge"),
        (_CONTENT_TYPE, b"application/grpc"),
    ):
        block += name + bytes([len(value)]) + value
    frame = len(block).to_bytes(3) + bytes([_HEADERS, _END]) + (1).to_bytes(4) + block
    return _PREFACE + _SETTINGS + frame


def _grpc_status(answer: bytes) -> int | None:
    """The first byte of an answer's headers, which is its HTTP status."""
    while len(answer) > 9:
        length = int.from_bytes(answer[:3])
        if answer[3] == _HEADERS:
            return answer[9]
        answer = answer[9 + length :]
    return None


def _reason(party: Containers, edge: str, way: _Way, path: str) -> str:
    """What nginx says of the last failed connection."""
    server = f"server: {way.address}:{way.port},"
    mark = server if way.protocol == "tcp" else f" {path} "
    lines = [line for line in party.log(edge, 50) if mark in line and "[error]" in line]
    if lines:
        return re.sub(r"^.*?\*[0-9]+ |, client: .*$", "", lines[-1])
    return "it does not accept this party's certificate, or cannot reach what is behind it"
