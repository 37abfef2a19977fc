"""Stands in for Eggroll's node manager: registers its node, and starts sessions' processes."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Mapping
from typing import Any

from ..protocol import HopError, Listener, call, log
from ..strictconf import ConfError
from . import conf as eggroll
from .clustermanager import HEARTBEAT

_BOOT = "eggroll.bootstrap.root.script"
_PAIR = "eggroll.resourcemanager.bootstrap.egg_pair.exepath"


def main(path: str, port: str) -> None:
    conf = eggroll.java(path, "nodemanager")
    if port != conf[f"{eggroll.NODE}.port"]:  # of which egg_pairs are told
        raise ConfError(path, f"{eggroll.NODE}.port", f"is not that of -p, {port}")
    node = NodeManager(conf, path)
    threading.Thread(target=node.keep_registered, daemon=True).start()
    ops = {"start": node.start, "stop": node.stop}
    Listener("nodemanager", "-", ops).serve("0.0.0.0", int(port))


class NodeManager:
    def __init__(self, conf: Mapping[str, str], path: str) -> None:
        self.conf, self.path, self.me = conf, path, "nodemanager"
        self.meta = f"{conf[eggroll.DATA]}/NodeManagerMeta"

    # its node

    def keep_registered(self) -> None:
        manager, number, status = eggroll.at_manager(self.conf), self.kept(), "INIT"
        while True:
            try:
                node = {"id": number, "status": status, **self.address(), "resources": _resources()}
                found = call(self.me, *manager, "-", "heartbeat", node)
                if status == "INIT" and found != -1:
                    log(f"get node id {found} from cluster-manager ")
                    self.keep(found)
                    number, status = found, "HEALTHY"
            except (HopError, OSError) as error:
                log(f"node heart beat error {error}")
            time.sleep(HEARTBEAT)

    def address(self) -> dict[str, Any]:
        """Where others reach it: the host that it is told, else its own first address."""
        host = self.conf.get(f"{eggroll.NODE}.host") or socket.gethostbyname(socket.gethostname())
        return {"host": host, "port": int(self.conf[f"{eggroll.NODE}.port"])}

    def kept(self) -> int:
        """Its number, if it has had one before; -1 otherwise."""
        try:
            with open(self.meta, encoding="utf-8") as file:
                return int(json.load(file)["serverNodeId"])
        except FileNotFoundError:
            return -1

    def keep(self, number: int) -> None:
        # Like the real one, it writes the state that it is about to leave.
        meta = {"status": "INIT", "serverNodeId": number, "clusterId": 0}
        with open(self.meta, "w", encoding="utf-8") as file:
            json.dump(meta, file, separators=(",", ":"))

    # sessions

    def start(self, asked: dict[str, Any]) -> None:
        """Starts processes, which run without it from then on."""
        logs = f"{self.conf[eggroll.LOGS].rstrip('/')}/{asked['session']}"
        try:
            os.makedirs(logs, exist_ok=True)
        except OSError as error:
            raise HopError(f"{self.me}: {os.path.abspath(logs)}: {error.strerror}") from None
        for number in asked["processors"]:
            program = (
                f"{self.conf[_PAIR]} --config {self.path} --session-id {asked['session']}"
                f" --server-node-id {asked['node']} --processor-id {number}"
            )
            command = ["/bin/bash", self.conf[_BOOT], "start", program, f"egg_pair-{number}"]
            with (
                open(f"{logs}/bootstrap-egg_pair-{number}.out", "ab") as out,
                open(f"{logs}/bootstrap-egg_pair-{number}.err", "ab") as err,
            ):
                line = f"{shlex.join(command)} &"
                log(line)
                subprocess.run(["/bin/bash", "-c", line], stdout=out, stderr=err, check=False)

    def stop(self, asked: dict[str, Any]) -> None:
        wanted = ["--session-id", asked["session"]]
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{entry}/cmdline", encoding="utf-8") as file:
                    words = file.read().split("\0")
                if "fate_lab.fate1_11.egg_pair" in words and _follows(words, wanted):
                    os.kill(int(entry), signal.SIGTERM)
            except OSError:
                continue


def _follows(words: list[str], wanted: list[str]) -> bool:
    return any(words[at : at + 2] == wanted for at in range(len(words)))


def _resources() -> dict[str, int]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"VCPU_CORE": os.cpu_count() or 1, "PHYSICAL_MEMORY": memory, "VGPU_CORE": 0}
