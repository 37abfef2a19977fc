"""A party of the federation, and the exchange between parties."""

import pulumi
from pydantic import SecretStr

from . import fate1, passwords
from .host import Host, labels, network
from .release import Release
from .service import Place
from .settings import Settings
from .topology import ExchangePlan, PartyPlan

# A release line is a package that knows which services make a cluster and what each needs.
_LINES = {"fate1": fate1}


class Party(pulumi.ComponentResource):
    """A party: its network, and its clusters on it.

    Args:
        plan: its part of the topology.
        host: its Docker host.
        settings: what the stack file says.
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
        own = network(str(party.id), plan.network, found_by, child)
        place = Place(
            stack=stack,
            cluster="training",
            host=host,
            release=release,
            networks={plan.network.name: own, plan.proxy_shared.network.name: host.shared},
            party=party.id,
            keep_data=settings.keep_data,
        )
        _LINES[release.line].TrainingCluster(place, plan, _passwords(plan, settings), child)
        self.register_outputs({})


def _passwords(plan: PartyPlan, settings: Settings) -> fate1.Passwords:
    party = plan.party

    def choose(chosen: SecretStr | None, account: str) -> str:
        password = chosen or passwords.derive(settings.master_secret, party.id, account)
        return password.get_secret_value()

    return fate1.Passwords(
        mysql=choose(party.training.mysql.password, "mysql/fate"),
        mysql_root=choose(party.training.mysql.root_password, "mysql/root"),
        redis=choose(party.training.redis.password, "redis"),
    )


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
            networks={plan.shared.network.name: host.shared},
            party=None,
        )
        _LINES[release.line].exchange(place, plan, pulumi.ResourceOptions(parent=self))
        self.register_outputs({})
