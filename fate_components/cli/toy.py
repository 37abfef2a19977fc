"""fatectl toy: FATE's own check that two parties can work together."""

import os
import subprocess
import sys
from typing import Annotated

import typer

from ..docker.containers import Containers
from . import flow
from .failure import failure
from .stack import PROJECT, StackError, StackOption
from .target import HostOption, TargetError, aside, target, waiting


class ToyError(Exception):
    """A toy job that failed, or that cannot be run; the text explains why."""


def toy(
    guest: Annotated[str, typer.Argument(help="The id of the guest.", metavar="GUEST")],
    host: Annotated[
        str,
        typer.Argument(
            help="The id of the host; with FATE 1.3 it may be a peer's.", metavar="HOST"
        ),
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
        of_host = of_guest
        if host in found.parties or line != "fate1":
            peers = looked_at.stack.settings.peers if looked_at.stack else ()
            if host in (str(peer.id) for peer in peers):
                raise ToyError(
                    f"party {host} is a peer, and the toy job of FATE 2 is watched at both "
                    f"parties. Use `fatectl exec {guest} client -- flow test toy --guest-party-id "
                    f"{guest} --host-party-id {host}`"
                )
            _, of_host = flow.find(looked_at, found, host)
        _run(line, of_guest, Containers(of_guest.stack, host, of_host.docker_host))
    except (StackError, TargetError, ToyError) as error:
        raise failure(error) from None


def _run(line: str, guest: Containers, host: Containers) -> None:
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
            [sys.executable, "-m", f"fate_components.toy_job.{line}", "--stack", guest.stack],
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
