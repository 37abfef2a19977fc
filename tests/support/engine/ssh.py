"""SSH access to a Docker host, like an operator's access to a remote machine."""

import shutil
import subprocess
from pathlib import Path

from tests.support.engine.docker_hosts import DockerHost, wait_for


class SshServer:
    """An SSH server on a Docker host, with default limits, and an ssh command that knows its key.

    Args:
        host: the Docker host; its docker command connects to its own daemon.
        folder: an empty folder for keys and settings.
    """

    def __init__(self, host: DockerHost, folder: Path) -> None:
        self.bin = folder / "bin"
        self._log = folder / "log"
        for key in ("host", "user"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)], check=True
            )
        shutil.copy(folder / "user.pub", folder / "authorized")
        (folder / "sshd_config").write_text(
            f"HostKey {folder}/host\n"
            f"AuthorizedKeysFile {folder}/authorized\n"
            f"PidFile {folder}/pid\n"
            # Without the profile of the user who runs the tests, which may take a second a login.
            f"SetEnv DOCKER_HOST={host.url} HOME={folder}\n"
            "StrictModes no\nUsePAM no\nPermitRootLogin prohibit-password\n"
            "LogLevel VERBOSE\n"  # which tells of sessions
        )
        self._config = folder / "ssh_config"
        self._config.write_text(
            f"Host *\n  IdentityFile {folder}/user\n"
            f"UserKnownHostsFile {folder}/known\n"
            "StrictHostKeyChecking accept-new\n"
        )
        # A name, a user and a port that only OpenSSH's configuration knows.
        self.url = self.also("fatehost", host.address)
        self.bin.mkdir()
        # ssh finds its settings through the user's entry in /etc/passwd and ignores HOME.
        (self.bin / "ssh").write_text(
            f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder}/ssh_config "$@"\n'
        )
        (self.bin / "ssh").chmod(0o755)
        Path("/run/sshd").mkdir(exist_ok=True)
        enter = ["nsenter", f"--net=/run/netns/{host.namespace}"]
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [*enter, "/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "sshd_config")],
                stderr=log,
            )
        login = [str(self.bin / "ssh"), "-o", "BatchMode=yes", "fatehost", "true"]

        def open_() -> bool:
            assert self._process.poll() is None, f"sshd ended: {self._log.read_text()}"
            return subprocess.run(login, check=False).returncode == 0

        wait_for("sshd to let us in", open_)

    def also(self, name: str, address: str, port: int = 22) -> str:
        """The URL of this server under one more name, which its ssh command knows."""
        with self._config.open("a") as config:
            config.write(f"Host {name}\n  HostName {address}\n  User root\n  Port {port}\n")
        return f"ssh://{name}"

    @property
    def logins(self) -> int:
        """How many connections have been opened."""
        return self._log.read_text().count("Accepted publickey")

    @property
    def sessions(self) -> int:
        """How many commands have been run, by any connection."""
        return self._log.read_text().count("Starting session")

    def close(self) -> None:
        """Stop the server."""
        self._process.terminate()
        self._process.wait()
