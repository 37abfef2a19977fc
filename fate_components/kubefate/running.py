"""A party as KubeFATE's docker-compose deployer runs it, and where its data is.

docker-compose labels containers with the names of their project and service. The projects are
confs-PARTY and serving-PARTY in all versions of KubeFATE from v1.3.0 to v2.0.0.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..docker.client import cli
from ..docker.client.daemon import Daemon
from ..operate.backup import volumes
from ..party.deployed import MYSQL, Deployed, Found, PartyError, Volume, docker

_PROJECT, _SERVICE = "com.docker.compose.project", "com.docker.compose.service"
_STACK = "kubefate"


def as_root(program: str) -> str:
    """The shell command that runs a client program as root, inside the container of MySQL.

    Args:
        program: the program with its arguments, like mysqldump fate.
    """
    name, _, arguments = program.partition(" ")
    return f'MYSQL_PWD="$MYSQL_ROOT_PASSWORD" exec {name} -u root {arguments}'


@dataclass(frozen=True)
class Data:
    """Data of the party outside of its database.

    Args:
        part: the last part of the name that its volume will have.
        owner: the container that it is in.
        path: its path in the container.
        mount: the volume or the folder on the Docker host that is mounted there, or None if it is
            in the container itself.
    """

    part: str
    owner: Found
    path: str
    mount: str | None

    def read(self, party: Deployed) -> Iterator[bytes]:
        """Its files, as a tar archive.

        Args:
            party: the party.

        Raises:
            PartyError: they could not all be read.
        """
        if self.mount:
            yield from volumes.read(party, Volume(self.mount, self.part, self.owner))
            return
        try:
            copy = ["cp", f"{self.owner.id}:{self.path}/.", "-"]
            yield from cli.output(copy, cli.environment(self.owner.docker_host))
        except cli.CommandError as error:
            raise PartyError(f"{self.path} of {self.owner.name}: {error}") from None


@dataclass(frozen=True)
class Running:
    """The party's containers, and its data.

    Args:
        party: its containers.
        data: its data outside of its database.
        images: the names of the images that its services run, by service.
    """

    party: Deployed
    data: tuple[Data, ...]
    images: Mapping[str, str]


def find(party: int, docker_hosts: Iterable[str], wanted: Mapping[str, tuple[str, str]]) -> Running:
    """Look for a party.

    Args:
        party: the party's id.
        docker_hosts: how to reach the daemons of the Docker hosts that it may be on.
        wanted: where its data is: the service and the path in its container, by the last part of
            the name that the volume with it will have.

    Raises:
        PartyError: it is not there, or a Docker host does not answer.
        NoAnswerError: a Docker host does not answer any more.
    """
    projects = [f"confs-{party}", f"serving-{party}"]
    hosts = list(dict.fromkeys(docker_hosts))
    containers: list[Found] = []
    data: list[Data] = []
    images: dict[str, str] = {}
    for host in hosts:
        ids = [
            id
            for project in projects
            for id in docker(host, "ps", "-aq", f"--filter=label={_PROJECT}={project}").split()
        ]
        for inspected in json.loads(docker(host, "inspect", *ids)) if ids else ():
            container = _found(inspected, host)
            containers.append(container)
            data += _data(inspected, container, wanted)
            images[inspected["Config"]["Labels"][_SERVICE]] = inspected["Config"]["Image"]
    if not containers:
        raise PartyError(
            f"there is no party {party} of KubeFATE (docker-compose projects "
            f"{' and '.join(projects)}) on {', '.join(hosts)}: name the Docker hosts that it is on "
            "in the stack file"
        )
    return Running(Deployed(_STACK, str(party), tuple(containers)), tuple(data), images)


def _found(inspected: Mapping[str, Any], docker_host: str) -> Found:
    service = inspected["Config"]["Labels"][_SERVICE]
    return Found(
        name=inspected["Name"].removeprefix("/"),
        id=inspected["Id"],
        # Others must not be taken for services of ours, whose files they lack.
        service=service if service == MYSQL else f"{_STACK}-{service}",
        image=inspected["Image"],
        status=inspected["State"]["Status"],
        volumes=(),
        docker_host=docker_host,
    )


def _data(
    inspected: Mapping[str, Any], container: Found, wanted: Mapping[str, tuple[str, str]]
) -> Iterator[Data]:
    mounts = {mount["Destination"]: mount for mount in inspected["Mounts"]}
    for part, (service, path) in wanted.items():
        if inspected["Config"]["Labels"][_SERVICE] != service:
            continue
        if mount := mounts.get(path):
            yield Data(part, container, path, mount.get("Name") or mount["Source"])
        elif Daemon(container.docker_host).modified(container.id, path):
            yield Data(part, container, path, None)
