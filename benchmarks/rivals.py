"""The same containers as a stack's, deployed by others: docker-compose and the bare Docker API."""

import io
import json
import os
import subprocess
import tarfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.engine.docker_hosts import DockerHost, wait_for
from tests.support.engine.stacks import Stack

_HEALTHY_WITHIN = 600  # seconds


@dataclass(frozen=True)
class Spec:
    """A container.

    Args:
        party: the id of its party.
        service: its service.
        inputs: the arguments that this project gives the Docker provider.
        attributes: what docker inspect says of it.
        networks: what docker inspect says of its networks, by their names.
    """

    party: str
    service: str
    inputs: dict[str, Any]
    attributes: dict[str, Any]
    networks: dict[str, dict[str, Any]]

    @property
    def files(self) -> list[dict[str, str]]:
        """The files that it gets, each {file, content, permissions}."""
        return list(self.inputs.get("uploads", []))


def specs(stack: Stack, host: DockerHost) -> list[Spec]:
    """The containers of a stack that is deployed on one Docker host."""
    command = ["pulumi", "stack", "export", "--show-secrets", "--stack", stack.name]
    env = {**os.environ, **stack.auto.workspace.env_vars}
    exported = subprocess.run(
        command, cwd=stack.folder, env=env, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    networks = {one.name: one.attrs for one in host.docker.networks.list()}
    found = []
    for resource in json.loads(exported)["deployment"]["resources"]:
        if resource["type"] != "docker:index/container:Container":
            continue
        inputs = _plain(resource["inputs"])
        labels = {label["label"]: label["value"] for label in inputs["labels"]}
        found.append(
            Spec(
                labels["fate.party"],
                labels["fate.service"],
                inputs,
                host.docker.containers.get(inputs["name"]).attrs,
                {one["name"]: networks[one["name"]] for one in inputs["networksAdvanced"]},
            )
        )
    return found


def _plain(value: Any) -> Any:
    """A value of the exported state without the marks of secrets."""
    if isinstance(value, dict):
        if "plaintext" in value:
            return _plain(json.loads(value["plaintext"]))
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def healthy(host: DockerHost, count: int) -> None:
    """Wait until so many containers are healthy."""
    client = host.docker
    wait_for(
        f"{count} healthy containers",
        lambda: len(client.containers.list(filters={"health": "healthy"}, sparse=True)) == count,
        _HEALTHY_WITHIN,
    )


class Compose:
    """docker-compose, with each party in a folder of its own.

    Args:
        same: the containers.
        host: the Docker host.
        folder: an empty folder.
    """

    def __init__(self, same: Sequence[Spec], host: DockerHost, folder: Path) -> None:
        self._host, self._count = host, len(same)
        # A network that several parties use is nobody's.
        of_parties: dict[str, set[str]] = {}
        for spec in same:
            for network in spec.networks:
                of_parties.setdefault(network, set()).add(spec.party)
        self._shared = {
            name: spec.networks[name]
            for spec in same
            for name in spec.networks
            if len(of_parties[name]) > 1 or "shared" in name
        }
        self._folders = []
        for party in dict.fromkeys(spec.party for spec in same):
            own = folder / f"confs-{party}"
            own.mkdir()
            mine = [spec for spec in same if spec.party == party]
            (own / "docker-compose.yml").write_text(yaml.safe_dump(self._file(mine, own)))
            self._folders.append(own)

    def up(self) -> None:
        """Deploy all parties, one after another, and wait until all are healthy."""
        present = {one.name for one in self._host.docker.networks.list()}
        for name, network in self._shared.items():
            if name not in present:
                self._host.docker.api.create_network(name, "bridge", ipam=network["IPAM"])
        for folder in self._folders:
            self._run(folder, "up", "-d")
        healthy(self._host, self._count)

    def again(self) -> None:
        """What KubeFATE does for a changed value: it deploys the party anew."""
        self._run(self._folders[0], "down")
        self._run(self._folders[0], "up", "-d")
        healthy(self._host, self._count)

    def down(self) -> None:
        """Remove all parties; their data stays."""
        for folder in self._folders:
            self._run(folder, "down")
        for name in self._shared:
            self._host.docker.api.remove_network(name)

    def _run(self, folder: Path, *command: str) -> None:
        subprocess.run(
            ["docker-compose", *command],
            cwd=folder,
            env={**os.environ, "DOCKER_HOST": self._host.url},
            check=True,
            capture_output=True,
        )

    def _file(self, mine: Sequence[Spec], folder: Path) -> dict[str, Any]:
        networks: dict[str, Any] = {}
        volumes: dict[str, Any] = {}
        services = {}
        for spec in mine:
            for name, network in spec.networks.items():
                ipam = [
                    {key.lower(): value for key, value in one.items()}
                    for one in network["IPAM"]["Config"]
                ]
                networks[name] = (
                    {"external": {"name": name}}
                    if name in self._shared
                    else {"name": name, "ipam": {"config": ipam}}
                )
            services[spec.service] = self._service(spec, folder, volumes)
        return {"version": "2.4", "services": services, "networks": networks, "volumes": volumes}

    def _service(self, spec: Spec, folder: Path, volumes: dict[str, Any]) -> dict[str, Any]:
        given, mounts = spec.inputs, []
        for volume in given.get("volumes", []):
            volumes[volume["volumeName"]] = {"name": volume["volumeName"]}
            mounts.append(f"{volume['volumeName']}:{volume['containerPath']}")
        for number, file in enumerate(spec.files):
            path = folder / f"{spec.service}-{number}"
            path.write_text(file["content"])
            path.chmod(int(file.get("permissions", "0644"), 8))
            mounts.append(f"{path}:{file['file']}")
        check = given["healthcheck"]
        made = {
            "image": given["image"],
            "container_name": given["name"],
            "environment": list(given.get("envs", [])),
            "volumes": mounts,
            "ports": [
                f"{one['ip']}:{one['external']:.0f}:{one['internal']:.0f}"
                for one in given.get("ports", [])
            ],
            "networks": {
                one["name"]: {
                    "aliases": one.get("aliases", []),
                    **({"ipv4_address": one["ipv4Address"]} if "ipv4Address" in one else {}),
                }
                for one in given["networksAdvanced"]
            },
            "healthcheck": {
                "test": [word.replace("$", "$$") for word in check["tests"]],
                "interval": check["interval"],
                "timeout": check["timeout"],
                "retries": int(check["retries"]),
                "start_period": check["startPeriod"],
            },
            "cap_drop": given["capabilities"]["drops"],
            "cap_add": given["capabilities"].get("adds", []),
            "restart": given["restart"],
            "init": True,
        }
        for key in ("command", "entrypoint"):
            if key in given or f"{key}s" in given:
                words = given.get(key) or given[f"{key}s"]
                made[key] = [word.replace("$", "$$") for word in words]
        return made


class Api:
    """The Docker API, with everything at once: the floor below every deployment.

    Args:
        same: the containers.
        host: the Docker host.
    """

    def __init__(self, same: Sequence[Spec], host: DockerHost) -> None:
        self._same, self._host = same, host

    @property
    def _networks(self) -> dict[str, dict[str, Any]]:
        return {name: one for spec in self._same for name, one in spec.networks.items()}

    def up(self) -> None:
        """Create and start everything, and wait until all are healthy."""
        api = self._host.docker.api
        with ThreadPoolExecutor(max_workers=64) as threads:
            list(
                threads.map(
                    lambda name: api.create_network(
                        name, "bridge", ipam=self._networks[name]["IPAM"]
                    ),
                    self._networks,
                )
            )
            list(threads.map(self._start, self._same))
        healthy(self._host, len(self._same))

    def _start(self, spec: Spec) -> None:
        api, given = self._host.docker.api, spec.inputs
        first, *others = given["networksAdvanced"]
        endpoint = spec.attributes["NetworkSettings"]["Networks"][first["name"]]
        config = {
            **spec.attributes["Config"],
            "HostConfig": spec.attributes["HostConfig"],
            "NetworkingConfig": {
                "EndpointsConfig": {
                    first["name"]: {
                        "Aliases": first.get("aliases"),
                        "IPAMConfig": endpoint["IPAMConfig"],
                    }
                }
            },
        }
        id = api.create_container_from_config(config, given["name"])["Id"]  # type: ignore[no-untyped-call]
        for other in others:
            api.connect_container_to_network(
                id, other["name"], ipv4_address=other.get("ipv4Address"),
                aliases=other.get("aliases"),
            )  # fmt: skip
        api.put_archive(id, "/", _archive(spec))
        api.start(id)

    def down(self) -> None:
        """Stop and remove everything; data stays."""
        api = self._host.docker.api

        def remove(spec: Spec) -> None:
            api.stop(spec.inputs["name"], timeout=60)
            api.remove_container(spec.inputs["name"])

        with ThreadPoolExecutor(max_workers=64) as threads:
            list(threads.map(remove, self._same))
        for name in self._networks:
            api.remove_network(name)


def _archive(spec: Spec) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for file in spec.files:
            content = file["content"].encode()
            entry = tarfile.TarInfo(file["file"].lstrip("/"))
            entry.size, entry.mode = len(content), int(file.get("permissions", "0644"), 8)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
