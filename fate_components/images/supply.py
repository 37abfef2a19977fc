"""Where the images of services come from, if no registry has them for a Docker host to pull: built
from packages there, or loaded from an archive."""

import asyncio
import os
import subprocess
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Protocol

import pulumi
import pulumi_command as command

from ..docker import tool
from ..docker.client import cli, tls_files
from ..docker.images import archive
from ..docker.images import supply as docker_supply
from ..docker.images.archive import Archive, ArchiveError
from ..docker.images.supply import full_name
from ..docker.inspect.survey import Survey
from ..docker.software import Image
from ..plan.topology import Topology
from ..settings import Mistake, Settings
from .packages.catalogue import LABEL, image_key, image_name

_LINES = 20  # of the output of a build that fails
_BUILD = "fate_components.images.packages.build"


class Supply(docker_supply.Supply, Protocol):
    """What brings images to a Docker host, and tells beforehand if it cannot."""

    def mistakes(self, host: str, survey: Survey) -> Iterator[Mistake]:
        """What keeps a Docker host from getting its images.

        Args:
            host: the Docker host's name in the stack file.
            survey: the Docker host.
        """


def supplies(settings: Settings, plan: Topology) -> dict[str, Supply]:
    """What brings images to each Docker host, other than a registry.

    Args:
        settings: the stack file's settings.
        plan: the deployment.
    """
    supplied: dict[str, Supply] = {}
    for host in settings.hosts:
        services = plan.services(host)
        packages = {service.package for service in services if service.package}
        if settings.images == "packages" and packages:
            supplied[host] = Builds(settings.release, packages, settings.registry)
        if settings.images == "archive" and services:
            names = {full_name(settings.registry, service) for service in services}
            supplied[host] = Archived(settings.archive or "", names, settings.registry)
    return supplied


def names(settings: Settings, plan: Topology) -> list[str]:
    """The names of all images of a deployment.

    Args:
        settings: the stack file's settings.
        plan: the deployment.
    """
    image_names, supplied = set(), supplies(settings, plan)
    for host in settings.hosts:
        supply = supplied.get(host)
        for service in plan.services(host):
            ours = supply and supply.has(service)
            image_names.add(
                supply.name(service) if supply and ours else full_name(settings.registry, service)
            )
    return sorted(image_names)


def mistakes(supplies: Mapping[str, Supply], surveys: Mapping[str, Survey]) -> Iterator[Mistake]:
    """What keeps Docker hosts from getting their images.

    Args:
        supplies: what brings images to the Docker hosts.
        surveys: the Docker hosts.
    """
    for host, supply in supplies.items():
        yield from supply.mistakes(host, surveys[host])


class Builds:
    """The images that are built from packages on a Docker host.

    Args:
        release: the release's name.
        packages: the packages that are used.
        registry: the registry of their base image, or "" for the official one.
    """

    def __init__(self, release: str, packages: Collection[str], registry: str) -> None:
        self._release = release
        self._packages = sorted(packages)
        self._registry = registry

    def has(self, image: Image) -> bool:
        """Whether the image is built."""
        return image.package is not None

    def name(self, image: Image) -> str:
        """The image's name, which depends on what the image is built from."""
        assert image.package is not None  # noqa: S101 - it has the image
        return image_name(image.package, self._release)

    def mistakes(self, host: str, survey: Survey) -> Iterator[Mistake]:
        """None: a build finds out."""
        return iter(())

    def on(
        self, name: str, docker_host: str, opts: pulumi.ResourceOptions
    ) -> command.local.Command:
        """Build all of them on a Docker host; see `Supply`."""
        names = [image_name(package, self._release) for package in self._packages]
        return tool.run(
            name,
            _BUILD,
            [*self._arguments(docker_host), *self._packages],
            # The names depend on everything that an image is built from.
            environment={"IMAGES": " ".join(names), **tls_files.environment(docker_host)},
            opts=opts,
        )

    def kept(self, image: Image, survey: Survey) -> str | None:
        """The id of an image that only lost its name; see `Supply`."""
        assert image.package is not None  # noqa: S101
        key = image_key(image.package, self._release)
        used = [
            str(container["Image"])
            for container in survey.containers.values()
            if (container["Config"].get("Labels") or {}).get(LABEL) == key
        ]
        if not used or survey.has_image(self.name(image)):
            return None
        return used[0]

    def again(
        self, host: str, docker_host: str, image: Image, kept: str | None
    ) -> pulumi.ResourceHook:
        """A hook that builds an image again; see `Supply`."""
        package = str(image.package)
        command = [tool.PYTHON, "-m", _BUILD, *self._arguments(docker_host), package]

        def build() -> None:
            done = subprocess.run(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                env={**os.environ, **tls_files.environment(docker_host)},
                check=False,
            )
            if done.returncode:
                raise RuntimeError("\n".join(done.stdout.splitlines()[-_LINES:]))

        name = self.name(image)
        hook = f"images-{host}-{package}"
        says = f"Building {name} on Docker host {host} again."
        return _unless_there(hook, docker_host, name, kept, says, build)

    def _arguments(self, docker_host: str) -> list[str]:
        arguments = ["--host", docker_host, "--release", self._release]
        return [*arguments, "--registry", self._registry] if self._registry else arguments


class Archived:
    """The images that are loaded from an archive into a Docker host.

    Args:
        path: the archive's file, as the stack file names it.
        names: the names of the images that the host needs.
        registry: the registry in the images' names, or "" for official names.
    """

    def __init__(self, path: str, names: Collection[str], registry: str) -> None:
        self._path = path
        self._names = sorted(names)
        self._registry = registry

    def has(self, image: Image) -> bool:
        """Whether the image is loaded: all are."""
        return True

    def name(self, image: Image) -> str:
        """The image's name in the archive and on the Docker host."""
        return full_name(self._registry, image)

    def mistakes(self, host: str, survey: Survey) -> Iterator[Mistake]:
        """What the archive lacks, if the Docker host lacks it too; see `Supply`."""
        needed = [name for name in self._names if not survey.has_image(name)]
        if not needed:
            return
        try:
            contents = _contents(self._path)
        except ArchiveError as error:
            yield Mistake(("archive",), f"{error}; Docker host {host} lacks {', '.join(needed)}")
            return
        if lacking := [name for name in needed if not contents.has(name)]:
            yield Mistake(
                ("archive",),
                f"{self._path} lacks {', '.join(lacking)}, and so does Docker host {host}; save an "
                "archive with `fatectl images save` from a Docker host that has them",
            )

    def on(
        self, name: str, docker_host: str, opts: pulumi.ResourceOptions
    ) -> command.local.Command:
        """Load all of them into a Docker host; see `Supply`."""
        return tool.run(
            name,
            "fate_components.docker.images.archive",
            ["--host", docker_host, self._path],
            environment={"IMAGES": " ".join(self._names), **tls_files.environment(docker_host)},
            opts=opts,
        )

    def kept(self, image: Image, survey: Survey) -> str | None:
        """The id of an image that only lost its name; see `Supply`."""
        name = self.name(image)
        if survey.has_image(name):
            return None
        id = _contents(self._path).id(name)
        return (
            id
            if any(container["Image"] == id for container in survey.containers.values())
            else None
        )

    def again(
        self, host: str, docker_host: str, image: Image, kept: str | None
    ) -> pulumi.ResourceHook:
        """A hook that loads an image again; see `Supply`."""
        name = self.name(image)
        says = f"Loading {name} into Docker host {host} again."

        def load() -> None:
            archive.load(_file(self._path), [name], docker_host, pulumi.log.debug)

        return _unless_there(f"images-{host}-{name}", docker_host, name, kept, says, load)


def _file(path: str) -> Path:
    return Path(path).expanduser()


@cache
def _contents(path: str) -> Archive:
    return archive.read(_file(path))


def _unless_there(
    hook: str,
    docker_host: str,
    name: str,
    kept: str | None,
    says: str,
    bring: Callable[[], None],
) -> pulumi.ResourceHook:
    """A hook that brings an image, unless the Docker host has it.

    Args:
        hook: the hook's name.
        docker_host: how to reach the daemon.
        name: the image's name.
        kept: the id of the image, if only its name was removed.
        says: what to tell before it is brought.
        bring: brings it.
    """
    environment = cli.environment(docker_host)

    def there() -> bool:
        if cli.run(["image", "inspect", name], environment).returncode == 0:
            return True
        return bool(kept) and cli.run(["tag", str(kept), name], environment).returncode == 0

    async def before_create(_: pulumi.ResourceHookArgs) -> None:
        if await asyncio.to_thread(there):
            return
        pulumi.log.info(says)
        await asyncio.to_thread(bring)

    return pulumi.ResourceHook(hook, before_create)
