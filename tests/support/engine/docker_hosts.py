"""Docker hosts for the tests: a dockerd in a network namespace, with nothing left over."""

import ipaddress
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import docker
from pydantic import SecretStr

from fate_components.crypto import pki

# Several test processes on one machine must not collide.
_RUN = f"ft{os.getpid() % 100000}"
_LAN = ipaddress.IPv4Network(f"10.88.{os.getpid() % 256}.0/24")

DOCKERD_PORT = 2376
"""The port at which each Docker host's daemon accepts connections with TLS."""


def wait_for(what: str, condition: Callable[[], bool], limit: float = 120) -> None:
    """Wait until a condition is true.

    Args:
        what: what to wait for, for the error.
        condition: polled until it is true.
        limit: seconds after which the wait fails.
    """
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {limit} s for {what}")
        time.sleep(0.2)


def _sh(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")


class Lan:
    """The bridge that joins the Docker hosts, and this machine, into one network."""

    def __init__(self) -> None:
        if os.geteuid() != 0:
            raise RuntimeError("network namespaces and dockerd need root: run the tests as root")
        self.bridge = f"{_RUN}br"
        self.address = str(_LAN[1])
        self.hosts: list[DockerHost] = []
        _sh("ip", "link", "add", self.bridge, "type", "bridge")
        _sh("ip", "addr", "add", f"{_LAN[1]}/{_LAN.prefixlen}", "dev", self.bridge)
        _sh("ip", "link", "set", self.bridge, "up")
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        self._rules("-I")

    def _rules(self, change: str) -> None:
        # A dockerd on this machine would drop traffic across a bridge that is not its own.
        _sh("iptables", change, "FORWARD", "-i", self.bridge, "-j", "ACCEPT")
        _sh("iptables", change, "FORWARD", "-o", self.bridge, "-j", "ACCEPT")
        # The Docker hosts build images from packages, which they download through this machine.
        out = ["-s", str(_LAN), "!", "-o", self.bridge, "-j", "MASQUERADE"]
        _sh("iptables", "-t", "nat", change, "POSTROUTING", *out)

    def host(self) -> "DockerHost":
        """Add a Docker host."""
        host = DockerHost(self, len(self.hosts))
        self.hosts.append(host)
        host.start()
        return host

    def close(self) -> None:
        """Remove everything that was created."""
        for host in self.hosts:
            host.close()
        self._rules("-D")
        _sh("ip", "link", "del", self.bridge)


class DockerHost:
    """A Docker host that looks like a machine of its own from the inside.

    Args:
        lan: the network it is on.
        number: its index, from 0.
    """

    def __init__(self, lan: Lan, number: int) -> None:
        self.lan = lan
        self.namespace = f"{_RUN}h{number}"
        self.address = str(_LAN[10 + number])
        self.folder = Path(tempfile.mkdtemp(prefix=f"{self.namespace}-", dir="/var/tmp"))
        self.url = f"unix://{self.folder}/docker.sock"
        self.tcp = f"tcp://{self.address}:{DOCKERD_PORT}"
        self.client = self._certificate("client")
        self._containerd: subprocess.Popen[bytes] | None = None
        self._dockerd: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Create the namespace, start dockerd in it and wait until it answers."""
        inside, outside = f"{self.namespace}i", f"{self.namespace}o"
        _sh("ip", "netns", "add", self.namespace)
        _sh("ip", "link", "add", outside, "type", "veth", "peer", "name", inside)
        _sh("ip", "link", "set", inside, "netns", self.namespace)
        _sh("ip", "link", "set", outside, "master", self.lan.bridge, "up")
        for command in (
            ["ip", "link", "set", "lo", "up"],
            ["ip", "addr", "add", f"{self.address}/{_LAN.prefixlen}", "dev", inside],
            ["ip", "link", "set", inside, "up"],
            ["ip", "route", "add", "default", "via", str(_LAN[1])],
        ):
            _sh("ip", "netns", "exec", self.namespace, *command)
        self._start_containerd()
        self.start_dockerd()

    def _certificate(self, name: str) -> pki.Identity:
        authority = pki.Authority(SecretStr(f"the Docker host {self.namespace}"))
        return authority.issue(name, [self.address], datetime.now(UTC))

    def _inside(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        # `ip netns exec` would hide the cgroups.
        namespace = ["nsenter", f"--net=/run/netns/{self.namespace}"]
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen([*namespace, *command], stdout=log, stderr=log)

    def _start_containerd(self) -> None:
        """Start the service that runs the containers, which survives the end of dockerd."""
        config = self.folder / "containerd.toml"
        config.write_text(
            "version = 2\n"
            f'root = "{self.folder}/containerd"\n'
            f'state = "{self.folder}/containerd-state"\n'
            'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
            f'[grpc]\naddress = "{self._containerd_socket}"\n'
        )
        self._containerd = self._inside(["containerd", "--config", str(config)])
        wait_for("containerd to listen", self._containerd_socket.exists)

    @property
    def _containerd_socket(self) -> Path:
        return self.folder / "containerd.sock"

    def start_dockerd(self) -> None:
        """Start the daemon; after stop_dockerd, containers see this as a reboot."""
        command = ["dockerd", "--tlsverify", f"--containerd={self._containerd_socket}"]
        server = self._certificate("server")
        files = {
            "cacert": server.trust.authority,
            "cert": server.certificate,
            "key": server.key.get_secret_value(),
        }
        for name, content in files.items():
            (self.folder / name).write_text(content)
            command.append(f"--tls{name}={self.folder}/{name}")
        command.append(f"--host={self.tcp}")
        options = {
            "--data-root": f"{self.folder}/data",
            "--exec-root": f"{self.folder}/exec",
            "--host": self.url,
            "--pidfile": f"{self.folder}/pid",
            "--containerd-namespace": self.namespace,
            "--containerd-plugins-namespace": f"{self.namespace}-plugins",
        }
        words = (word for option in options.items() for word in option)
        self._dockerd = self._inside([*command, *words])
        wait_for(f"dockerd to answer; see {self.folder}/log", self._answers)

    def _answers(self) -> bool:
        assert self._dockerd
        if self._dockerd.poll() is not None:
            tail = (self.folder / "log").read_text()[-2000:]
            raise RuntimeError(f"dockerd exited:\n{tail}")
        try:
            return bool(self.docker.ping())
        except docker.errors.DockerException:
            return False

    def stop_dockerd(self) -> None:
        """Stop the daemon, and with it all containers."""
        assert self._dockerd
        self._dockerd.terminate()
        self._dockerd.wait(timeout=120)

    def restart_dockerd(self) -> None:
        """Stop the daemon and start it again, as a reboot does; the containers start with it."""
        self.stop_dockerd()
        self.start_dockerd()

    def kill_dockerd(self) -> None:
        """Kill the daemon and start it again, as a service manager does; the containers go on."""
        assert self._dockerd
        self._dockerd.kill()
        self._dockerd.wait()
        self.start_dockerd()

    @property
    def docker(self) -> docker.DockerClient:
        """A client of this daemon."""
        return docker.DockerClient(base_url=self.url, timeout=120)

    def close(self) -> None:
        """Remove everything that was created."""
        for container in self.docker.containers.list(all=True):
            container.remove(force=True)
        self.stop_dockerd()
        assert self._containerd
        self._containerd.terminate()
        self._containerd.wait(timeout=120)
        _sh("ip", "netns", "del", self.namespace)
        # A dockerd that was killed leaves its data mounted on itself.
        subprocess.run(["umount", f"{self.folder}/data"], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
