"""What the services of one cluster know of each other, whatever their release line."""

from dataclasses import dataclass

from pydantic import SecretStr

from . import passwords
from .docker.service import Place
from .topology import Attachment, Endpoint, PartyPlan


@dataclass(frozen=True)
class ClusterContext:
    """A training cluster, as its services see it.

    Args:
        place: where its containers go.
        plan: the party's part of the topology.
        master_secret: what passwords that are not chosen are derived from.
    """

    place: Place
    plan: PartyPlan
    master_secret: SecretStr

    @property
    def party_id(self) -> int:
        """The party's id in the federation."""
        return self.plan.party.id

    @property
    def mysql_password(self) -> str:
        """The password of the services' account in MySQL."""
        return self.password("mysql/fate", self.plan.party.training.mysql.password)

    @property
    def mysql_root_password(self) -> str:
        """The password of MySQL's root."""
        return self.password("mysql/root", self.plan.party.training.mysql.root_password)

    def password(self, account: str, chosen: SecretStr | None = None) -> str:
        """An account's password in plain text: for files marked secret only.

        Args:
            account: the service and its account, like mysql/root.
            chosen: the one the stack file sets.
        """
        password = chosen or passwords.derive(self.master_secret, self.party_id, account)
        return password.get_secret_value()

    def port(self, service: str) -> int:
        """The port a service of the cluster listens on."""
        return self.place.release.services[service].port

    def endpoint(self, service: str) -> Endpoint:
        """Where other services of the party reach it."""
        return Endpoint(service, self.port(service))

    def attachment(self, service: str, index: int = 0) -> Attachment:
        """A service's place in the party's network; it keeps the address for ever.

        Args:
            service: its name in the release.
            index: which one, from 0, where a party has several.
        """
        network = self.plan.network
        octet = self.place.release.services[service].address + index
        name = service if index == 0 else f"{service}-{index + 1}"
        return Attachment(network, network.at(octet), aliases=(name,))
