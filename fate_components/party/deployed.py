"""A party as it is on its Docker hosts: its containers and volumes, found by their labels."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import groupby
from pathlib import Path
from typing import Any

from ..docker.client import cli
from ..docker.client.containers import Containers
from ..docker.names import docker_name
from . import interrupts, redis

MYSQL = "mysql"
_REDIS = ("redis", "serving-redis")
_PROJECT = Path(__file__).parents[2]
_TRIES = 5  # to pause a container
_LIMIT = 600  # seconds for one docker command on all containers


class PartyError(Exception):
    """A party whose data cannot be worked on; the text explains why."""


@dataclass(frozen=True)
class Found:
    """A container of the party.

    Args:
        name: its name.
        id: its id.
        service: the service that runs in it.
        image: the id of its image.
        status: its status in Docker, like running or exited.
        volumes: the names of the volumes that are mounted in it.
        docker_host: how to reach its Docker host's daemon.
    """

    name: str
    id: str
    service: str
    image: str
    status: str
    volumes: tuple[str, ...]
    docker_host: str


@dataclass(frozen=True)
class Volume:
    """A volume of the party.

    Args:
        name: its name.
        part: the last part of its name, which is the same in every stack.
        owner: the container of the service that owns it.
    """

    name: str
    part: str
    owner: Found

    @property
    def environment(self) -> dict[str, str]:
        """The variables that connect a docker command to its Docker host."""
        return cli.environment(self.owner.docker_host)


@dataclass(frozen=True)
class Deployed:
    """A party on its Docker hosts.

    Args:
        stack: the stack's name.
        id: the party's id.
        containers: its containers, those of its training cluster first.
    """

    stack: str
    id: str
    containers: tuple[Found, ...]

    @cached_property
    def volumes(self) -> dict[str, Volume]:
        """Its volumes by the last part of their names, without MySQL's: it has a database."""
        prefix = docker_name(self.stack, self.id, "")
        volumes: dict[str, Volume] = {}
        for container in self.containers:
            for name in container.volumes:
                part = name.removeprefix(prefix)
                # A volume that two services share is named after the one that owns it.
                if container.service != MYSQL and part != name:
                    known = volumes.get(part)
                    if known is None or part.startswith(container.service):
                        volumes[part] = Volume(name, part, container)
        return volumes

    @property
    def mysql(self) -> Found | None:
        """The container of its MySQL, if it has one."""
        return next(
            (container for container in self.containers if container.service == MYSQL), None
        )

    @property
    def others(self) -> list[Found]:
        """All its containers but MySQL's."""
        return [container for container in self.containers if container.service != MYSQL]

    def run(self, container: Found, script: str) -> subprocess.CompletedProcess[str]:
        """Run a shell script in one of its containers."""
        at = Containers(self.stack, self.id, container.docker_host)
        return at.exec(container.service, ["sh", "-c", script], timeout=_LIMIT)


def find(stack: str, id: str, docker_hosts: Iterable[str]) -> Deployed:
    """Look at a party.

    Args:
        stack: the stack's name.
        id: the party's id.
        docker_hosts: how to reach the daemons of its Docker hosts.

    Raises:
        PartyError: it is not there, or a Docker host does not answer.
    """
    containers: list[Found] = []
    for host in dict.fromkeys(docker_hosts):
        labels = [f"fate.stack={stack}", f"fate.party={id}", "fate.service"]
        ids = docker(host, "ps", "-aq", *(f"--filter=label={label}" for label in labels)).split()
        if ids:
            containers += [
                _found(inspected, host) for inspected in json.loads(docker(host, "inspect", *ids))
            ]
    if not containers:
        raise PartyError(
            f"party {id} of stack {stack} has no containers on its Docker host: run `pulumi up`"
        )
    return Deployed(stack, id, tuple(containers))


def _found(inspected: Mapping[str, Any], docker_host: str) -> Found:
    mounts = [mount for mount in inspected["Mounts"] if mount["Type"] == "volume"]
    return Found(
        name=inspected["Name"].removeprefix("/"),
        id=inspected["Id"],
        service=inspected["Config"]["Labels"]["fate.service"],
        image=inspected["Image"],
        status=inspected["State"]["Status"],
        volumes=tuple(mount["Name"] for mount in mounts),
        docker_host=docker_host,
    )


def docker(docker_host: str, *arguments: str, limit: float = _LIMIT) -> str:
    """The output of a docker command.

    Args:
        docker_host: how to reach the daemon.
        arguments: the command line after docker.
        limit: seconds after which it fails.

    Raises:
        PartyError: it failed.
    """
    done = cli.run(arguments, cli.environment(docker_host), timeout=limit)
    if done.returncode:
        last = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]
        raise PartyError(f"docker {arguments[0]} on {docker_host} failed: {last}")
    return done.stdout


def each_host(command: str, containers: Iterable[Found]) -> None:
    """Run a docker command, like start, for containers of any Docker hosts.

    Raises:
        PartyError: it failed on one of them; it was run on all.
    """
    _on_each_host(lambda host, ids: docker(host, command, *ids), containers)


def _on_each_host(do: Callable[[str, list[str]], object], containers: Iterable[Found]) -> None:
    failed = []
    for host, there in groupby(containers, lambda container: container.docker_host):
        try:
            do(host, [container.id for container in there])
        except PartyError as error:
            failed.append(str(error))
    if failed:
        raise PartyError("; ".join(failed))


def stop(containers: Iterable[Found]) -> None:
    """Stop containers, also those that a killed backup has left paused.

    Raises:
        PartyError: it failed.
    """
    listed = list(containers)
    unpause(listed)
    each_host("stop", listed)


def wait_healthy(containers: Iterable[Found]) -> None:
    """Wait until containers are healthy.

    Raises:
        PartyError: one of them cannot become healthy; the text shows its log.
    """
    for host, there in groupby(containers, lambda container: container.docker_host):
        names = "".join(f"{container.name} {container.id}\n" for container in there)
        run_module("fate_components.docker.wait", host, names)


def run_module(name: str, docker_host: str, stdin: str, **environment: str) -> None:
    """Run a module that `pulumi up` runs as a command of the stack.

    Args:
        name: the module's full name.
        docker_host: how to reach the daemon that it works on.
        stdin: its standard input.
        environment: more of its environment variables.

    Raises:
        PartyError: it failed; the text is what it said.
    """
    done = subprocess.run(
        [sys.executable, "-m", name],
        input=stdin,
        env={**os.environ, **cli.environment(docker_host), **environment},
        cwd=_PROJECT,
        # What it waits for is of interest to somebody who watches.
        stdout=None if sys.stdout.isatty() else subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PartyError(done.stderr.strip())


@contextmanager
def standing_still(party: Deployed, for_good: bool) -> Iterator[None]:
    """Nothing but MySQL can write while this lasts, and nobody writes to MySQL.

    Args:
        party: the party.
        for_good: whether to stop its containers, instead of pausing them for a while.

    Raises:
        PartyError: a container cannot be paused or stopped.
    """
    # A backup that was killed has left them paused.
    unpause(party.others)
    active = [
        container
        for container in party.others
        if container.status in ("running", "paused", "restarting")
    ]
    caches = [container for container in active if container.service in _REDIS]
    hold = partial(each_host, "stop") if for_good else _pause
    try:
        hold([container for container in active if container not in caches])
        for cache in caches:
            _save(party, cache)
        hold(caches)
        yield
        if for_good:
            hold(filter(None, [party.mysql]))
    except BaseException:
        with interrupts.ignored():
            unpause(active)
            # Those that were to be stopped.
            each_host("start", [*active, *filter(None, [party.mysql])])
        raise
    with interrupts.ignored():
        unpause(active)


def _save(party: Deployed, cache: Found) -> None:
    done = party.run(cache, redis.SAVE)
    if done.stdout.strip() != "OK":
        raise PartyError(f"{cache.name} did not save its data: {done.stdout}{done.stderr}".strip())


def unpause(containers: Iterable[Found]) -> None:
    """Continue those containers that are paused.

    Raises:
        PartyError: it failed.
    """

    def one_host(host: str, ids: list[str]) -> None:
        if paused := _paused(host, ids):
            docker(host, "unpause", *paused)

    _on_each_host(one_host, containers)


def _pause(containers: Iterable[Found]) -> None:
    def pause(host: str, ids: list[str]) -> None:
        for left in reversed(range(_TRIES)):
            try:
                docker(host, "pause", *ids)
                return
            except PartyError as error:
                # The kernel does not always stop all processes of a busy machine in time.
                if not left or "unable to freeze" not in str(error):
                    raise
            paused = _paused(host, ids)
            ids = [id for id in ids if id not in paused]
            if not ids:
                return

    _on_each_host(pause, containers)


def _paused(host: str, ids: Sequence[str]) -> list[str]:
    lines = docker(host, "inspect", "-f", "{{.State.Paused}} {{.Id}}", *ids).splitlines()
    return [line.split()[1] for line in lines if line.startswith("true ")]
