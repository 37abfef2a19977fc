"""Captures what crosses the interfaces of a test's Docker host."""

import json
import selectors
import socket
import subprocess
import sys
from collections import Counter
from types import TracebackType
from typing import Self

from tests.support.engine.docker_hosts import DockerHost

_EVERYTHING = 3  # ETH_P_ALL, in linux/if_ether.h


class Capture:
    """What crosses each interface of a Docker host while the context lasts.

    Args:
        host: the Docker host.
        words: what to look for.

    Attributes:
        bytes: how many bytes crossed an interface.
        found: how many packets with one of the words crossed an interface.
    """

    def __init__(self, host: DockerHost, *words: str) -> None:
        self.bytes: Counter[str] = Counter()
        self.found: Counter[str] = Counter()
        self._command = ["ip", "netns", "exec", host.namespace, sys.executable, "-m", __name__]
        self._command += words

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout
        assert self._process.stdout.readline() == "capturing\n"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        counts, _ = self._process.communicate(timeout=60)
        for name, (size, found) in json.loads(counts).items():
            self.bytes[name], self.found[name] = size, found


def main(words: list[bytes]) -> None:
    """Capture until standard input ends, then print the counts of each interface."""
    counts: dict[str, list[int]] = {}
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERYTHING)) as packets:
        packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
        print("capturing", flush=True)
        with selectors.DefaultSelector() as ready:
            ready.register(packets, selectors.EVENT_READ)
            ready.register(sys.stdin, selectors.EVENT_READ)
            while all(key.fileobj is packets for key, _ in ready.select()):
                packet, where = packets.recvfrom(1 << 17)
                count = counts.setdefault(where[0], [0, 0])
                count[0] += len(packet)
                count[1] += any(word in packet for word in words)
    print(json.dumps(counts))


if __name__ == "__main__":
    main([word.encode() for word in sys.argv[1:]])
