"""Verifies that a Docker host has the folder that a party's Docker hosts share. Run with -m.

The arguments are where the file system is mounted, and the folder below it. DOCKER_HOST selects the
host's daemon, and IMAGE is an image there that has a shell. The party's first Docker host creates
the folder and a mark in it, if they are missing, and the mark is the output. On the others MARK is
what they must find there.
"""

import os
import secrets
import sys

from ...docker.client import cli

_FILE = ".fate-mark"
_MISSING = "bind source path does not exist"  # the daemon's own words


class FolderError(Exception):
    """The Docker host does not have the folder; the text says what to do."""


def _run(folder: str, script: str) -> str | None:
    """The output of a shell script in a folder of the Docker host; None if that is missing.

    Raises:
        FolderError: the script failed, or could not be run.
    """
    arguments = [
        "run", "--rm", "--pull=never", "--network=none", "--user=0",
        f"--label=fate.stack={os.environ['STACK']}", "--label=fate.helper=folder",
        # Unlike --volume, this does not create a folder that is missing.
        f"--mount=type=bind,source={folder},target=/shared", "--workdir=/shared",
        "--entrypoint=sh", os.environ["IMAGE"], "-ec", script,
    ]  # fmt: skip
    done = cli.run(arguments)
    if done.returncode == 0:
        return done.stdout.strip()
    if _MISSING in done.stderr:
        return None
    raise FolderError(f"{folder} cannot be used: {done.stderr.strip()}")


def marked(root: str, folder: str) -> str:
    """The mark in the folder, which are created if they are missing.

    Args:
        root: where the file system is mounted.
        folder: the folder below it.

    Raises:
        FolderError: there is no such file system, or root cannot write to it.
    """
    path, mark = folder.removeprefix(f"{root}/"), secrets.token_hex(8)
    write = f"[ -s {_FILE} ] || echo {mark} > {_FILE}; cat {_FILE}"
    content = _run(folder, write)
    if content is None:
        content = _run(root, f"mkdir -p {path}; cd {path}; {write}")
    if content is None:
        raise FolderError(
            f"there is no folder {root}. Set training.spark.tables to where the file system is "
            "mounted, or mount it there"
        )
    return content


def verify(root: str, folder: str, mark: str) -> None:
    """Verify that the folder is the one that the party's first Docker host has.

    Args:
        root: where the file system is mounted.
        folder: the folder below it.
        mark: the mark that the first host has in it.

    Raises:
        FolderError: it is missing, or another one.
    """
    if _run(folder, f"cat {_FILE} 2> /dev/null || :") != mark:
        raise FolderError(
            f"{folder} is not the folder that the party's first Docker host has. Mount the file "
            f"system that they share at {root}, on both, and run `pulumi up` again"
        )


def main() -> None:
    """Create or verify the folder in the arguments; exit with 1 and the reason if that fails."""
    root, folder = sys.argv[1:]
    try:
        if mark := os.environ.get("MARK", "").strip():
            verify(root, folder, mark)
        else:
            print(marked(root, folder))
    except FolderError as error:
        sys.exit(f"Docker host {os.environ['HOST']}: {error}")


if __name__ == "__main__":
    main()
