"""A training cluster of FATE 1.3, and the exchange: the services that they have."""

import pulumi

from ...docker.service import Place, Service
from ...line import DatabaseClient
from ...party.external import servers
from ...party.mysql import Mysql
from ...party.redis import Redis
from ...plan.clusters import ClusterPlan
from ...plan.topology import ExchangePlan
from ...settings import Settings
from . import fateboard, meta_service
from .cluster import ClusterContext
from .egg import Egg
from .fate_flow import LOGS, FateFlow
from .federation import Federation
from .link import Link, StandIn
from .proxy import Proxy
from .roll import Roll
from .route_table import exchange_routes, party_routes
from .settings import receiver


class TrainingCluster(pulumi.ComponentResource):
    """A party's training cluster: everything a party needs to take part in federated jobs.

    Args:
        place: where its containers run.
        plan: the party's part of the topology.
        settings: the stack file's settings.
        opts: the parent and provider options.
    """

    # What FATE Flow, meta-service and the rows of nodes need. FATE Flow drops tables of deleted
    # jobs.
    client = DatabaseClient(
        "python",
        (
            "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "CREATE TEMPORARY TABLES", "DROP",
            "INDEX",
        ),
    )  # fmt: skip

    def __init__(
        self, place: Place, plan: ClusterPlan, settings: Settings, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("fate:fate1:TrainingCluster", f"{plan.party.id}-training", {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        context = ClusterContext(place, plan, settings.master_secret)
        databases: list[Service] = []
        mysql = None
        if "mysql" not in plan.external:
            mysql = Mysql(context, context.options("mysql", self))
            databases.append(mysql)
        if "redis" not in plan.external:
            redis = Redis(
                context.place_of("redis"),
                "redis",
                context.attachment("redis"),
                context.redis_password,
                context.options("redis", self),
                plan.forwarded("redis"),
            )
            databases.append(redis)
        directory = meta_service.MetaService(context, child)
        roll = Roll(context, child)
        eggs: list[Service] = []
        for host, names in context.eggs_at.items():
            if host != plan.host:
                eggs.append(Link(context, host, context.options(receiver(host), self)))
                eggs += [StandIn(context, name, host, child) for name in names]
            eggs += [Egg(context, name, host, context.options(name, self)) for name in names]
        federation = Federation(context, child)
        proxy = Proxy(
            place,
            name="proxy",
            coordinator=str(plan.party.id),
            networks=[context.attachment("proxy"), *plan.shared("proxy")],
            published=plan.publishes(["proxy"]),
            routes=party_routes(plan, plan.facts),
            opts=child,
        )
        board = fateboard.published_at(plan, settings)
        fate_flow = FateFlow(context, [database.container for database in databases], board, child)
        nodes = meta_service.nodes(plan.facts.services, context.eggs)
        tables = meta_service.statements(nodes), meta_service.NODES, meta_service.rows(nodes)
        if mysql:
            mysql.run("nodes", *tables)
        else:
            servers.run("nodes", fate_flow, *tables)
        self.services: list[Service] = [
            *databases, directory, roll, *eggs, federation, proxy, fate_flow
        ]  # fmt: skip
        logs = fate_flow.volumes[LOGS.name]
        self.services.append(fateboard.Fateboard(context, [logs], child))
        self.passwords: dict[str, str] = {}
        self.register_outputs({})


def exchange(place: Place, plan: ExchangePlan, opts: pulumi.ResourceOptions) -> Service:
    """The exchange: a proxy that belongs to no party and has routes to all of them.

    Args:
        place: where its container runs.
        plan: its part of the topology.
        opts: the parent and provider options.
    """
    return Proxy(
        place,
        name="exchange",
        coordinator="exchange",
        networks=[plan.attachment],
        published={} if plan.edge else {"proxy": plan.published},
        routes=exchange_routes(plan),
        opts=opts,
    )
