"""The script that delivers a file, run with a fake docker command."""

import os
import subprocess
from pathlib import Path

from fate_components.docker import delivery

SCRIPT = Path(delivery.__file__).with_name("deliver_file.sh").read_text()
# A container is a directory here, and every docker command is recorded.
DOCKER = """#!/bin/sh
echo "$*" >> "$HOST/asked"
case $1 in
  exec)
    while [ "$1" != "$CONTAINER" ]; do shift; done
    shift
    exec "$@" ;;
  restart) ;;
  *) exit 64 ;;
esac
"""


class Container:
    """A running container: the file in it, and what was done to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "docker").write_text(DOCKER)
        (folder / "docker").chmod(0o755)
        self.file = folder / "routes.conf"
        self.file.write_text("old\n")

    def deliver(self, content: str, before: str | None, then: str = "") -> str:
        environment = {
            **os.environ,
            "PATH": f"{self.folder}:{os.environ['PATH']}",
            "HOST": str(self.folder),
            "CONTAINER": "c1",
            "FILE": str(self.file),
            "APPLY": f"touch {self.folder}/applied",
        }
        if before is not None:
            environment["PULUMI_COMMAND_STDOUT"] = before
        return subprocess.run(
            ["sh", "-c", SCRIPT + then],
            input=content,
            env=environment,
            text=True,
            capture_output=True,
            check=True,
        ).stdout.strip()

    @property
    def restarted(self) -> bool:
        return "restart c1" in (self.folder / "asked").read_text()

    @property
    def applied(self) -> bool:
        return (self.folder / "applied").exists()
