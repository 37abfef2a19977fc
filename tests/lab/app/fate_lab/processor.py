"""Stands in for Eggroll's processor: runs a function over one fragment of a table.

Like Eggroll's processor, it reads and writes the storage's files itself, under the directory that
it was given.
"""

from __future__ import annotations

import argparse
import os
import random
import threading
import time
from typing import Any

from .protocol import ANY, HopError, Listener, call, log
from .storage import fragment_file, read, write

_HEARTBEAT_EVERY = 60.0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("-p", "--port", type=int, required=True)
    parser.add_argument("-d", "--data-dir", required=True)
    parser.add_argument("-m", "--node-manager", required=True)
    parser.add_argument("-a", "--engine-addr", required=True)
    options = parser.parse_args()
    processor = Processor(options.data_dir, f"processor {options.engine_addr}:{options.port}")
    listener = Listener("processor", ANY, {"run": processor.run})
    listener.serve_in_background(options.engine_addr, options.port)
    host, _, port = options.node_manager.rpartition(":")
    body = {"ip": options.engine_addr, "port": options.port}
    while True:
        call(processor.me, host, int(port), "egg", ANY, "heartbeat", body)
        log("heartbeat sent")
        time.sleep(_HEARTBEAT_EVERY)


class Processor:
    def __init__(self, data_dir: str, me: str) -> None:
        self.data_dir, self.me = data_dir, me
        self.one_at_a_time = threading.Lock()  # one worker, like the real processor

    def run(self, asked: dict[str, Any]) -> Any:
        """`mask`: splits each value of `from` into two random shares, tables `makes`[0] and [1].
        `sum`: adds up all values of the tables `from`, joined by key."""
        with self.one_at_a_time:
            tables = [self._read(asked, name) for name in asked["from"]]
            if asked["function"] == "mask":
                keep, give = {}, {}
                for key, value in tables[0].items():
                    keep[key] = random.uniform(-value, value)
                    give[key] = value - keep[key]
                for name, pairs in zip(asked["makes"], (keep, give), strict=True):
                    write(self._file(asked, name), pairs)
                return len(keep)
            if asked["function"] == "sum":
                joined = set(tables[0]).intersection(*tables[1:])
                return sum(table[key] for key in joined for table in tables)
            raise HopError(f"{self.me}: unknown function {asked['function']!r}")

    def _file(self, asked: dict[str, Any], table: str) -> str:
        return fragment_file(self.data_dir, asked["namespace"], table, asked["fragment"])

    def _read(self, asked: dict[str, Any], table: str) -> dict[str, Any]:
        path = self._file(asked, table)
        if not os.path.exists(path):
            raise HopError(
                f"{self.me}: {path} not found: is egg.properties' data-dir the storage-service's?"
            )
        return read(path)
