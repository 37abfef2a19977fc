"""What runs on a Docker host, inspected from outside."""

import contextlib
import copy
import re
import socket
import subprocess
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from docker.models.containers import Container

from tests.support.engine.docker_hosts import DOCKERD_PORT, DockerHost, wait_for
from tests.support.engine.stacks import Outcome, Stack

# What an entrypoint needs that gives data to its service's user and then becomes that user.
_CAPABILITIES = {f"CAP_{name}" for name in ("CHOWN", "DAC_OVERRIDE", "KILL", "SETGID", "SETUID")}


Lives = dict[str, tuple[str, str]]
"""The ids of containers and the times they were last started, by their names."""


@dataclass(frozen=True)
class Cluster:
    """A stack's containers on one Docker host.

    Args:
        host: the Docker host.
        stack: the stack.
    """

    host: DockerHost
    stack: Stack

    def containers(self, **labels: object) -> list[Container]:
        """Its containers, running or not, found by their labels alone."""
        wanted = [f"fate.stack={self.stack.name}"]
        wanted += [f"fate.{name}={value}" for name, value in labels.items()]
        return self.host.docker.containers.list(all=True, filters={"label": wanted})

    def container(self, party: int, service: str) -> Container:
        """One container of a party."""
        (found,) = self.containers(party=party, service=service)
        return found

    def lives(self) -> Lives:
        """Each container's id and the time it was last started."""
        return {
            found.name or "": (found.id or "", found.attrs["State"]["StartedAt"])
            for found in self.containers()
        }

    def run(self, party: int, service: str, command: str) -> tuple[int, str]:
        """Run a shell command in a container; returns its exit code and output."""
        container = self.container(party, service)
        code, output = container.exec_run(["sh", "-c", command])
        assert isinstance(code, int)
        assert isinstance(output, bytes)
        return code, output.decode()

    def sh(self, party: int, service: str, command: str) -> str:
        """The output of a command in a container; the test fails if the command fails."""
        code, said = self.run(party, service, command)
        assert code == 0, said
        return said

    def python(self, party: int, service: str, script: str) -> str:
        """The output of a Python script in a container; the test fails if the script fails."""
        code, said = self.run_python(party, service, script)
        assert code == 0, said
        return said

    def run_python(self, party: int, service: str, script: str) -> tuple[int, str]:
        """Run a Python script in a container; returns its exit code and output."""
        return self.run(party, service, f"python - <<'END'\n{script}\nEND")

    def rest(self, party: int, path: str) -> str:
        """The response of a party's FATE Flow 2 to a GET request."""
        flow = self.container(party, "fateflow").attrs["NetworkSettings"]["Networks"]
        (address,) = (network["IPAddress"] for network in flow.values())
        script = f"import requests; print(requests.get('http://{address}:9380{path}').text)"
        return self.python(party, "fateflow", script)

    def sql(self, party: int, query: str) -> list[list[str]]:
        """The rows that a query of the party's database returns."""
        client = 'MYSQL_PWD="$(cat /run/secrets/mysql-password)" mysql -N -h 127.0.0.1 -u fate fate'
        said = self.sh(party, "mysql", f"{client} -e {query!r}")
        return [line.split("\t") for line in said.splitlines()]

    def nodes(self, party: int, status: str = "HEALTHY") -> set[tuple[str, str, str]]:
        """The nodes that EggRoll knows: address, port and type."""
        rows = self.sql(party, f"SELECT ip, port, type FROM node WHERE status = '{status}'")
        assert len({tuple(row) for row in rows}) == len(rows), "a node must not be listed twice"
        return {(ip, port, kind) for ip, port, kind in rows}

    def routes(self, party: int) -> str:
        """The route table in a party's running proxy."""
        return self.sh(party, "proxy", "cat /data/projects/fate/proxy/conf/route_table.json")

    def toy(self, guest: int, host: int) -> tuple[int, str]:
        """Run the toy job from a guest's FATE Flow; returns 0 if it succeeded, and its output."""
        job = (
            "source /data/projects/python/venv/bin/activate"
            " && cd /data/projects/fate/python/examples/toy_example"
            f" && python run_toy_example.py {guest} {host} 1"
        )
        code, said = self.run(guest, "python", job)
        # Like FATE's own, the example exits with 0 even if it fails.
        return code or int("success to calculate secure_sum" not in said), said

    def toy_succeeds(self, guest: int, host: int) -> None:
        """Run the toy job and check that the sum is right, as a number."""
        code, said = self.toy(guest, host)
        found = re.search(r"success to calculate secure_sum, it is ([0-9.e+-]+)", said)
        assert code == 0, said
        assert found, said
        assert abs(float(found[1]) - 2000) < 1e-6, said

    def wait_healthy(self) -> None:
        """Wait until every container is healthy."""

        def all_healthy() -> bool:
            states: list[dict[str, Any]] = [found.attrs["State"] for found in self.containers()]
            return all(state.get("Health", {}).get("Status") == "healthy" for state in states)

        wait_for("all containers to be healthy", all_healthy)


def restarted(before: Lives, after: Lives) -> set[str]:
    """The containers that were restarted in between, by name; fails if one was replaced."""
    ids = {name: id for name, (id, _) in before.items()}
    assert {name: after[name][0] for name in before} == ids
    return {name for name in before if after[name] != before[name]}


class Shared:
    """A deployment that several tests share. If one of them fails, it is redeployed for the next.

    Args:
        cluster: the deployment, complete and healthy.
        first: the outcome of its first up.

    Attributes:
        cluster: the deployment, whatever state it is in.
    """

    def __init__(self, cluster: Cluster, first: Outcome) -> None:
        self.first = first
        self.suspect = False
        self.cluster = cluster
        self._config = copy.deepcopy(cluster.stack.config)

    def whole(self) -> Cluster:
        """The deployment in its initial state, whatever an earlier test left."""
        if self.suspect:
            self.cluster.stack.config = copy.deepcopy(self._config)
            self.cluster.stack.write()
            for container in self.cluster.containers():
                container.remove(force=True)
            self.cluster.stack.up()
            self.suspect = False
        return self.cluster


def no_password_shown(cluster: Cluster, passwords: set[str]) -> None:
    """Check that no password can be read where none belongs."""
    shown = {
        "state": cluster.stack.state(),
        "stack file": cluster.stack.file.read_text(),
        "preview": cluster.stack.preview(diff=True).output,
    }
    for one in cluster.containers():
        shown[f"inspect {one.name}"] = str(one.attrs)
        shown[f"logs {one.name}"] = one.logs().decode(errors="replace")
        shown[f"top {one.name}"] = str(one.top())
    for place, text in shown.items():
        assert not any(password in text for password in passwords), place


def no_password_readable(cluster: Cluster, passwords: set[str]) -> None:
    """Check that in the containers, too, only the owner can read files that contain a password."""
    places = "/run/secrets /etc /usr/local/etc /data/projects"
    find = f'grep -rlsF "$WORDS" {places} | while read -r f; do stat -c "%a %n" "$f"; done'
    for one in cluster.containers():
        _, found = one.exec_run(["sh", "-c", find], environment={"WORDS": "\n".join(passwords)})
        assert isinstance(found, bytes)
        files = found.decode().splitlines()
        readable = [line for line in files if not line.startswith(("600 ", "400 "))]
        assert not readable, (one.name, readable)


def closed_and_bounded(cluster: Cluster, gateways: set[str]) -> None:
    """Check that only gateways are open to other machines, that containers have no more rights than
    their services need, and that no log grows without limit.

    Args:
        cluster: the deployment.
        gateways: their ports in the container, like 9370/tcp.
    """
    wanted_ports = set()
    for one in cluster.containers():
        config = one.attrs["HostConfig"]
        assert config["CapDrop"] == ["ALL"], one.name
        assert set(config["CapAdd"] or ()) <= _CAPABILITIES, one.name
        assert config["SecurityOpt"] == ["no-new-privileges"], one.name
        assert not config["Privileged"], one.name
        assert not [mount for mount in one.attrs["Mounts"] if mount["Type"] != "volume"], one.name
        for port, bindings in (config["PortBindings"] or {}).items():
            wanted = "0.0.0.0" if port in gateways else "127.0.0.1"
            assert {binding["HostIp"] for binding in bindings} == {wanted}, (one.name, port)
            if port in gateways:
                wanted_ports |= {int(binding["HostPort"]) for binding in bindings}
        assert config["LogConfig"]["Config"] == {"max-size": "10m", "max-file": "3"}, one.name
    assert open_ports(cluster.host.address) == wanted_ports | {DOCKERD_PORT}


def open_ports(address: str) -> set[int]:
    """The TCP ports that a machine accepts connections at."""

    def accepts(port: int) -> bool:
        with socket.socket() as attempt:
            attempt.settimeout(30)
            return attempt.connect_ex((address, port)) == 0

    return {port for port in range(1, 65536) if accepts(port)}


def toy_job(
    cluster: Cluster, line: str, guest: int = 9999, host: int = 10000, *, peer: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run the toy job as an up with fate:verify does, or as if the host were somebody else's."""
    return cluster.stack.python(
        f"fate_components.lines.{line}.toy_job",
        GUEST=str(guest),
        HOST=str(host),
        GUEST_DOCKER=cluster.host.url,
        HOST_DOCKER="" if peer else cluster.host.url,
    )


def whole(cluster: Cluster, services: set[str], parties: Sequence[int] = (9999, 10000)) -> None:
    """Check that parties have these services on a Docker host, and that none was restarted."""
    for party in parties:
        found = cluster.containers(party=party, cluster="training")
        assert {one.labels["fate.service"] for one in found} == services
        for one in found:
            assert one.attrs["State"]["Health"]["Status"] == "healthy", one.name
            assert one.attrs["RestartCount"] == 0, one.name


def settled(cluster: Cluster) -> None:
    """Check that no changes are left to deploy."""
    cluster.stack.preview(expect_no_changes=True)
    cluster.stack.refresh(expect_no_changes=True)
    assert cluster.stack.up().operations() == {}


@contextlib.contextmanager
def all_stop_cleanly(cluster: Cluster, killed: Collection[str] = ()) -> Iterator[None]:
    """Check that every container stops, and when it is asked to.

    Args:
        cluster: the deployment.
        killed: the services that may be killed instead.
    """
    services = {one.name: one.labels["fate.service"] for one in cluster.containers()}
    codes: dict[str, str] = {}
    events = cluster.host.docker.events(
        decode=True, filters={"event": "die", "label": f"fate.stack={cluster.stack.name}"}
    )

    def read() -> None:
        for event in events:
            attributes = event["Actor"]["Attributes"]
            codes[attributes["name"]] = attributes["exitCode"]

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield
        wait_for("all containers to stop", lambda: codes.keys() >= services.keys())
    finally:
        events.close()
        reader.join()
    # 137 means killed after the whole grace period.
    late = {services.get(name) for name, code in codes.items() if code == "137"}
    assert late <= {*killed}, codes
