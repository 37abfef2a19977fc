"""fatectl open: where a party's FATE Board or notebook is, through an ssh tunnel if need be."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated

import typer

from ..docker.client import ssh
from ..operate.fleet import Member
from ..operate.stack import StackError
from ..operate.target import Target, TargetError, service
from ..settings import openssh
from .failure import failure
from .stack import StackOption
from .target import HostOption, aside, target, waiting

_SECONDS = 30  # until the tunnel must be there
_INTERRUPTED = 130


class What(StrEnum):
    """What can be opened."""

    board = "board"
    notebook = "notebook"


_SERVICES = {What.board: "fateboard", What.notebook: "client"}


class OpenError(Exception):
    """A page that cannot be reached from here; the text explains why."""


def port_of(member: Member) -> tuple[str, int]:
    """The address and the port at which a service is published on its Docker host.

    Raises:
        OpenError: it is not published.
    """
    if not member.ports:
        raise OpenError(
            f"{member.name} has no port on Docker host {member.host}; start it with `pulumi up`"
        )
    address, _, port = member.ports[0].rpartition(":")
    return address or "0.0.0.0", int(port)  # noqa: S104 - what Docker means by nothing


def reached_at(target: Target, member: Member) -> str:
    """The name or the address of a service's Docker host, as this machine reaches it."""
    if target.stack and (address := target.stack.settings.hosts[member.host].reachable_at):
        return address
    if member.docker_host.startswith("ssh:"):
        return openssh.host_name(member.docker_host)
    return "127.0.0.1"


@contextmanager
def tunnel(docker_host: str, address: str, port: int) -> Iterator[int]:
    """An ssh tunnel to a port of a Docker host, while this lasts.

    Args:
        docker_host: the Docker host's ssh:// URL.
        address: the address there.
        port: the port there.

    Returns:
        The port on this machine's loopback.

    Raises:
        OpenError: ssh fails; the text is what it says.
    """
    local = _free(port)
    options = ["-o", "BatchMode=yes", "-o", "ExitOnForwardFailure=yes", "-N"]
    forward = ["-L", f"127.0.0.1:{local}:{address}:{port}"]
    # Not through a shared connection, which would keep the port after the end of this process.
    alone = ["-o", "ControlMaster=no", "-o", "ControlPath=none"]
    with subprocess.Popen(
        ["ssh", *options, *alone, *forward, *ssh.target(docker_host)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            deadline = time.monotonic() + _SECONDS
            while not _accepts(local):
                if process.poll() is not None or time.monotonic() > deadline:
                    process.terminate()
                    stderr = process.stderr.read().strip() if process.stderr else ""
                    why = stderr.splitlines()[-1] if stderr else f"not within {_SECONDS} s"
                    raise OpenError(f"no ssh tunnel to {docker_host}: {why}")
                time.sleep(0.1)
            yield local
            process.wait()
        finally:
            process.terminate()


def _free(wanted: int) -> int:
    """The wanted port of this machine's loopback if nobody uses it, or else any other."""
    for port in (wanted, 0):
        with closing(socket.socket()) as attempt:
            try:
                attempt.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(attempt.getsockname()[1])
    raise OpenError(
        "there is no free port on this machine for an ssh tunnel; "
        "stop a program that listens on one"
    )


def _accepts(port: int) -> bool:
    with closing(socket.socket()) as attempt:
        attempt.settimeout(1)
        return attempt.connect_ex(("127.0.0.1", port)) == 0


def open_(
    party: Annotated[str, typer.Argument(help="The party's id.", metavar="PARTY")],
    what: Annotated[
        What | None,
        typer.Argument(
            help="board or notebook; the one that the party has if left out, first the board.",
            metavar="board|notebook",
        ),
    ] = None,
    host: HostOption = None,
    stack: StackOption = None,
) -> None:
    """Print the address of a party's FATE Board or notebook.

    Example: fatectl open 9999 notebook

    If its port is bound to loopback of another machine, an ssh tunnel leads there until Ctrl-C.
    """
    try:
        with waiting("looking at the Docker hosts"):
            looked_at = target(stack, host, aside)
            member = _service(looked_at, party, what)
        address, port = port_of(member)
        _warn(looked_at, member)
        if not ip_address(address).is_loopback:
            print(f"http://{reached_at(looked_at, member)}:{port}")
        elif member.docker_host.startswith("ssh:"):
            with tunnel(member.docker_host, address, port) as local:
                print(f"http://127.0.0.1:{local}", flush=True)
                aside(f"through an ssh tunnel to Docker host {member.host}, until Ctrl-C")
            raise OpenError(
                f"the ssh tunnel to Docker host {member.host} has ended; run the command again"
            )
        elif member.docker_host.startswith("unix:"):
            print(f"http://{address}:{port}")
        else:
            raise OpenError(
                f"{member.name} is bound to {address}:{port} of Docker host {member.host}, which "
                "is not reached by ssh: run `ssh -L` to that machine, or open the port under "
                "publish in the stack file"
            )
    except (OpenError, StackError, TargetError, ValueError) as error:
        raise failure(error) from None
    except KeyboardInterrupt:
        raise typer.Exit(_INTERRUPTED) from None


def _warn(target: Target, member: Member) -> None:
    """Say so if everybody who reaches a service can use it."""
    facts = target.stack and target.stack.release.services.get(member.service)
    if target.stack and facts and facts.no_login:
        aside(
            f"{member.service} of FATE {target.stack.release.name} has no log-in: whoever reaches "
            "its port can read and stop jobs. Open the port to other machines only behind a "
            "reverse proxy that asks for a password"
        )


def _service(target: Target, party: str, what: What | None) -> Member:
    fleet = target.look()
    if what is None:
        there = [member.service for member in fleet.parties.get(party, []) if member.id]
        what = What.board if _SERVICES[What.board] in there else What.notebook
    return service(target, fleet, party, _SERVICES[what])
