"""TLS of Eggroll 2.5: rollsite's second port, and its calls of other parties' second ports."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..strictconf import ConfError

_PREFIX = "eggroll.core.security"


@dataclass(frozen=True)
class Tls:
    """Credentials of gRPC; None if there is no such port, or no way to call one."""

    server: Any = None
    client: Any = None

    @classmethod
    def of(cls, conf: Mapping[str, str]) -> Tls:
        """What the properties say. All files must be there if one is named."""
        import grpc  # type: ignore[import-untyped]

        server = client = None
        if conf.get(f"{_PREFIX}.crt.path") and conf.get(f"{_PREFIX}.key.path"):
            pair = [(_key(conf, "key.path"), _file(conf, "crt.path"))]
            strict = conf.get(f"{_PREFIX}.secure.client.auth.enabled") == "true"
            server = grpc.ssl_server_credentials(pair, _file(conf, "ca.crt.path"), strict)
        if conf.get(f"{_PREFIX}.client.ca.crt.path"):
            own: tuple[bytes | None, bytes | None] = (None, None)
            if conf.get(f"{_PREFIX}.client.crt.path"):
                own = _key(conf, "client.key.path"), _file(conf, "client.crt.path")
            client = grpc.ssl_channel_credentials(_file(conf, "client.ca.crt.path"), *own)
        return cls(server, client)


def _file(conf: Mapping[str, str], name: str) -> bytes:
    key = f"{_PREFIX}.{name}"
    path = re.sub(r"\.\.+/?", "", conf.get(key, ""))  # it takes no way up
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        place = os.path.abspath(path) if path else "(not set)"
        raise ConfError("eggroll.properties", key, f"{place}: {error.strerror}") from None


def _key(conf: Mapping[str, str], name: str) -> bytes:
    text = _file(conf, name)
    if b"BEGIN PRIVATE KEY" not in text:
        raise ConfError("eggroll.properties", f"{_PREFIX}.{name}", "is not a PKCS#8 key in PEM")
    return text
