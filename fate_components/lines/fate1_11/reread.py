"""The files that services of FATE 1.7 to 1.11 read again by themselves: their route tables."""

from collections.abc import Iterator

from ...line import RereadFile
from ...party import context as any_line
from ...party.context import undeployed
from ...plan.clusters import ClusterPlan
from ...plan.endpoints import EXCHANGE
from ...plan.topology import ExchangePlan
from ...settings import SERVING, Settings
from . import rollsite
from .cluster import ClusterContext
from .serving import proxy as serving_proxy
from .settings import GATEWAY


def of_cluster(plan: ClusterPlan, settings: Settings, stack: str) -> Iterator[RereadFile]:
    """The route table of a cluster's gateway."""
    place = undeployed(plan, stack)
    if plan.kind == SERVING:
        serving = any_line.ClusterContext(place, plan, settings.master_secret)
        yield RereadFile(plan.host, "serving-proxy", serving_proxy.table(serving))
        return
    context = ClusterContext(place, plan, settings.master_secret)
    routes = rollsite.party_routes(plan, context.fate_flow_grpc)
    yield RereadFile(plan.host, GATEWAY, rollsite.table(routes))


def of_exchange(plan: ExchangePlan) -> RereadFile:
    """The route table of the exchange."""
    return RereadFile(plan.host, EXCHANGE, rollsite.table(rollsite.exchange_routes(plan)))
