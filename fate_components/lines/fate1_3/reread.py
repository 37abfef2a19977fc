"""The files that services of FATE 1.3 read again by themselves: their route tables."""

from collections.abc import Iterator

from ...line import RereadFile
from ...party.context import ClusterContext, undeployed
from ...plan.clusters import ClusterPlan
from ...plan.endpoints import EXCHANGE
from ...plan.topology import ExchangePlan
from ...settings import SERVING, Settings
from . import proxy, route_table
from .serving import proxy as serving_proxy


def of_cluster(plan: ClusterPlan, settings: Settings, stack: str) -> Iterator[RereadFile]:
    """The route table of a cluster's gateway."""
    if plan.kind != SERVING:
        table = proxy.table(route_table.party_routes(plan, plan.facts))
        yield RereadFile(plan.host, "proxy", table, proxy.OUTDATED)
        return
    place = undeployed(plan, stack)
    serving = ClusterContext(place, plan, settings.master_secret)
    yield RereadFile(plan.host, "serving-proxy", serving_proxy.table(serving))


def of_exchange(plan: ExchangePlan) -> RereadFile:
    """The route table of the exchange."""
    table = proxy.table(route_table.exchange_routes(plan))
    return RereadFile(plan.host, EXCHANGE, table, proxy.OUTDATED)
