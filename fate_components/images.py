"""Images that are built from packages, on the Docker host that runs them."""

import pulumi
import pulumi_command as command

from images.catalogue import image_name

from .docker import tool
from .release import Image, Release


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
        arguments = ["--host", docker_host, "--release", self._release]
        if registry:
            arguments += ["--registry", registry]
        return tool.run(
            name,
            "images.build",
            [*arguments, *self._packages],
            # The names depend on everything that an image is built from.
            environment={"IMAGES": " ".join(names)},
            opts=opts,
        )
