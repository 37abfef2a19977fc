"""What brings images to a Docker host, if no registry has them for it to pull."""

from typing import Protocol

import pulumi
import pulumi_command as command

from ..inspect.survey import Survey
from ..software import Image


class Supply(Protocol):
    """What brings images to a Docker host, other than a registry."""

    def has(self, image: Image) -> bool:
        """Whether it has the image; all others are pulled."""

    def name(self, image: Image) -> str:
        """The name of an image that it has."""

    def on(
        self, name: str, docker_host: str, opts: pulumi.ResourceOptions
    ) -> command.local.Command:
        """Bring all its images to a Docker host. Those that already exist there cost nothing.

        Args:
            name: the resource's logical name.
            docker_host: how to reach the daemon.
            opts: the parent and provider options.
        """

    def kept(self, image: Image, survey: Survey) -> str | None:
        """The id of an image whose name was removed by hand, if a container still uses the image.

        Docker keeps it then, so it only needs its name again, and the container can stay.

        Args:
            image: the image.
            survey: the Docker host.
        """

    def again(
        self, host: str, docker_host: str, image: Image, kept: str | None
    ) -> pulumi.ResourceHook:
        """A hook that brings an image again before it is looked for on the Docker host.

        The command that brings all images has not changed when one of them was removed by hand.

        Args:
            host: the Docker host's name in the stack file.
            docker_host: how to reach the daemon.
            image: the image.
            kept: the id of the image, if only its name was removed.
        """


def full_name(registry: str, image: Image) -> str:
    """An image's name as Docker hosts pull it.

    Args:
        registry: the registry for all images, or "" for the official registries.
        image: the image.
    """
    return f"{registry}/{image.image}" if registry and not image.own else image.image
