"""A training cluster of FATE 2: the services that it has."""

import pulumi

from .. import settings
from ..docker.service import Place, Service
from ..external import servers
from ..mysql import Mysql
from ..topology import ClusterPlan
from .client import Client
from .cluster import ClusterContext
from .fate_flow import LOCALFS, LOGS, FateFlow, tables
from .fateboard import Fateboard
from .nginx import Nginx
from .rabbitmq import Rabbitmq
from .settings import Settings
from .spark_master import SparkMaster
from .spark_worker import SparkWorker


class TrainingCluster(pulumi.ComponentResource):
    """A party's training cluster: everything a party needs to take part in federated jobs.

    Args:
        place: where its containers run.
        plan: the party's part of the topology.
        settings: the stack file's settings.
        opts: the parent and provider options.
    """

    # What FATE Flow needs, which creates its tables itself.
    client = servers.Client("fateflow", ("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "INDEX"))

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

        def at(away: Place) -> pulumi.ResourceOptions:
            return pulumi.ResourceOptions(parent=self, providers={"docker": away.host.provider})

        context = ClusterContext(
            place, plan, settings.master_secret, settings.engines_of(plan.party)
        )
        databases = [] if "mysql" in plan.external else [Mysql(context, child)]
        rabbitmq = Rabbitmq(context, child)
        nginx = Nginx(context, child)
        fate_flow = FateFlow(context, [one.container for one in databases], child)
        client = Client(context, child)
        self.services: list[Service] = [*databases, rabbitmq, nginx, fate_flow, client]
        self.passwords = {
            "notebook": context.notebook_token,
            "rabbitmq": context.rabbitmq_password,
        }
        if "fateboard" in place.release.services:
            logs = fate_flow.volumes[LOGS.name]
            self.services.append(Fateboard(context, [logs], child))
            self.passwords["fateboard"] = context.fateboard_password
        if context.engines.computing == "spark":
            self.services.append(SparkMaster(context, child))
            shared = tables(context)
            for host, names in context.training.workers_at(plan.host).items():
                away = place.elsewhere.get(host)
                there = child if away is None else at(away)
                needs = [] if away or shared else [fate_flow.volumes[LOCALFS.name]]
                self.services += [
                    SparkWorker(context, name, host, index, needs, there)
                    for index, name in enumerate(names)
                ]
        self.register_outputs({})
