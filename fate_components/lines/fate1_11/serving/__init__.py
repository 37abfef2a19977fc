"""A serving cluster of FATE Serving 2.1: it answers inference requests with trained models."""

import pulumi

from .... import settings as stack_file
from ....docker.service import Place, Service
from ....line import DatabaseClient
from ....party.context import ClusterContext
from ....plan.clusters import ClusterPlan
from ....serving import placing
from .admin import ServingAdmin
from .proxy import ServingProxy
from .server import ServingServer
from .settings import Serving
from .zookeeper import Zookeeper


class ServingCluster(pulumi.ComponentResource):
    """A party's serving cluster.

    Args:
        place: where its containers run.
        plan: the cluster's part of the topology.
        settings: the stack file's settings.
        opts: the parent and provider options.
    """

    client = DatabaseClient("serving-server")

    def __init__(
        self,
        place: Place,
        plan: ClusterPlan,
        settings: stack_file.Settings,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("fate:fate1_11:ServingCluster", f"{plan.party.id}-serving", {}, opts)
        serving = placing.keys(plan.party)
        assert isinstance(serving, Serving)  # noqa: S101 - settings match the release line
        child = pulumi.ResourceOptions(parent=self)
        context = ClusterContext(place, plan, settings.master_secret)
        self.services: list[Service] = [
            ServingServer(context, serving, child),
            ServingProxy(context, child),
        ]
        self.passwords: dict[str, str] = {}
        if serving.admin:
            self.services += [Zookeeper(context, child), ServingAdmin(context, child)]
            self.passwords["serving-admin"] = context.password("serving-admin")
        self.register_outputs({})
