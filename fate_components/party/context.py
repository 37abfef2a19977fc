"""What the services of a cluster know about each other, in any release line."""

from dataclasses import dataclass
from typing import cast

import pulumi
from pydantic import SecretStr

from ..crypto import passwords
from ..crypto.passwords import Account
from ..docker.host import Host
from ..docker.networks import Attachment
from ..docker.service import HostFolder, Place
from ..plan.clusters import ClusterPlan
from ..plan.endpoints import Endpoint
from ..settings import Training
from .files import ROOT


def undeployed(plan: ClusterPlan, stack: str) -> Place:
    """The place of a cluster of which nothing is deployed: what its services are told is worked out
    without a Docker host.
    """
    return Place(stack, plan.kind, cast(Host, None), plan.facts.services, {}, plan.party.id)


@dataclass(frozen=True)
class ClusterContext:
    """One of a party's clusters, as its services see it.

    Args:
        place: where its containers run.
        plan: the party's part of the topology.
        master_secret: the secret that passwords are derived from if they are not chosen.
    """

    place: Place
    plan: ClusterPlan
    master_secret: SecretStr

    @property
    def party_id(self) -> int:
        """The party's id in the federation."""
        return self.plan.party.id

    def password(self, account: Account, chosen: SecretStr | None = None) -> str:
        """An account's password in plain text, for secret files only.

        Args:
            account: the account.
            chosen: the password that the stack file sets, if any.
        """
        password = chosen or passwords.derive(self.master_secret, self.party_id, account)
        return password.get_secret_value()

    def port(self, service: str) -> int:
        """The port a service of the cluster listens on."""
        return self.plan.facts.services[service].port

    def endpoint(self, service: str) -> Endpoint:
        """Where the party's services on the cluster's own Docker host reach one of its services, or
        what stands for it elsewhere.
        """
        plan = self.plan
        elsewhere = plan.external.get(service) or plan.placed(service)
        return elsewhere or Endpoint(service, self.port(service))

    def at_home(self, container: str) -> bool:
        """Whether one of its containers runs on the cluster's own Docker host."""
        return self.plan.host_of(container) == self.plan.host

    def place_of(self, container: str) -> Place:
        """Where one of its containers runs."""
        return self.place.elsewhere.get(self.plan.host_of(container), self.place)

    def options(self, container: str, parent: pulumi.Resource) -> pulumi.ResourceOptions:
        """The options of a resource for one of its containers.

        Args:
            container: the container's name.
            parent: the resource's parent, which belongs to the cluster's own Docker host.
        """
        if self.at_home(container):
            return pulumi.ResourceOptions(parent=parent)
        provider = {"docker": self.place_of(container).host.provider}
        return pulumi.ResourceOptions(parent=parent, providers=provider)

    def attachment(self, service: str, name: str = "") -> Attachment:
        """A service's attachment to the party's network, with an address that never changes.

        Args:
            service: its name in the release.
            name: what its container is called there, if not like the service.
        """
        network = self.plan.network_at(self.plan.host_of(name or service))
        octet = self.plan.facts.services[service].address
        return Attachment(network, network.at(octet), aliases=(name or service,))


class TrainingContext(ClusterContext):
    """A training cluster, as its services see it."""

    @property
    def training(self) -> Training:
        """Its settings in the stack file."""
        training = self.plan.party.training
        assert training is not None  # noqa: S101 - only parties with one are planned with one
        return training

    @property
    def uploads(self) -> list[HostFolder]:
        """The folder with files to upload, if it has one."""
        folder = self.training.uploads
        return [HostFolder(folder, f"{ROOT}/uploads")] if folder else []

    @property
    def mysql_password(self) -> str:
        """The password of the services' account in MySQL."""
        return self.password("mysql/fate", self.training.mysql.password)

    @property
    def mysql_root_password(self) -> str:
        """The password of MySQL's root."""
        return self.password("mysql/root", self.training.mysql.root_password)
