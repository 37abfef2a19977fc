"""Stands in for an egg's storage-service (C++): stores fragments as JSON files in P/data-dir."""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import Any

from .protocol import ANY, Listener, exit_on_sigterm
from .strictconf import PROJECT, port

DATA_DIR = f"{PROJECT}/data-dir"
LIBRARIES = f"{PROJECT}/eggroll/storage-service-cxx/third_party/lib"


def fragment_file(data_dir: str, namespace: str, name: str, fragment: int) -> str:
    return os.path.join(data_dir, namespace, name, f"{fragment}.json")


def write(path: str, pairs: dict[str, Any]) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(pairs, file)
    os.rename(path + ".new", path)  # a reader sees either the old or the new fragment


def read(path: str) -> dict[str, Any]:
    with open(path, encoding="utf-8") as file:
        return dict(json.load(file))


def main(arguments: list[str]) -> None:
    exit_on_sigterm()
    if LIBRARIES not in os.environ.get("LD_LIBRARY_PATH", "").split(":"):
        sys.exit(
            "./storage-service: error while loading shared libraries: libboost_system.so: cannot"
            f" open shared object file (LD_LIBRARY_PATH needs {LIBRARIES})"
        )
    options = dict(zip(arguments[::2], arguments[1::2], strict=False))
    if len(arguments) != 4 or set(options) != {"-p", "-d"} or port(options["-p"]):
        sys.exit(f"fate-lab: usage: storage-service -p PORT -d DIR, not: {' '.join(arguments)}")
    if options["-d"] != DATA_DIR:
        sys.exit(f"fate-lab: storage-service: -d: must be {DATA_DIR}, is {options['-d']}")
    os.makedirs(DATA_DIR, exist_ok=True)

    def path(asked: dict[str, Any]) -> str:
        return fragment_file(DATA_DIR, asked["namespace"], asked["name"], asked["fragment"])

    def put(asked: dict[str, Any]) -> None:
        write(path(asked), asked["pairs"])

    def load(asked: dict[str, Any]) -> dict[str, Any]:
        return read(path(asked)) if os.path.exists(path(asked)) else {}

    def drop(asked: dict[str, Any]) -> None:
        shutil.rmtree(os.path.join(DATA_DIR, asked["namespace"]), ignore_errors=True)

    listener = Listener("storage-service", ANY, {"put": put, "read": load, "drop": drop})
    listener.serve("0.0.0.0", int(options["-p"]))


if __name__ == "__main__":
    main(sys.argv[1:])
