"""A party of the federation, and the exchange between parties."""

import pulumi

from .docker.host import Host, labels, network
from .docker.service import Place, Service, all_healthy
from .fate1 import training as fate1
from .fate2 import training as fate2
from .release import Release
from .settings import Settings
from .topology import ExchangePlan, PartyPlan

# What each release line deploys.
_LINES = {"fate1": fate1, "fate2": fate2}


class Party(pulumi.ComponentResource):
    """A party: its network, and its clusters in that network.

    Args:
        plan: its part of the topology.
        host: its Docker host.
        settings: the stack file's settings.
        release: the facts of the release.
        stack: the stack's name.
    """

    def __init__(
        self, plan: PartyPlan, host: Host, settings: Settings, release: Release, stack: str
    ) -> None:
        party = plan.party
        super().__init__(
            "fate:index:Party",
            str(party.id),
            {},
            pulumi.ResourceOptions(providers={"docker": host.provider}),
        )
        child = pulumi.ResourceOptions(parent=self)
        found_by = labels(stack, party=str(party.id), cluster="training")
        own = network(str(party.id), plan.network, found_by, host.name, child)
        place = Place(
            stack=stack,
            cluster="training",
            host=host,
            release=release,
            networks={plan.network.name: own, host.shared_plan.name: host.shared},
            party=party.id,
            keep_data=settings.keep_data,
        )
        training = _LINES[release.line].TrainingCluster(place, plan, settings, child)
        self.id = party.id
        self.host = host
        self.services: list[Service] = training.services
        self.passwords: dict[str, str] = training.passwords
        all_healthy(f"{party.id}-health", self.services, child)
        self.register_outputs({})


class Exchange(pulumi.ComponentResource):
    """The exchange that this stack runs between its parties and their peers.

    Args:
        plan: its part of the topology.
        host: its Docker host.
        release: the facts of the release.
        stack: the stack's name.
    """

    def __init__(self, plan: ExchangePlan, host: Host, release: Release, stack: str) -> None:
        super().__init__(
            "fate:index:Exchange",
            "exchange",
            {},
            pulumi.ResourceOptions(providers={"docker": host.provider}),
        )
        place = Place(
            stack=stack,
            cluster="exchange",
            host=host,
            release=release,
            networks={host.shared_plan.name: host.shared},
            party=None,
        )
        child = pulumi.ResourceOptions(parent=self)
        all_healthy("exchange-health", [fate1.exchange(place, plan, child)], child)
        self.register_outputs({})
