"""A Docker host: the connection to its daemon, its images, and the network its parties share."""

import shutil
from collections.abc import Mapping

import pulumi
import pulumi_docker as docker

from .settings import DockerHost
from .topology import Network


def labels(stack: str, **more: str) -> dict[str, str]:
    """The labels that an object of ours can be found by, with or without the stack's state."""
    return {"fate.stack": stack} | {f"fate.{name}": value for name, value in more.items()}


def network(
    name: str, plan: Network, labelled: Mapping[str, str], opts: pulumi.ResourceOptions
) -> docker.Network:
    """A Docker network in which addresses can stay with their service.

    Args:
        name: the resource's logical name.
        plan: its name on the Docker host, and its addresses.
        labelled: its labels.
        opts: whose child it is.
    """
    return docker.Network(
        name,
        name=plan.name,
        driver="bridge",
        ipam_configs=[
            docker.NetworkIpamConfigArgs(subnet=str(plan.subnet), gateway=str(plan.gateway))
        ],
        labels=[docker.NetworkLabelArgs(label=k, value=v) for k, v in labelled.items()],
        # Docker allows two networks neither of one name nor of overlapping addresses.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(delete_before_replace=True)),
    )


class Host(pulumi.ComponentResource):
    """A Docker host of the stack.

    Args:
        name: its name in the stack file.
        host: what the stack file says of it.
        registry: where all images come from, or "" for their official place.
        shared: the network on which the proxies of its parties meet.
        stack: the stack's name.

    Raises:
        pulumi.RunError: this machine has no docker command, which settings are delivered by.
    """

    def __init__(
        self, name: str, host: DockerHost, registry: str, shared: Network, stack: str
    ) -> None:
        super().__init__("fate:index:Host", name)
        if shutil.which("docker") is None:
            raise pulumi.RunError(
                "The docker command is missing on this machine; install Docker's command line "
                "(Debian: apt-get install docker.io)."
            )
        self.docker_host = host.docker
        self._registry = registry
        self._images: dict[str, docker.RemoteImage] = {}
        self.provider = docker.Provider(
            name, host=host.docker, opts=pulumi.ResourceOptions(parent=self)
        )
        self._child = pulumi.ResourceOptions(parent=self, provider=self.provider)
        self.shared = network(f"{name}-shared", shared, labels(stack), self._child)
        self.register_outputs({})

    def image(self, official: str) -> docker.RemoteImage:
        """An image on this host, by its official name; asked for twice it is still one resource.

        It stays on the host when nothing uses it any more: it may be slow to get again.
        """
        if official not in self._images:
            prefix = f"{self._registry}/" if self._registry else ""
            self._images[official] = docker.RemoteImage(
                f"{self._name}-{official}",
                name=f"{prefix}{official}",
                keep_locally=True,
                opts=self._child,
            )
        return self._images[official]
