"""A serving cluster of FATE 1.3: it answers inference requests with trained models."""

import pulumi

from .... import settings as stack_file
from ....docker.service import Place, Service
from ....line import DatabaseClient
from ....party.context import ClusterContext
from ....party.redis import Redis
from ....plan.clusters import ClusterPlan
from ..settings import Party
from .proxy import ServingProxy
from .server import ServingServer


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
        super().__init__("fate:fate1:ServingCluster", f"{plan.party.id}-serving", {}, opts)
        assert isinstance(plan.party, Party)  # noqa: S101 - settings match the release line
        assert plan.party.serving  # noqa: S101 - only parties with one are planned with one
        serving = plan.party.serving
        child = pulumi.ResourceOptions(parent=self)
        context = ClusterContext(place, plan, settings.master_secret)
        password = context.password("serving-redis", serving.redis.password)
        databases: list[Service] = []
        if "serving-redis" not in plan.external:
            attachment = context.attachment("serving-redis")
            databases.append(Redis(place, "serving-redis", attachment, password, child))
        self.services: list[Service] = [
            *databases,
            ServingServer(context, serving.adapter, password, child),
            ServingProxy(context, child),
        ]
        self.passwords: dict[str, str] = {}
        self.register_outputs({})
