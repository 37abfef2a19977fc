"""A Docker host: the connection to its daemon, and the networks there."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from . import leftovers
from .client import cli
from .client.tls_files import ClientTls
from .images import registries
from .images.on_host import HostImages
from .images.registries import Login
from .images.supply import Supply
from .inspect.survey import Survey
from .names import docker_name, labels
from .networks import Network


@dataclass(frozen=True)
class Machine:
    """A machine with a Docker daemon.

    Args:
        docker_host: how to reach the daemon.
        data: the folder that containers keep data in; None for Docker's own.
        log_opts: the options of Docker's logging driver for containers.
        tls: how this machine and the daemon verify each other, at a tcp:// URL.
    """

    docker_host: str
    data: str | None
    log_opts: Mapping[str, str]
    tls: ClientTls | None


class Host(pulumi.ComponentResource):
    """A Docker host of the stack.

    Args:
        name: its name in the stack file.
        machine: how to reach it, and what its containers keep there.
        registry: the registry for all images, or "" for the official registries.
        logins: how to log in to registries.
        supply: what brings images to it instead, or None.
        shared: the networks that the gateways of its parties share, by kind of cluster.
        stack: the stack's name.
        survey: what is on it now.

    Attributes:
        images: its images.

    Raises:
        pulumi.RunError: this machine has no docker command, which delivers settings.
    """

    def __init__(
        self,
        name: str,
        machine: Machine,
        registry: str,
        logins: Sequence[Login],
        supply: Supply | None,
        shared: Mapping[str, Network],
        stack: str,
        survey: Survey,
    ) -> None:
        super().__init__("fate:index:Host", name)
        if shutil.which("docker") is None:
            raise pulumi.RunError(
                "The docker command is missing on this machine; install the Docker CLI "
                "(Debian: apt-get install docker.io)."
            )
        self.name = name
        self.survey = survey
        self.docker_host = machine.docker_host
        self.data = machine.data
        self.log_opts = dict(machine.log_opts)
        tls = machine.tls
        self.provider = docker.Provider(
            name,
            host=machine.docker_host,
            ca_material=tls.authority if tls else None,
            cert_material=tls.certificate if tls else None,
            key_material=pulumi.Output.secret(tls.key.get_secret_value()) if tls else None,
            registry_auth=list(registries.credentials(logins)) or None,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.leftovers = pulumi.ResourceHookBinding(
            before_create=[leftovers.create_hook(name, self.environment, leftovers.taken(survey))],
            on_error=[leftovers.error_hook(name, self.environment)],
        )
        self.shared = {
            plan.name: self.network(
                f"{name}-{plan.name.removeprefix(docker_name(stack, ''))}",
                plan,
                labels(stack),
                self,
            )
            for plan in shared.values()
        }
        self.images = HostImages(
            name,
            machine.docker_host,
            registry,
            logins,
            supply,
            survey,
            pulumi.ResourceOptions(parent=self, provider=self.provider),
        )
        self.register_outputs({})

    @property
    def environment(self) -> dict[str, str]:
        """The variables that connect a docker command on this machine to this host's daemon."""
        return cli.environment(self.docker_host)

    def network(
        self, name: str, plan: Network, labelled: Mapping[str, str], parent: pulumi.Resource
    ) -> docker.Network:
        """A Docker network here, in which services can keep their addresses.

        Args:
            name: the resource's logical name.
            plan: its name on the Docker host, and its addresses.
            labelled: its labels.
            parent: its parent.
        """
        return docker.Network(
            name,
            name=plan.name,
            driver="bridge",
            ipam_configs=[
                docker.NetworkIpamConfigArgs(subnet=str(plan.subnet), gateway=str(plan.gateway))
            ],
            labels=[docker.NetworkLabelArgs(label=k, value=v) for k, v in labelled.items()],
            opts=pulumi.ResourceOptions(
                parent=parent,
                provider=self.provider,
                # Docker allows no two networks with the same name or overlapping addresses.
                delete_before_replace=True,
                # The engine does not replace a resource if only its provider changes.
                replacement_trigger=self.name,
                hooks=self.leftovers,
                # It may be missing in the state: the provider takes a network for removed when the
                # daemon does not answer, and an update that is killed may not have recorded it.
                import_=self._existing(plan, labelled),
            ),
        )

    def _existing(self, plan: Network, labelled: Mapping[str, str]) -> str | None:
        """The id of a network that is here already, exactly as it should be."""
        network = self.survey.networks.get(plan.name, {})
        wanted = {"Subnet": str(plan.subnet), "Gateway": str(plan.gateway)}
        addresses = (network.get("IPAM") or {}).get("Config")
        return network["Id"] if addresses == [wanted] and network["Labels"] == labelled else None
