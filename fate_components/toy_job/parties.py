"""The two parties of a toy job, and how it reports."""

import os
import sys
from typing import NoReturn

from ..docker.containers import Containers


def parties(stack: str) -> tuple[Containers, Containers]:
    """The guest and the host of the job, from the environment."""
    guest, host = (
        Containers(stack, os.environ[role], os.environ[f"{role}_DOCKER"])
        for role in ("GUEST", "HOST")
    )
    return guest, host


def say(text: str) -> None:
    """Print progress, which is shown at once."""
    print(text, flush=True)


def fail(*lines: str) -> NoReturn:
    """End the check and print the reason."""
    sys.exit("\n".join(lines))
