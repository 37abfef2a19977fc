"""Stands in for Eggroll's egg manager: starts a session's processors and waits for heartbeats.

A processor is alive once it has sent a heartbeat with the egg's own IP address and its port.
Eggroll waits 5 seconds, and the session fails if any of its processors is late. This stand-in waits
longer, because tests run on busy machines. It fails at once if waiting cannot help: on a heartbeat
with another address, or if a processor has exited. Then it says what Eggroll says, which hides the
reason, and adds what the lab knows.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from . import strictconf
from .neighbours import greet_all
from .protocol import HopError, Listener, log
from .strictconf import PROJECT, ConfError

ALIVE_WITHIN = 60.0
SERVER_CONF = f"{PROJECT}/eggroll/python/eggroll/conf/server_conf.json"
_PREFIX = "eggroll.computing.processor."
_FAILED = "java.lang.IllegalStateException: The attempt resulted in a result. There is no exception"


def main(settings: str) -> None:
    conf = strictconf.properties(
        settings,
        {
            "party.id": strictconf.party_id,
            "service.port": strictconf.port,
            "eggroll.computing.engine.names": strictconf.exactly("processor"),
            _PREFIX + "bootstrap.script": strictconf.file_there,
            _PREFIX + "start.port": strictconf.port,
            _PREFIX + "venv": strictconf.absolute_path,
            _PREFIX + "engine-path": strictconf.file_there,
            _PREFIX + "python-path": strictconf.filled,
            _PREFIX + "data-dir": strictconf.absolute_path,
            _PREFIX + "logs-dir": strictconf.absolute_path,
            _PREFIX + "session.max.count": strictconf.count,
        },
        {"service.ip": strictconf.ip_address},
    )
    activate = os.path.join(conf[_PREFIX + "venv"], "bin", "activate")
    if not os.path.isfile(activate):
        raise ConfError(settings, _PREFIX + "venv", f"no such file: {activate}")
    servers = {} if _is_own() else strictconf.server_conf(SERVER_CONF, ("roll",))
    egg = Egg(conf, servers)
    ops = {"session": egg.session, "end-session": egg.end_session, "heartbeat": egg.heartbeat}
    Listener("egg", egg.party, ops).serve("0.0.0.0", int(conf["service.port"]))


def _is_own() -> bool:
    """Whether server_conf.json is the image's own. An egg calls none of the services in it, and one
    on another machine may be out of their reach; a delivered one must be right all the same."""
    servers = strictconf.json_object(SERVER_CONF).get("servers")
    return isinstance(servers, dict) and servers.get("roll", {}).get("host") == "localhost"


@dataclass
class Session:
    processors: list[tuple[str, int]] = field(default_factory=list)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)


class Egg:
    def __init__(self, conf: dict[str, str], servers: dict[str, dict[str, Any]]) -> None:
        self.conf, self.servers = conf, servers
        self.party, self.me = conf["party.id"], f"egg {conf['party.id']}"
        self.last_port = int(conf[_PREFIX + "start.port"])
        self.sessions: dict[str, Session] = {}
        self.heartbeats: set[tuple[str, int]] = set()
        self.changed = threading.Condition()
        self.lock = threading.Lock()  # sessions start one at a time

    def heartbeat(self, asked: dict[str, Any]) -> None:
        with self.changed:
            self.heartbeats.add((asked["ip"], asked["port"]))
            self.changed.notify_all()

    def session(self, asked: dict[str, Any]) -> list[tuple[str, int]]:
        with self.lock:
            if asked["session"] not in self.sessions:
                greet_all(self.me, self.servers, self.party)
                session = Session()
                self.sessions[asked["session"]] = session
                for _ in range(int(self.conf[_PREFIX + "session.max.count"])):
                    self._start_processor(session, asked)
                self._wait_alive(asked["session"], session)
            return self.sessions[asked["session"]].processors

    def _start_processor(self, session: Session, asked: dict[str, Any]) -> None:
        port = self._free_port()
        values = {
            "venv": self.conf[_PREFIX + "venv"],
            "python-path": self.conf[_PREFIX + "python-path"],
            "engine-path": self.conf[_PREFIX + "engine-path"],
            "port": str(port),
            "data-dir": self.conf[_PREFIX + "data-dir"],
            "logs-dir": self.conf[_PREFIX + "logs-dir"],
            "node-manager": asked["node-manager"],
            "engine-addr": asked["engine-addr"],
        }
        command = ["/bin/bash", self.conf[_PREFIX + "bootstrap.script"]]
        for name, value in values.items():
            command += [f"--{name}", value]
        # its own process group, so that the script and the processor can be killed together
        session.processes.append(subprocess.Popen(command, start_new_session=True))
        session.processors.append((own_ip(), port))
        log(f"{self.me}: started a processor: {' '.join(command)}")

    def _free_port(self) -> int:
        first = int(self.conf[_PREFIX + "start.port"])
        for _ in range(5000):
            self.last_port = self.last_port + 1 if self.last_port < first + 5000 else first
            with socket.socket() as probe:
                if probe.connect_ex((own_ip(), self.last_port)) != 0:
                    return self.last_port
        raise HopError(f"{self.me}: no free port from {first} on")

    def _wait_alive(self, name: str, session: Session) -> None:
        deadline = time.monotonic() + ALIVE_WITHIN
        ports = {port for _, port in session.processors}
        with self.changed:
            while missing := [p for p in session.processors if p not in self.heartbeats]:
                strangers = {beat for beat in self.heartbeats if beat[1] in ports}
                strangers -= set(session.processors)
                ended = any(process.poll() is not None for process in session.processes)
                if strangers or ended or time.monotonic() > deadline:
                    break
                self.changed.wait(0.5)
        if not missing:
            return
        seen = sorted(f"{ip}:{port}" for ip, port in strangers)
        wanted = ", ".join(f"{ip}:{port}" for ip, port in missing)
        self.end_session({"session": name})
        log(_FAILED)
        raise HopError(
            f"{self.me}: {_FAILED}: session {name}: no heartbeat from processor"
            f" {wanted}; heartbeats seen: {', '.join(seen) or 'none'} (they must contain the"
            " egg's own IP: see bootstrap.script's --engine-addr and the processors' logs in"
            f" {self.conf[_PREFIX + 'logs-dir']})"
        )

    def end_session(self, asked: dict[str, Any]) -> None:
        session = self.sessions.pop(asked["session"], Session())
        for process in session.processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait()
        ports = {port for _, port in session.processors}
        self.heartbeats = {beat for beat in self.heartbeats if beat[1] not in ports}


def own_ip() -> str:
    """The container's address from the egg's point of view: its first private IPv4 address."""
    words = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=False)
    addresses = [word for word in words.stdout.split() if "." in word]
    return addresses[0] if addresses else "127.0.0.1"
