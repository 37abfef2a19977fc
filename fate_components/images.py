"""Images that are built from packages, on the Docker host that runs them."""

import asyncio
import os
import subprocess

import pulumi
import pulumi_command as command

from images.catalogue import LABEL, image_key, image_name

from .docker import cli, material, tool
from .docker.survey import Survey
from .release import Image, Release

_LINES = 20  # of the output of a build that fails


class Builds:
    """The images of a release that can be built from packages.

    Args:
        release: the facts of the release; each of its services has a package.
    """

    def __init__(self, release: Release) -> None:
        self._release = release.name
        self._packages = sorted(
            {service.package for service in release.services.values() if service.package}
        )

    def name(self, image: Image) -> str:
        """The image's name, which depends on what the image is built from."""
        assert image.package is not None  # noqa: S101 - Release.from_packages has no other
        return image_name(image.package, self._release)

    def on(
        self, name: str, docker_host: str, registry: str, opts: pulumi.ResourceOptions
    ) -> command.local.Command:
        """Build all of them on a Docker host. Those that already exist there cost nothing.

        Args:
            name: the resource's logical name.
            docker_host: how to reach the daemon.
            registry: the registry of their base image, or "" for the official one.
            opts: the parent and provider options.
        """
        names = [image_name(package, self._release) for package in self._packages]
        return tool.run(
            name,
            "images.build",
            [*self._arguments(docker_host, registry), *self._packages],
            # The names depend on everything that an image is built from.
            environment={"IMAGES": " ".join(names), **material.environment(docker_host)},
            opts=opts,
        )

    def kept(self, image: Image, survey: Survey) -> str | None:
        """The id of an image whose name was removed by hand, if a container still uses the image.

        Docker keeps it then, so it only needs its name again, and the container can stay.

        Args:
            image: the image.
            survey: the Docker host.
        """
        assert image.package is not None  # noqa: S101
        key = image_key(image.package, self._release)
        used = [
            str(one["Image"])
            for one in survey.containers.values()
            if (one["Config"].get("Labels") or {}).get(LABEL) == key
        ]
        if not used or survey.has_image(self.name(image)):
            return None
        return used[0]

    def again(
        self, host: str, docker_host: str, registry: str, image: Image, kept: str | None
    ) -> pulumi.ResourceHook:
        """A hook that makes an image again before it is looked for on the Docker host.

        The command that builds all images has not changed when one of them was removed by hand.

        Args:
            host: the Docker host's name in the stack file.
            docker_host: how to reach the daemon.
            registry: the registry of the base image, or "" for the official one.
            image: the image.
            kept: the id of the image, if only its name was removed.
        """
        environment = cli.environment(docker_host)
        name, package = self.name(image), str(image.package)
        command = [tool.PYTHON, "-m", "images.build", *self._arguments(docker_host, registry)]

        def there() -> bool:
            if cli.run(["image", "inspect", name], environment).returncode == 0:
                return True
            return bool(kept) and cli.run(["tag", str(kept), name], environment).returncode == 0

        def build() -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [*command, package],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                env={**os.environ, **material.environment(docker_host)},
                check=False,
            )

        async def before_create(_: pulumi.ResourceHookArgs) -> None:
            if await asyncio.to_thread(there):
                return
            pulumi.log.info(f"Building {name} on Docker host {host} again.")
            done = await asyncio.to_thread(build)
            if done.returncode:
                raise RuntimeError("\n".join(done.stdout.splitlines()[-_LINES:]))

        return pulumi.ResourceHook(f"images-{host}-{package}", before_create)

    def _arguments(self, docker_host: str, registry: str) -> list[str]:
        arguments = ["--host", docker_host, "--release", self._release]
        return [*arguments, "--registry", registry] if registry else arguments
