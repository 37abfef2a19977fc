"""A training cluster of FATE 2: the services that it has."""

import pulumi

from ... import settings
from ...docker.service import Place, Service
from ...engines import osx
from ...engines.context import EngineContext
from ...engines.eggroll import conf as eggroll
from ...engines.eggroll.cluster_manager import ClusterManager
from ...engines.eggroll.node_manager import NodeManager
from ...engines.hdfs.data_node import DataNode
from ...engines.hdfs.name_node import VOLUME, NameNode
from ...engines.nginx import Nginx
from ...engines.osx import Osx
from ...engines.pulsar import Pulsar
from ...engines.rabbitmq import Rabbitmq
from ...engines.settings import DATA_NODE
from ...engines.spark import tables
from ...engines.spark.master import SparkMaster
from ...engines.spark.worker import SparkWorker
from ...line import DatabaseClient
from ...party.external import servers
from ...party.mysql import Mysql
from ...plan.clusters import ClusterPlan
from ...plan.endpoints import EXCHANGE
from ...plan.topology import ExchangePlan
from .client import Client
from .fate_flow import LOGS, FateFlow
from .fateboard import Fateboard
from .settings import Settings


class TrainingCluster(pulumi.ComponentResource):
    """A party's training cluster: everything a party needs to take part in federated jobs.

    Args:
        place: where its containers run.
        plan: the party's part of the topology.
        settings: the stack file's settings.
        opts: the parent and provider options.
    """

    # What FATE Flow needs, which creates its tables itself.
    client = DatabaseClient("fateflow", ("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "INDEX"))

    def __init__(
        self,
        place: Place,
        plan: ClusterPlan,
        settings: settings.Settings,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("fate:fate2:TrainingCluster", f"{plan.party.id}-training", {}, opts)
        assert isinstance(settings, Settings)  # noqa: S101 - settings match the release line
        child = pulumi.ResourceOptions(parent=self)
        context = EngineContext(
            place, plan, settings.master_secret, settings.engines_of(plan.party)
        )
        engines = context.engines
        databases = []
        if "mysql" not in plan.external:
            databases.append(Mysql(context, context.options("mysql", self)))
        gateways = _gateways(context, child)
        shared = tables.shared(context, child)
        needed = [*(database.container for database in databases), *shared.get(plan.host, [])]
        fate_flow = FateFlow(context, settings.patches, needed, child)
        everyone = {party.id for party in settings.parties} | {peer.id for peer in settings.peers}
        client = Client(context, everyone, context.options("client", self))
        self.services: list[Service] = [*databases, *gateways, fate_flow, client]
        self.passwords = {"notebook": context.notebook_token}
        if engines.federation == "rabbitmq":
            self.passwords["rabbitmq"] = context.rabbitmq_password
        if engines.computing == "eggroll":
            name, statements = (
                "eggroll-tables",
                (eggroll.schema(3), eggroll.PRESENT, eggroll.TABLES),
            )
            created = (
                databases[0].run(name, *statements)
                if databases
                else servers.run(name, fate_flow, *statements)
            )
            self.services.append(ClusterManager(context, [created], child))
            self.services.append(NodeManager(context, child))
        if "fateboard" in plan.facts.services:
            logs = [fate_flow.volumes[LOGS.name]] if context.at_home("fateboard") else []
            self.services.append(Fateboard(context, logs, context.options("fateboard", self)))
            self.passwords["fateboard"] = context.fateboard_password
        if engines.computing == "spark":
            self.services.append(SparkMaster(context, child))
            for host, names in context.training.workers_at(plan.host).items():
                own = tables.VOLUME.name in fate_flow.volumes and host == plan.host
                needs = [fate_flow.volumes[tables.VOLUME.name]] if own else shared.get(host, [])
                self.services += [
                    SparkWorker(context, name, host, index, needs, context.options(name, self))
                    for index, name in enumerate(names)
                ]
        if context.engines.hdfs:
            name_node = NameNode(context, child)
            self.services.append(name_node)
            indexed = [name_node.volumes[VOLUME.name]]
            for host, names in context.training.data_nodes_at(plan.host).items():
                self.services += [
                    DataNode(context, name, host, index, indexed, context.options(name, self))
                    for index, name in enumerate(names)
                ]
            name_node.arrange(context.training.containers(DATA_NODE, plan.host), child)
        self.register_outputs({})


def _gateways(context: EngineContext, opts: pulumi.ResourceOptions) -> list[Service]:
    """What connects the party with others: FATE Flow's calls, and the values of jobs."""
    if context.engines.federation == "osx":
        plan, flow = context.plan, context.fate_flow_grpc
        networks = [context.attachment("osx"), *plan.shared("osx")]
        routes = osx.party_routes(plan, flow)
        published = plan.publishes(["osx"])
        forwarded = plan.forwarded("osx")
        return [Osx(context.place, "osx", networks, published, routes, opts, forwarded)]
    broker = Rabbitmq if context.engines.federation == "rabbitmq" else Pulsar
    return [broker(context, opts), Nginx(context, opts)]


def exchange(place: Place, plan: ExchangePlan, opts: pulumi.ResourceOptions) -> Service:
    """The exchange: an OSX that belongs to no party and has routes to all of them.

    Args:
        place: where its container runs.
        plan: its part of the topology.
        opts: the parent and provider options.
    """
    published = {} if plan.edge else {"osx": plan.published}
    routes = osx.exchange_routes(plan)
    return Osx(place, EXCHANGE, [plan.attachment], published, routes, opts)
