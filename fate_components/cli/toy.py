"""fatectl toy: FATE's own check that two parties can work together."""

import os
import subprocess
import sys
from typing import Annotated

import typer

from ..checks import connections
from ..docker.client.containers import Containers
from ..line import Line
from ..operate import flow
from ..operate.stack import StackError
from ..operate.target import Target, TargetError, services
from ..plan import endpoints
from .failure import failure
from .stack import PROJECT, StackOption
from .target import HostOption, aside, target, waiting


class ToyError(Exception):
    """A toy job that failed, or that cannot be run; the text explains why."""


def toy(
    guest: Annotated[str, typer.Argument(help="The id of the guest.", metavar="GUEST")],
    host: Annotated[
        str,
        typer.Argument(help="The id of the host, which may be a peer's.", metavar="HOST"),
    ],
    docker_host: HostOption = None,
    stack: StackOption = None,
) -> None:
    """Run the toy job between two parties, and name what fails.

    Example: fatectl toy 9999 10000
    """
    try:
        with waiting("looking at the Docker hosts"):
            looked_at = target(stack, docker_host, aside)
            found = looked_at.look()
        line, of_guest = flow.find(looked_at, found, guest)
        if host in found.parties:
            _run(line, of_guest, flow.find(looked_at, found, host)[1])
            return
        known = looked_at.stack
        peers = {str(peer.id) for peer in known.settings.peers} if known else set()
        # An exchange may know parties that the stack file does not.
        if known and host not in peers and known.settings.exchange is None:
            raise ToyError(
                f"party {host} is neither in fate:parties nor in fate:peers; add it, or use another"
            )
        try:
            _run(line, of_guest, Containers(of_guest.stack, host, ""))
        except ToyError as error:
            raise ToyError(f"{error}\n{_side(looked_at, guest, host)}") from None
    except (StackError, TargetError, ToyError) as error:
        raise failure(error) from None


def _side(looked_at: Target, guest: str, host: str) -> str:
    """On which side of the way to a peer the reason is, as far as it can be seen from here."""
    known, found = looked_at.stack, looked_at.look()
    ill = [one for one in services(looked_at, found, guest) if not one.well]
    if ill:
        states = ", ".join(f"{one.service} is {one.word}" for one in ill)
        return f"The reason is on this side: of party {guest}, {states}."
    if known is None:
        return f"Party {guest} is healthy."
    plan = known.plan
    out = [
        way
        for way in connections.ways(plan, known.name)
        if way.party == guest and way.to in (host, endpoints.EXCHANGE)
    ]
    broken = [
        str(reached)
        for reached in connections.follow(out, looked_at.docker_hosts)
        if reached.seconds is None
    ]
    if broken:
        return "\n".join([*broken, f"The reason is the network, or on the side of party {host}."])
    return (
        f"Party {guest} is healthy and connects to party {host}: the reason is probably on that "
        "side. Its operator can run `fatectl status` and `fatectl doctor`."
    )


def _run(line: Line, guest: Containers, host: Containers) -> None:
    """Run the job; it is watched at the host, too, if that has a Docker host."""
    environment = {
        **os.environ,
        "GUEST": guest.id,
        "GUEST_DOCKER": guest.docker_host,
        "HOST": host.id,
        "HOST_DOCKER": host.docker_host,
    }
    # Like an `up` with fate:verify does.
    with (
        waiting(f"party {guest.id} runs the toy job with party {host.id}"),
        subprocess.Popen(
            [sys.executable, "-m", line.toy_job, "--stack", guest.stack],
            env=environment,
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdout  # noqa: S101 - a pipe
        assert process.stderr  # noqa: S101 - a pipe
        for said in process.stdout:
            print(said, end="", flush=True)
        why = process.stderr.read().strip()
    if process.returncode:
        raise ToyError(why or f"exit code {process.returncode}")
