"""The files that services of FATE 2 read again by themselves: route tables, and names of others."""

from collections.abc import Iterator

from ... import settings as stack_file
from ...engines import nginx, osx, other_hosts, pulsar
from ...engines.context import EngineContext
from ...line import RereadFile
from ...party.context import undeployed
from ...plan.clusters import ClusterPlan
from ...plan.endpoints import EXCHANGE
from ...plan.topology import ExchangePlan
from . import fate_flow
from .settings import Settings


def of_cluster(
    plan: ClusterPlan, settings: stack_file.Settings, stack: str
) -> Iterator[RereadFile]:
    """Those of the services of a training cluster."""
    assert isinstance(settings, Settings)  # noqa: S101 - settings match the release line
    place = undeployed(plan, stack)
    context = EngineContext(place, plan, settings.master_secret, settings.engines_of(plan.party))
    broker = fate_flow.table(context)
    if broker is None:
        routes = osx.party_routes(plan, context.fate_flow_grpc)
        yield RereadFile(plan.host, "osx", osx.table(routes))
    else:
        yield RereadFile(plan.host, "nginx", nginx.table(context))
        yield RereadFile(plan.host, "fateflow", broker)
        if "pulsar" in plan.facts.services:
            yield RereadFile(plan.host, "pulsar", pulsar.table(context))
    for host, containers in other_hosts.told(plan).items():
        if names := other_hosts.seen_from(plan, host).file:
            for container in containers:
                yield RereadFile(host, container, names)


def of_exchange(plan: ExchangePlan) -> RereadFile:
    """The route table of the exchange."""
    return RereadFile(plan.host, EXCHANGE, osx.table(osx.exchange_routes(plan)))
