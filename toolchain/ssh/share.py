"""Runs ssh for the docker command and provider, which open a connection for every call.

Their calls to a Docker host become sessions of a few connections, which stay open for a minute
after the last session. A further one is opened only if the others are full: an sshd refuses an
eleventh session of a connection (MaxSessions), and connections while 10 others are logging in
(MaxStartups). If a connection cannot be shared, ssh opens one for the call.

This runs for every call, so it imports only what starts quickly.
"""

import fcntl
import hashlib
import io
import os
import socket
import sys
import time

_IDLE_SECONDS = 60  # a connection without sessions is closed after this time
_RETRY_SECONDS = 10  # time without another attempt after one that failed
_CONNECTIONS = 8  # to a Docker host, at most
_SESSIONS = 8  # of a connection. An sshd allows 10, and those that end still count for a moment


class UnreachableError(Exception):
    """The machine cannot be reached; the text is what ssh says."""


def main(ssh: str, arguments: list[str]) -> None:
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


def _shared(ssh: str, arguments: list[str]) -> list[str]:
    """The options that make ssh use a shared connection, which is open; none if there is none."""
    # The docker command is one argument or three.
    target = arguments[:-1] if " " in arguments[-1] else arguments[:-3]
    name = hashlib.sha256("\0".join(_identity(target)).encode()).hexdigest()[:16]
    host = f"{_folder()}/{name}"
    with _locked(f"{host}.lock"):
        control = _with_room(host)
        # This process becomes the session.
        open(f"{control}+{os.getpid()}", "w").close()
    with _locked(f"{control}.lock"):
        if not _listens(control) and not _connect(ssh, target, control, host):
            return []
    return ["-oControlMaster=no", f"-oControlPath={control}"]


def _with_room(host: str) -> str:
    """The first connection that is not full, open or not; of full ones, that with fewest sessions.

    Each session has a file that is named after its connection and its process.
    """
    sessions = dict.fromkeys((f"{host}-{number}" for number in range(_CONNECTIONS)), 0)
    folder = os.path.dirname(host)
    for file in os.listdir(folder):
        connection, is_session, process = f"{folder}/{file}".partition("+")
        if is_session and connection in sessions:
            if _runs(int(process)):
                sessions[connection] += 1
            else:
                os.unlink(f"{folder}/{file}")
    return min(sessions, key=lambda connection: max(sessions[connection], _SESSIONS - 1))


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError:  # it has ended, or its id is now that of another user's process
        return False
    return True


def _connect(ssh: str, target: list[str], control: str, failed: str) -> bool:
    """Open a connection. An attempt that fails is remembered, because it may take long."""
    import contextlib
    import subprocess
    import tempfile
    from pathlib import Path

    failure = Path(failed)
    with contextlib.suppress(FileNotFoundError):
        if time.time() - failure.stat().st_mtime < _RETRY_SECONDS:
            return _failed(failure.read_text())
    Path(control).unlink(missing_ok=True)
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
    failure.write_text(said)
    return _failed(said)


def _failed(said: str) -> bool:
    # Such as "ssh: connect to host b.example.org port 22: No route to host".
    if any(line.startswith("ssh: ") for line in said.splitlines()):
        raise UnreachableError(said)
    return False


def _identity(target: list[str]) -> list[str]:
    """The arguments that say whom to connect to as whom: all but -T and options like -o Name=1."""
    found: list[str] = []
    arguments = iter(target)
    for argument in arguments:
        if argument == "-o":
            next(arguments)
        elif argument != "-T" and not argument.startswith("-o"):
            found.append(argument)
    return found


def _listens(control: str) -> bool:
    with socket.socket(socket.AF_UNIX) as attempt:
        return attempt.connect_ex(control) == 0


def _locked(path: str) -> io.TextIOWrapper:
    """A file that nobody else has locked, until it is closed."""
    file = open(path, "a")  # noqa: SIM115 - the caller closes it
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def _folder() -> str:
    """A folder that no other user can use. Its path is short: a socket's has up to 107 bytes."""
    parent = os.environ.get("XDG_RUNTIME_DIR") or os.environ.get("TMPDIR") or "/tmp"
    folder = f"{parent}/fate-ssh-{os.getuid()}"
    os.makedirs(folder, 0o700, exist_ok=True)
    found = os.lstat(folder)
    if found.st_uid != os.getuid() or found.st_mode & 0o077 or os.path.islink(folder):
        raise PermissionError(f"{folder} belongs to somebody else")
    return folder


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
