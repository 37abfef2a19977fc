"""The certificates for Docker hosts at tcp:// URLs, in files, as the docker command needs them.

The files are in the project's folder, where all commands of a stack run: a path in a temporary
folder would differ from machine to machine, and show in previews. They are removed when the last
process that uses them ends.
"""

import atexit
import contextlib
import fcntl
import hashlib
import shutil
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # the modules that wait for containers would take longer to start
    from pydantic import SecretStr

_FOLDER = Path(".pulumi", "docker-tls")


class ClientTls(Protocol):
    """How this machine and a daemon at a tcp:// URL verify each other, in PEM format."""

    @property
    def authority(self) -> str:
        """The certificate of the authority that issued the daemon's."""

    @property
    def certificate(self) -> str:
        """The certificate that the daemon verifies."""

    @property
    def key(self) -> "SecretStr":
        """Its private key."""


def write(given: Mapping[str, ClientTls]) -> None:
    """Write certificates for as long as this process runs.

    Args:
        given: those that need any, by how to reach the daemon.
    """
    if not given:
        return
    _FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = _FOLDER.with_name("docker-tls.lock").open("a")
    fcntl.flock(lock, fcntl.LOCK_SH)
    _FOLDER.mkdir(mode=0o700, exist_ok=True)  # the last process may just have removed it
    for url, tls in given.items():
        folder = _folder(url)
        folder.mkdir(mode=0o700, exist_ok=True)
        _replace(folder / "ca.pem", tls.authority)
        _replace(folder / "cert.pem", tls.certificate)
        _replace(folder / "key.pem", tls.key.get_secret_value())

    def remove() -> None:
        with lock, contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(_FOLDER, ignore_errors=True)

    atexit.register(remove)


def environment(docker_host: str) -> dict[str, str]:
    """The variables that give a docker command the certificates for a daemon, if it needs any.

    Args:
        docker_host: how to reach the daemon.
    """
    if not docker_host.startswith("tcp:"):
        return {}
    return {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(_folder(docker_host))}


def context(docker_host: str) -> ssl.SSLContext:
    """How to verify a daemon at a tcp:// URL.

    Args:
        docker_host: how to reach it.
    """
    folder = _folder(docker_host)
    tls_context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    tls_context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return tls_context


def _folder(docker_host: str) -> Path:
    return _FOLDER / hashlib.sha256(docker_host.encode()).hexdigest()[:16]


def _replace(file: Path, content: str) -> None:
    """Write a file that another process may be reading."""
    new = file.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(content)
    new.replace(file)
