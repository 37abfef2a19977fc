"""A training cluster of FATE 1.7 to 1.11, and the exchange: the services that they have."""

from dataclasses import replace

import pulumi

from ... import settings as stack_file
from ...docker.service import Place, Service
from ...engines.eggroll import conf as tables
from ...line import DatabaseClient
from ...party.external import servers
from ...party.fateboard import Fateboard
from ...party.mysql import Mysql
from ...party.notebook import Client
from ...plan.clusters import ClusterPlan
from ...plan.endpoints import EXCHANGE
from ...plan.topology import ExchangePlan
from . import cluster_manager, eggroll
from .cluster import ClusterContext
from .cluster_manager import ClusterManager
from .fate_flow import LOGS, FateFlow
from .node_manager import NodeManager
from .rollsite import Rollsite, exchange_routes, party_routes
from .settings import GATEWAY, NODE_MANAGER


class TrainingCluster(pulumi.ComponentResource):
    """A party's training cluster: everything a party needs to take part in federated jobs.

    Args:
        place: where its containers run.
        plan: the party's part of the topology.
        settings: the stack file's settings.
        opts: the parent and provider options.
    """

    # What FATE Flow needs, which creates its tables itself, and the cluster manager.
    client = DatabaseClient("fateflow", ("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "INDEX"))

    def __init__(
        self,
        place: Place,
        plan: ClusterPlan,
        settings: stack_file.Settings,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("fate:fate1_11:TrainingCluster", f"{plan.party.id}-training", {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        context = ClusterContext(place, plan, settings.master_secret)
        databases = []
        if "mysql" not in plan.external:
            databases.append(Mysql(context, context.options("mysql", self)))
        site = Rollsite(
            place,
            GATEWAY,
            eggroll.cluster(context, NODE_MANAGER, database=False),
            [context.attachment(GATEWAY), *plan.shared(GATEWAY)],
            plan.publishes([GATEWAY]),
            party_routes(plan, context.fate_flow_grpc),
            child,
        )
        fate_flow = FateFlow(context, [database.container for database in databases], child)
        created = _tables(context, databases, fate_flow)
        everyone = {party.id for party in settings.parties} | {peer.id for peer in settings.peers}
        self.services: list[Service] = [
            *databases,
            site,
            ClusterManager(context, created, child),
            *(
                NodeManager(context, index, name, child)
                for index, name in enumerate(context.training.nodes())
            ),
            fate_flow,
            Fateboard(
                "fate:fate1_11:Fateboard",
                context,
                context.fate_flow,
                [replace(LOGS, shared=True)],
                [fate_flow.volumes[LOGS.name]],
                child,
            ),
            Client(
                "fate:fate1_11:Client",
                context,
                context.fate_flow_from("client"),
                context.notebook_token,
                everyone,
                "",
                context.options("client", self),
            ),
        ]
        self.passwords = {
            "notebook": context.notebook_token,
            "fateboard": context.password("fateboard"),
        }
        self.register_outputs({})


def _tables(
    context: ClusterContext, databases: list[Mysql], fate_flow: FateFlow
) -> list[pulumi.Resource]:
    """What creates the cluster manager's tables, and sets its nodes if it must be told them."""
    wanted = cluster_manager.nodes(context)
    sql, query, result = tables.schema(2), tables.PRESENT, [*tables.TABLES]
    if wanted:
        sql += cluster_manager.statements(wanted)
        query, result = cluster_manager.NODES, cluster_manager.rows(wanted)
    name = "eggroll-tables"
    if databases:
        return [databases[0].run(name, sql, query, result)]
    return [servers.run(name, fate_flow, sql, query, result)]


def exchange(place: Place, plan: ExchangePlan, opts: pulumi.ResourceOptions) -> Service:
    """The exchange: a rollsite that belongs to no party and has routes to all of them.

    Args:
        place: where its container runs.
        plan: its part of the topology.
        opts: the parent and provider options.
    """
    return Rollsite(
        place,
        EXCHANGE,
        eggroll.of_exchange(place.services[GATEWAY].port),
        [plan.attachment],
        {} if plan.edge else {GATEWAY: plan.published},
        exchange_routes(plan),
        opts,
    )
