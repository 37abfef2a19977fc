"""A deployment over ssh beside the same over the Docker daemon's socket.

    python -m benchmarks.ssh [--parties 2] [--rounds 3] [--latency 50] [--out FILE]

Every round deploys the same parties three times: over the socket, over ssh, and over ssh with a
round trip that takes longer. The latency is that of a proxy between ssh and sshd, because not every
kernel can delay packets: it passes on what it receives later, and accepts a connection later.

The rounds run on a Docker host of their own (as root).
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import threading
from collections import defaultdict
from contextlib import closing
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.compose import Seconds, config, removed, timed
from tests.lab.build import build
from tests.support.engine.docker_hosts import DockerHost, Lan
from tests.support.engine.ssh import SshServer
from tests.support.engine.stacks import Stack, engine_environment

_CHUNK = 1 << 16


class SlowLink:
    """A proxy to a TCP port that is far away.

    Args:
        address: the address of the machine with the port.
        port: the port.
        latency: the time that a round trip takes, in seconds.
    """

    def __init__(self, address: str, port: int, latency: float) -> None:
        self._target, self._latency = (address, port), latency
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._accept, "127.0.0.1", 0), self._loop
        ).result()
        self.port: int = server.sockets[0].getsockname()[1]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self._latency)
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        """Pass on everything half a round trip after it came."""
        while data := await source.read(_CHUNK):
            self._loop.call_later(self._latency / 2, target.write, data)
        self._loop.call_later(self._latency / 2, target.close)


def operations(stack: Stack) -> dict[str, float]:
    """How long the operations on a new stack take, in seconds."""
    found = {"first": timed(stack.up), "nothing": timed(stack.up)}
    found["preview of nothing"] = timed(stack.preview)
    found["destroy"] = timed(stack.destroy)
    return found


def deployed(host: DockerHost, url: str, parties: int) -> dict[str, float]:
    """How long the operations on parties on a Docker host take that is reached by a URL.

    Args:
        host: the Docker host.
        url: how to reach its daemon.
        parties: how many parties.
    """
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as backend:
        env = engine_environment(Path(backend)) | {"PATH": os.environ["PATH"]}
        reached = {"docker": url, "address": host.address}
        stack = Stack(Path(folder), env, config("1.3.0", parties, reached))
        try:
            return operations(stack)
        finally:
            removed(host)


def table(parties: int, latency: int, seconds: Seconds) -> Table:
    """The medians, and what ssh takes of what the socket does."""
    slow = f"ssh, {latency} ms"
    shown = Table(
        "", "socket s", "ssh s", f"{slow} s", "ssh / socket", f"{slow} / socket",
        title=f"{parties} parties of FATE 1.3.0, medians",
    )  # fmt: skip
    for what, by_way in seconds.items():
        socket, near, far = (statistics.median(by_way[way]) for way in ("socket", "ssh", "far"))
        shown.add_row(
            what, *(f"{one:.1f}" for one in (socket, near, far)),
            f"{near / socket:.2f}", f"{far / socket:.2f}",
        )  # fmt: skip
    return shown


def main() -> None:
    """Measure, print a table and write JSON."""
    parser = argparse.ArgumentParser(description="Compares ssh with the daemon's socket.")
    parser.add_argument("--parties", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latency", type=int, default=50, help="of a round trip, in milliseconds")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/ssh.json"))
    options = parser.parse_args()
    seconds: Seconds = defaultdict(lambda: defaultdict(list))
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory() as engine,
        closing(Lan()) as lan,
    ):
        host = lan.host()
        build(host.url)
        # The server's ssh command runs that of the engine's environment, which shares connections.
        os.environ["PATH"] = engine_environment(Path(engine))["PATH"]
        with closing(SshServer(host, Path(folder))) as server:
            os.environ["PATH"] = f"{server.bin}{os.pathsep}{os.environ['PATH']}"
            link = SlowLink(host.address, 22, options.latency / 1000)
            # A name of its own: connections are shared by name, also one after the other.
            far = server.also("farhost", "127.0.0.1", link.port)
            ways = {"socket": host.url, "ssh": server.url, "far": far}
            for _ in range(options.rounds):
                for way, url in ways.items():
                    for what, took in deployed(host, url, options.parties).items():
                        seconds[what][way].append(took)
    Console().print(table(options.parties, options.latency, seconds))
    options.out.write_text(json.dumps(seconds, indent=1))


if __name__ == "__main__":
    main()
