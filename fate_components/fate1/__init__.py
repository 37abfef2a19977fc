"""The release line of FATE 1.3: which services make a cluster, and what each needs to start."""

import pulumi

from ..mysql import Mysql
from ..redis import Redis
from ..service import Place
from ..topology import ExchangePlan, PartyPlan
from .cluster import ClusterContext, Passwords
from .egg import Egg
from .fate_flow import FateFlow
from .fateboard import Fateboard
from .federation import Federation
from .meta_service import MetaService
from .proxy import Proxy
from .roll import Roll

__all__ = ["Passwords", "TrainingCluster", "exchange"]


class TrainingCluster(pulumi.ComponentResource):
    """A party's training cluster: everything a party needs to take part in federated jobs.

    Args:
        place: where its containers go.
        plan: the party's part of the topology.
        passwords: its accounts' passwords.
        opts: whose child it is.
    """

    def __init__(
        self, place: Place, plan: PartyPlan, passwords: Passwords, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("fate:fate1:TrainingCluster", f"{plan.party.id}-training", {}, opts)
        context = ClusterContext(place, plan, passwords)
        child = pulumi.ResourceOptions(parent=self)
        mysql = Mysql(
            place, context.attachment("mysql"), passwords.mysql, passwords.mysql_root, child
        )
        redis = Redis(place, context.attachment("redis"), passwords.redis, child)
        meta_service = MetaService(context, mysql, child)
        roll = Roll(context, child)
        for index in range(plan.party.training.eggs):
            Egg(context, index, child)
        Federation(context, child)
        Proxy(
            place,
            name="proxy",
            coordinator=str(plan.party.id),
            networks=[context.attachment("proxy"), plan.proxy_shared],
            published={"proxy": plan.published["proxy"]},
            routes=plan.routes,
            opts=child,
        )
        fate_flow = FateFlow(context, [mysql, meta_service.nodes, redis, roll], child)
        Fateboard(context, [mysql, fate_flow], child)
        self.register_outputs({})


def exchange(place: Place, plan: ExchangePlan, opts: pulumi.ResourceOptions) -> None:
    """The exchange: one more proxy, of no party, that knows the way to all of them.

    Args:
        place: where its container goes.
        plan: its part of the topology.
        opts: whose child it is.
    """
    Proxy(
        place,
        name="exchange",
        coordinator="exchange",
        networks=[plan.shared],
        published={"proxy": plan.published},
        routes=plan.routes,
        opts=opts,
    )
