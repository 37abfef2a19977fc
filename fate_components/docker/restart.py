"""Restarts a container that has run since before a file in it was written. Run with -m.

    python -m fate_components.docker.restart NAME PATH

The times tell whether that is still to be done, so a restart that was interrupted is not lost.
CONTAINER is the container's id, and DOCKER_HOST selects the daemon.
"""

import os
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from . import wait
from .client import cli
from .client.daemon import Daemon, NoAnswerError


def due(found: Mapping[str, Any], written: datetime | None) -> bool:
    """Whether a container has run since before a file in it was written.

    Args:
        found: the container, as `docker inspect` shows it.
        written: when the file was written, by the Docker host's clock; None if it is missing.
    """
    return written is not None and written > datetime.fromisoformat(found["State"]["StartedAt"])


def main() -> None:
    """Restart the container if that is due, and wait until it is healthy."""
    name, path = sys.argv[1:]
    id = os.environ["CONTAINER"]
    daemon = Daemon(os.environ["DOCKER_HOST"])
    try:
        if not due(daemon.get(f"/containers/{id}/json"), daemon.modified(id, path)):
            return
        print(f"restarting {name}", flush=True)
        done = cli.run(["restart", id], timeout=wait.START_LIMIT)
        if done.returncode:
            sys.exit(done.stderr.strip())
        wait.wait({name: id}, lambda text: print(text, flush=True))
    except (NoAnswerError, wait.NotHealthyError, wait.NoAnswerError, wait.AbandonedError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
