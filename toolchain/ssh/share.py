"""Runs ssh for the docker command and provider, which open a connection for every call.

Their calls to a Docker host become sessions of a few connections, one per core of this machine,
which stay open for a minute after the last session. They are opened one after another, because an
sshd refuses connections while 10 others are logging in (MaxStartups), and there are several because
it refuses an eleventh session (MaxSessions): ssh then opens a connection of its own. It also does
if a shared one cannot be opened.
"""

import contextlib
import fcntl
import hashlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

_IDLE_SECONDS = 60  # a connection without sessions is closed after this time
_RETRY_SECONDS = 10  # time without another attempt after one that failed
_CONNECTIONS = 16  # to a Docker host, at most


class UnreachableError(Exception):
    """The machine cannot be reached; the text is what ssh says."""


def main(ssh: str, arguments: Sequence[str]) -> None:
    """Replace this process by ssh.

    Args:
        ssh: the path of the real ssh.
        arguments: what Docker passes to it.
    """
    options: list[str] = []
    try:
        options = _shared(ssh, arguments)
    except UnreachableError as error:
        print(error, file=sys.stderr)
        sys.exit(255)  # like ssh
    except OSError:
        pass
    os.execv(ssh, [ssh, *options, *arguments])


def _shared(ssh: str, arguments: Sequence[str]) -> list[str]:
    """The options that make ssh use a shared connection, which is open; none if there is none."""
    # The docker command is one argument or three.
    target = list(arguments[:-1] if " " in arguments[-1] else arguments[:-3])
    folder = _folder()
    name = hashlib.sha256("\0".join(_identity(target)).encode()).hexdigest()[:16]
    # Pulumi changes four resources per core at once, each with a session or two.
    count = min(os.cpu_count() or 1, _CONNECTIONS)
    control = folder / f"{name}-{os.urandom(1)[0] % count}"
    if not _listens(control):
        with (folder / f"{name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not _listens(control) and not _connect(ssh, target, control, folder / name):
                return []
    return ["-oControlMaster=no", f"-oControlPath={control}"]


def _connect(ssh: str, target: Sequence[str], control: Path, failed: Path) -> bool:
    """Open a connection. An attempt that fails is remembered, because it may take long."""
    with contextlib.suppress(FileNotFoundError):
        if time.time() - failed.stat().st_mtime < _RETRY_SECONDS:
            return _failed(failed.read_text())
    control.unlink(missing_ok=True)
    options = [
        "-fN",
        "-oControlMaster=yes",
        f"-oControlPath={control}",
        f"-oControlPersist={_IDLE_SECONDS}",
        "-oBatchMode=yes",
        "-oClearAllForwardings=yes",
        "-oServerAliveInterval=15",
    ]
    # It outlives this process, so it gets none of its pipes.
    with tempfile.TemporaryFile("w+", errors="replace") as errors:
        done = subprocess.run(
            [ssh, *options, *target],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
            check=False,
        )
        if done.returncode == 0:
            return True
        errors.seek(0)
        said = errors.read().strip()
    failed.write_text(said)
    return _failed(said)


def _failed(said: str) -> bool:
    # Such as "ssh: connect to host b.example.org port 22: No route to host".
    if any(line.startswith("ssh: ") for line in said.splitlines()):
        raise UnreachableError(said)
    return False


def _identity(target: Sequence[str]) -> Iterator[str]:
    """The arguments that say whom to connect to as whom: all but -T and options like -o Name=1."""
    arguments = iter(target)
    for argument in arguments:
        if argument == "-o":
            next(arguments)
        elif argument != "-T" and not argument.startswith("-o"):
            yield argument


def _listens(control: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as attempt:
        return attempt.connect_ex(str(control)) == 0


def _folder() -> Path:
    """A folder that no other user can use. Its path is short: a socket's has up to 107 bytes."""
    folder = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    folder /= f"fate-ssh-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077 or folder.is_symlink():
        raise PermissionError(f"{folder} belongs to somebody else")
    return folder


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
