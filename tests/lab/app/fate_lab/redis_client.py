"""The few Redis commands that FATE Flow's job queue and serving-server's cache need."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from io import BufferedRWPair

from .protocol import HopError


@dataclass(frozen=True)
class Redis:
    caller: str
    host: str
    port: int
    password: str

    def command(self, *words: str, wait: float = 5.0) -> str | None:
        """Logs in, selects database 0, runs a command; returns None for nil."""
        where = f"{self.caller}: redis {self.host}:{self.port}"
        try:
            with socket.create_connection((self.host, self.port), timeout=3) as connection:
                connection.settimeout(wait)
                with connection.makefile("rwb") as stream:
                    answer = None
                    for words_ in (("AUTH", self.password), ("SELECT", "0"), words):
                        stream.write(_request(words_))
                        stream.flush()
                        answer = _answer(stream)
                    return answer
        except ConnectionRefusedError:
            raise HopError(f"{where} refused") from None
        except socket.gaierror:
            raise HopError(f"{where}: no host of that name") from None
        except OSError as error:
            raise HopError(f"{where}: {error}") from None
        except ValueError as error:
            raise HopError(f"{where}: {error}") from None


def _request(words: tuple[str, ...]) -> bytes:
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        data = word.encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(parts)


def _answer(stream: BufferedRWPair) -> str | None:
    """One answer; for a list (BRPOP's queue name and value), its last item."""
    line = stream.readline().decode(errors="replace").rstrip("\r\n")
    kind, rest = line[:1], line[1:]
    if kind in ("+", ":"):
        return rest
    if kind == "$":
        if rest == "-1":
            return None
        return stream.read(int(rest) + 2)[:-2].decode()
    if kind == "*":
        item = None
        for _ in range(int(rest)):
            item = _answer(stream)
        return item
    raise ValueError(rest if kind == "-" else f"something answers, but it is not redis: {line!r}")
