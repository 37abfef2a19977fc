"""What the program sees on a Docker host before it registers anything.

The provider's refresh does not see everything that can be changed by hand: a container that is
paused, or disconnected from its network, looks to it as it should. So every run of the program,
in a preview as well, looks at the hosts once.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from ..client.daemon import Daemon, NoAnswerError, document
from ..client.queries import Queries
from ..ports import Published, bound
from . import local
from .deployed import Deployed

LEFT_OUT = "FATE_LEFT_OUT"
"""The environment variable with the names of the Docker hosts that an update leaves out."""

LOST = "Docker, for a container that it lost when it was killed"
"""Who has a port that Docker keeps for no container.

If dockerd is killed while it starts a container, its next start maps the container's ports again
from libnetwork's files and forgets whose they are. The start after that one releases them (seen
with Docker 20.10).
"""

Described = Mapping[str, Any]
"""An object as Docker describes it."""


@dataclass(frozen=True)
class Survey:
    """A Docker host as it is when the program starts.

    Args:
        daemon: its daemon; None if it gave no answer, or for a host that nobody looked at.
        containers: this stack's containers by name, as `docker inspect` shows them.
        others: all other containers by name, as `docker ps` lists them.
        networks: all networks by name.
        volumes: this stack's volumes by name.
        holders: where others listen on the machine's ports, by who they are.
        info: what `docker info` shows.
        clock: how many seconds its clock is ahead of this machine's.
        disk: the free space for images and data in bytes, if it can be told.
        cpu_flags: what its processors can do, like avx2, if it can be told.
        images: the names of the images that this stack's containers use.
        error: why the daemon gave no answer.
        questions: what else is asked of the daemon; None if there is no daemon.
        deployed: what the stack has deployed last, on all hosts.
    """

    daemon: Daemon | None = None
    containers: Mapping[str, Described] = field(default_factory=dict)
    others: Mapping[str, Described] = field(default_factory=dict)
    networks: Mapping[str, Described] = field(default_factory=dict)
    volumes: Mapping[str, Described] = field(default_factory=dict)
    holders: Mapping[str, Sequence[Published]] = field(default_factory=dict)
    info: Described = field(default_factory=dict)
    clock: float = 0
    disk: int | None = None
    cpu_flags: frozenset[str] | None = None
    images: frozenset[str] = frozenset()
    error: str = ""
    questions: Queries | None = None
    deployed: Deployed = field(default_factory=Deployed, compare=False)

    def has_image(self, name: str) -> bool:
        """Whether the host has an image of this name; true if it cannot be told."""
        if name in self.images:
            return True
        try:
            return self.daemon is None or self.daemon.get(f"/images/{name}/json") is not None
        except NoAnswerError:
            return True


def labels_of(container: Described) -> Mapping[str, str]:
    """The labels of a container, as `docker inspect` shows it."""
    labels: Mapping[str, str] | None = container.get("Config", {}).get("Labels")
    return labels or {}


def take(docker_hosts: Mapping[str, str], stack: str) -> dict[str, Survey]:
    """Look at Docker hosts, all at once.

    Args:
        docker_hosts: how to reach the daemons, by the hosts' names.
        stack: the stack's name.
    """
    deployed = Deployed()
    with ThreadPoolExecutor(max_workers=32) as threads:
        surveys = threads.map(lambda url: _take(url, stack, deployed), docker_hosts.values())
        return dict(zip(docker_hosts, surveys, strict=True))


def _take(docker_host: str, stack: str, deployed: Deployed) -> Survey:
    daemon = Daemon(docker_host)
    # Looked at first: what Docker has begun to start by now, it shows with its ports.
    listening, proxied = local.listeners(docker_host), local.proxied(docker_host)
    try:
        first = ("/containers/json?all=1", "/networks", _volumes(stack))
        listed, networks, volumes = daemon.ask(*map(document, first))
        ours = [container for container in listed if _stack(container) == stack]
        inspected = daemon.ask(
            *(document(f"/containers/{container['Id']}/json") for container in ours)
        )
        images = {container["ImageID"] for container in ours}
        used = daemon.answers([document(f"/images/{id}/json") for id in images])
        asked = time.time()
        info = daemon.get("/info") or {}
        answered = time.time()
    except NoAnswerError as error:
        return Survey(error=str(error))
    others = [container for container in listed if _stack(container) != stack]
    holders = {
        f"container {_name(container['Names'][0])}": list(_published(container))
        for container in others
    }
    # For a published port a process of Docker listens.
    ports = {where.port for container in listed for where in _published(container)}
    ports |= {port for container in inspected if container for port in _starting(container)}
    for where in listening:
        if where.port not in ports:
            holder = LOST if where.port in proxied else "a process on that machine"
            holders.setdefault(holder, []).append(where)
    return Survey(
        daemon,
        {_name(container["Name"]): container for container in inspected if container},
        {_name(container["Names"][0]): container for container in others},
        {network["Name"]: network for network in networks},
        {volume["Name"]: volume for volume in volumes.get("Volumes") or ()},
        holders,
        info,
        _ahead(info, (asked + answered) / 2),
        local.free_space(docker_host, info.get("DockerRootDir", "")),
        local.cpu_flags(docker_host),
        frozenset(
            name for image in used if isinstance(image, dict) for name in image["RepoTags"] or ()
        ),
        questions=Queries(daemon),
        deployed=deployed,
    )


def _volumes(stack: str) -> str:
    filters = json.dumps({"label": [f"fate.stack={stack}"]})
    return f"/volumes?filters={quote(filters)}"


def _ahead(info: Described, now: float) -> float:
    system_time = info.get("SystemTime")
    return datetime.fromisoformat(system_time).timestamp() - now if system_time else 0


def _starting(container: Described) -> Iterator[int]:
    """The ports of a container that runs, or that Docker starts again and again.

    Docker shows them after it has begun to listen.
    """
    if container["State"]["Status"] in ("running", "restarting"):
        yield from (at.port for at in bound(container))


def _published(listed: Described) -> Iterator[Published]:
    for port in listed.get("Ports") or ():
        if port.get("PublicPort") and port["Type"] == "tcp":
            yield Published.written(port["PublicPort"], port.get("IP"))


def _name(written: str) -> str:
    return written.removeprefix("/")


def _stack(listed: Described) -> str | None:
    label: str | None = (listed.get("Labels") or {}).get("fate.stack")
    return label
