"""FATE's own check that two parties can work together, and which side is the reason if not."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from ..docker.client.containers import Containers
from ..operate import flow
from ..operate.fleet import Fleet
from ..operate.target import Target, services
from ..plan import endpoints
from . import connections


class ToyError(Exception):
    """A toy job that failed, or that cannot be run; the text explains why."""


class ToyJob:
    """A toy job between two parties. It is watched at the host, too, if that is in the stack.

    Args:
        target: the stack and its Docker hosts.
        fleet: what is on them.
        guest: the id of the guest.
        host: the id of the host, which may be a peer's.

    Raises:
        TargetError: FATE Flow of a party is not there, or does not run.
        ToyError: the host is not known.
    """

    def __init__(self, target: Target, fleet: Fleet, guest: str, host: str) -> None:
        self._target = target
        line, self._guest = flow.find(target, fleet, guest)
        self._module = line.toy_job
        self._is_ours = host in fleet.parties
        if self._is_ours:
            _, self._host = flow.find(target, fleet, host)
            return
        self._host = Containers(self._guest.stack, host, "")
        stack = target.stack
        peers = {str(peer.id) for peer in stack.settings.peers} if stack else set()
        # An exchange may know parties that the stack file does not.
        if stack and host not in peers and stack.settings.exchange is None:
            raise ToyError(
                f"party {host} is neither in fate:parties nor in fate:peers; add it, or use another"
            )

    def run(self, folder: Path, say: Callable[[str], object]) -> None:
        """Run the job.

        Args:
            folder: the folder of the project.
            say: told each line that the job prints.

        Raises:
            ToyError: it failed; of a peer's job the text says on which side the reason is.
        """
        try:
            self._run(folder, say)
        except ToyError as error:
            if self._is_ours:
                raise
            raise ToyError(f"{error}\n{self._side()}") from None

    def _run(self, folder: Path, say: Callable[[str], object]) -> None:
        environment = {
            **os.environ,
            "GUEST": self._guest.id,
            "GUEST_DOCKER": self._guest.docker_host,
            "HOST": self._host.id,
            "HOST_DOCKER": self._host.docker_host,
        }
        # Like an `up` with fate:verify does.
        with subprocess.Popen(
            [sys.executable, "-m", self._module, "--stack", self._guest.stack],
            env=environment,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout  # noqa: S101 - a pipe
            assert process.stderr  # noqa: S101 - a pipe
            for line in process.stdout:
                say(line.removesuffix("\n"))
            why = process.stderr.read().strip()
        if process.returncode:
            raise ToyError(why or f"exit code {process.returncode}")

    def _side(self) -> str:
        """On which side of the way to a peer the reason is, as far as it can be seen from here."""
        guest, host = self._guest.id, self._host.id
        ill = [
            member
            for member in services(self._target, self._target.look(), guest)
            if not member.well
        ]
        if ill:
            states = ", ".join(f"{member.service} is {member.word}" for member in ill)
            return f"The reason is on this side: of party {guest}, {states}."
        stack = self._target.stack
        if stack is None:
            return f"Party {guest} is healthy."
        out = [
            way
            for way in connections.ways(stack.plan, stack.name)
            if way.party == guest and way.to in (host, endpoints.EXCHANGE)
        ]
        broken = [
            str(reached)
            for reached in connections.follow(out, self._target.docker_hosts)
            if reached.seconds is None
        ]
        if broken:
            return "\n".join(
                [*broken, f"The reason is the network, or on the side of party {host}."]
            )
        return (
            f"Party {guest} is healthy and connects to party {host}: the reason is probably on "
            "that side. Its operator can run `fatectl status` and `fatectl doctor`."
        )
