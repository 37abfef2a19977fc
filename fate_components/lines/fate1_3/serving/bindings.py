"""The services that a serving-server answers with a model, as it keeps them for its next start.

Serving 1.2.2 keeps one line for each request to bind a model, KEY=REQUEST:TIME, where REQUEST is
base64 of a PublishRequest (proto/model_service.proto). The service's name is left out of KEY, so a
second name for the same model takes the place of the first (ModelService.md5Crypt).
"""

import base64
import binascii
from collections.abc import Iterator

from ....docker.client.containers import Containers

_STORE = "/root/.fate/publishOnlineStore.cache"
_SERVICE_ID = 4  # the field of a PublishRequest
_VARINT, _BYTES = 0, 2  # the kinds of fields that it has


def services(serving: Containers, model_version: str) -> list[str]:
    """The services that a party's serving-server keeps for a model, usually one.

    Args:
        serving: the party's serving cluster.
        model_version: the model's version, which is the id of the job that trained it.
    """
    kept = serving.exec("serving-server", ["cat", _STORE]).stdout
    requests = filter(None, map(_request, kept.splitlines()))
    return [_service(request) for request in requests if model_version.encode() in request]


def _request(line: str) -> bytes:
    """The request that a line keeps; nothing if it is no such line."""
    content = line.partition("=")[2].rpartition(":")[0]
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error:
        return b""


def _service(request: bytes) -> str:
    ids = [value for field, value in _fields(request) if field == _SERVICE_ID]
    return ids[-1].decode(errors="replace") if ids else ""


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The fields of a message that hold bytes (Protocol Buffers' wire format)."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        value, at = _varint(message, at)
        if tag & 7 == _BYTES:
            yield tag >> 3, message[at : at + value]
            at += value
        elif tag & 7 != _VARINT:
            return


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """A number, and where what follows it begins."""
    number = shift = 0
    for at in range(at, len(message)):  # noqa: B020 - goes on from there
        number |= (message[at] & 0x7F) << shift
        shift += 7
        if message[at] < 0x80:
            break
    return number, at + 1
