"""What the services of one training cluster know of each other."""

from dataclasses import dataclass

from ..service import Place
from ..topology import Attachment, Endpoint, PartyPlan


@dataclass(frozen=True)
class Passwords:
    """The passwords of a party's accounts, in plain text: for files marked secret only."""

    mysql: str
    mysql_root: str
    redis: str


@dataclass(frozen=True)
class ClusterContext:
    """A training cluster, as its services see it.

    Args:
        place: where its containers go.
        plan: the party's part of the topology.
        passwords: its accounts' passwords.
    """

    place: Place
    plan: PartyPlan
    passwords: Passwords

    @property
    def party_id(self) -> int:
        """The party's id in the federation."""
        return self.plan.party.id

    @property
    def eggs(self) -> list[str]:
        """The eggs' names in the party's network: egg, egg-2, egg-3 …"""
        return ["egg", *(f"egg-{n}" for n in range(2, self.plan.party.training.eggs + 1))]

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
            index: which one, where a party has several.
        """
        network = self.plan.network
        name = self.eggs[index] if service == "egg" else service
        octet = self.place.release.services[service].address + index
        return Attachment(network, network.at(octet), aliases=(name,))
