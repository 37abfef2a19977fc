"""The two parties of a toy job, and how it reports."""

import os
import sys
from typing import NoReturn

from ..docker.client.containers import Containers


def parties(stack: str) -> tuple[Containers, Containers]:
    """The guest and the host of the job, from the environment.

    The Docker host of a peer, which somebody else runs, is empty.
    """
    guest, host = (
        Containers(stack, os.environ[role], os.environ[f"{role}_DOCKER"])
        for role in ("GUEST", "HOST")
    )
    return guest, host


def is_peer(party: Containers) -> bool:
    """Whether somebody else runs a party, so that nothing of it can be seen from here."""
    return not party.docker_host


def say(text: str) -> None:
    """Print progress, which is shown at once."""
    print(text, flush=True)


def fail(*lines: str) -> NoReturn:
    """End the check and print the reason."""
    sys.exit("\n".join(lines))
