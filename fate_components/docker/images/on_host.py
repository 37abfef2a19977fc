"""The images on a Docker host: pulled from a registry, or brought there otherwise."""

from collections.abc import Sequence

import pulumi
import pulumi_docker as docker

from ..inspect.survey import Survey
from ..software import Image
from . import registries
from .registries import Login
from .supply import Supply, full_name


class HostImages:
    """The images on a Docker host.

    Args:
        host: the Docker host's name in the stack file.
        docker_host: how to reach its daemon.
        registry: the registry for all images, or "" for the official registries.
        logins: how to log in to registries.
        supply: what brings images to it instead, or None.
        survey: what is on it now.
        opts: the parent and provider options of images.
    """

    def __init__(
        self,
        host: str,
        docker_host: str,
        registry: str,
        logins: Sequence[Login],
        supply: Supply | None,
        survey: Survey,
        opts: pulumi.ResourceOptions,
    ) -> None:
        self._host, self._docker_host = host, docker_host
        self._registry = registry
        self._supply = supply
        self._survey = survey
        self._opts = opts
        self._images: dict[str, docker.RemoteImage] = {}
        self._kept: dict[str, str | None] = {}
        self._again: dict[str, pulumi.ResourceHook] = {}
        self._pulling = registries.error_hook(host, logins)
        self._supplied = supply and supply.on(f"{host}-images", docker_host, opts)

    def name(self, wanted: Image) -> str:
        """The name of an image on this host."""
        if self._supply and self._supply.has(wanted):
            return self._supply.name(wanted)
        return full_name(self._registry, wanted)

    def resource(self, wanted: Image) -> docker.RemoteImage:
        """An image on this host; repeated calls return the same resource.

        It stays on the host when nothing uses it any more, because it may be slow to get again.
        """
        key = _key(wanted)
        if key not in self._images:
            name = self.name(wanted)
            hooks, supplied = pulumi.ResourceHookBinding(on_error=[self._pulling]), None
            if self._supply and self._supply.has(wanted):
                supplied = self._supplied
                self._kept[key] = self._supply.kept(wanted, self._survey)
                # One image can stand for several official ones.
                if name not in self._again:
                    self._again[name] = self._supply.again(
                        self._host, self._docker_host, wanted, self._kept[key]
                    )
                hooks.before_create = [self._again[name]]
            self._images[key] = docker.RemoteImage(
                f"{self._host}-{key}",
                name=name,
                keep_locally=True,
                opts=pulumi.ResourceOptions.merge(
                    self._opts,
                    pulumi.ResourceOptions(
                        depends_on=[supplied] if supplied else None, hooks=hooks
                    ),
                ),
            )
        return self._images[key]

    def id(self, wanted: Image) -> pulumi.Input[str]:
        """The id of an image on this host, known even in a preview if a container uses it."""
        image = self.resource(wanted)
        return self._kept.get(_key(wanted)) or image.image_id


def _key(image: Image) -> str:
    """What tells an image from others: one of the stack file may be called like an official one,
    and some that are built have variants, like fateflow-spark-hdfs.
    """
    if image.own:
        return f"own-{image.image}"
    official = image.image.rpartition("/")[2].partition(":")[0]
    if image.package and image.package.startswith(f"{official}-"):
        return f"{image.image}-{image.package.removeprefix(f'{official}-')}"
    return image.image
