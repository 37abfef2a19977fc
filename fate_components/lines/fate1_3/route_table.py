"""route_table.json: where a proxy of FATE 1.3 sends the traffic for each party."""

from collections.abc import Mapping

from ...party import route_json
from ...plan.clusters import ClusterPlan
from ...plan.endpoints import Endpoint, Reach
from ...plan.topology import ExchangePlan
from ...releases.facts import Release

RouteTable = Mapping[str, object]

# A default route that refuses at once. Without a default the caller hangs for a minute (seen with
# the real proxy), and a default that points to the proxy itself loops as long.
_NO_ROUTE = Endpoint("127.0.0.1", 9)


def party_routes(plan: ClusterPlan, release: Release) -> RouteTable:
    """The table of a party's proxy."""
    own = {
        "fateflow": Endpoint("python", release.services["python"].ports["fateflow-grpc"]),
        "fate": Endpoint("federation", release.services["federation"].port),
    }
    return _table(plan.default or _NO_ROUTE, plan.others, {str(plan.party.id): own})


def exchange_routes(plan: ExchangePlan) -> RouteTable:
    """The table of the exchange."""
    return _table(_NO_ROUTE, plan.parties, {})


def _table(
    default: Endpoint, others: Mapping[int, Reach], own: Mapping[str, route_json.Roles]
) -> RouteTable:
    """A proxy's route table, with its own party last.

    The proxy treats its own party's entry and all that follow as inside its own network
    (ConfFileBasedFdnRouter.initRouteTable, FATE v1.3.0), so no other party may follow it.
    """
    return {
        "route_table": route_json.entries("proxy", default, others, own),
        "permission": {"default_allow": True},
    }
