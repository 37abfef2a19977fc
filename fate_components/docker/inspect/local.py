"""What can be seen only of a Docker host that is this machine: ports in use, free space, and what
its processors can do."""

import contextlib
import os
import socket
import struct
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path
from urllib.parse import urlsplit

from ..ports import ANYWHERE, Published

_LISTEN = "0A"  # the kernel's number for a socket that listens
_EVERYWHERE = "0" * 32  # the IPv6 address


def listeners(docker_host: str, proc: Path = Path("/proc")) -> list[Published]:
    """Where processes listen beside a daemon on this machine: in its network namespace.

    Args:
        docker_host: how to reach the daemon; nothing is seen of one on another machine.
        proc: the kernel's view of processes.
    """
    with contextlib.suppress(OSError, _ElsewhereError):
        network = proc / str(_process(docker_host)) / "net"
        return [
            where for table in ("tcp", "tcp6") for where in listening((network / table).read_text())
        ]
    return []


def proxied(docker_host: str, proc: Path = Path("/proc")) -> frozenset[int]:
    """The ports where a daemon on this machine listens for its containers, with its docker-proxy.

    Args:
        docker_host: how to reach the daemon; nothing is seen of one on another machine.
        proc: the kernel's view of processes.
    """
    with contextlib.suppress(OSError, _ElsewhereError):
        child = f"\nPPid:\t{_process(docker_host)}\n"
        return frozenset(
            port
            for process in proc.glob("[0-9]*")
            for port in _proxied(process)
            if child in (process / "status").read_text()
        )
    return frozenset()


def _proxied(process: Path) -> Iterator[int]:
    """The port where a process listens for a container, if it is a docker-proxy."""
    with contextlib.suppress(OSError):  # it may have ended
        program, *arguments = (
            (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
        )
        if program.endswith("docker-proxy") and "-host-port" in arguments:
            yield int(arguments[arguments.index("-host-port") + 1])


def free_space(docker_host: str, folder: str, proc: Path = Path("/proc")) -> int | None:
    """The free space of a daemon's data in bytes, or None for one on another machine.

    Args:
        docker_host: how to reach the daemon.
        folder: its data's folder.
        proc: the kernel's view of processes.
    """
    with contextlib.suppress(OSError, _ElsewhereError):
        filesystem = os.statvfs(proc / str(_process(docker_host)) / "root" / folder.lstrip("/"))
        return filesystem.f_bavail * filesystem.f_frsize
    return None


def cpu_flags(docker_host: str, proc: Path = Path("/proc")) -> frozenset[str] | None:
    """What the processors of a daemon's machine can do, as the kernel calls it, like avx2.

    Args:
        docker_host: how to reach the daemon; None is returned for one on another machine.
        proc: the kernel's view of the machine.
    """
    with contextlib.suppress(OSError, _ElsewhereError):
        _process(docker_host)
        with (proc / "cpuinfo").open() as lines:  # one part for each core, all alike
            for line in lines:
                name, _, flags = line.partition(":")
                if name.strip() == "flags":
                    return frozenset(flags.split())
    return None


class _ElsewhereError(Exception):
    """The daemon is on another machine."""


def _process(docker_host: str) -> int:
    """The process of a daemon on this machine."""
    url = urlsplit(docker_host)
    if url.scheme != "unix" or not hasattr(socket, "SO_PEERCRED"):
        raise _ElsewhereError
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.connect(url.path)
        who = daemon.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", who)[0])


def listening(table: str) -> Iterator[Published]:
    """Where sockets listen, from the kernel's table of TCP sockets, without other IPv6 addresses.

    Args:
        table: the content of /proc/net/tcp or /proc/net/tcp6.
    """
    for line in table.splitlines()[1:]:
        _, local, _, state, *_ = line.split()
        address, _, port = local.partition(":")
        if state != _LISTEN:
            continue
        if address == _EVERYWHERE:
            yield Published(int(port, 16), ANYWHERE)
        elif len(address) == len("0100007F"):
            ip = IPv4Address(int.from_bytes(bytes.fromhex(address), "little"))
            yield Published(int(port, 16), str(ip))
