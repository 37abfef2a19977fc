"""rollsite: a party's gateway to the others; run on its own, the exchange between them."""

from collections.abc import Mapping, Sequence

import pulumi

from ...docker import delivery
from ...docker.networks import Attachment
from ...docker.ports import Published
from ...docker.service import Container, File, Place, Service
from ...party import route_json
from ...party.files import json_text
from ...plan.clusters import ClusterPlan
from ...plan.endpoints import Endpoint, Reach
from ...plan.topology import ExchangePlan
from . import eggroll
from .settings import GATEWAY

_ROUTE_TABLE = f"{eggroll.HOME}/conf/route_table.json"

RouteTable = Mapping[str, object]


def party_routes(plan: ClusterPlan, flow: Endpoint) -> RouteTable:
    """The table of a party's rollsite.

    Args:
        plan: the party's part of the topology.
        flow: FATE Flow's gRPC port.
    """
    # It takes a packet as its own only if this is its own name and port, letter by letter.
    own = {"default": Endpoint(GATEWAY, plan.facts.services[GATEWAY].port), "fateflow": flow}
    return _table(plan.default, plan.others, {str(plan.party.id): own})


def exchange_routes(plan: ExchangePlan) -> RouteTable:
    """The table of the exchange."""
    return _table(None, plan.parties, {})


def _table(
    default: Endpoint | None, others: Mapping[int, Reach], own: Mapping[str, route_json.Roles]
) -> RouteTable:
    """Without a default route, rollsite refuses calls to parties that it does not know at once."""
    return {
        "route_table": route_json.entries(GATEWAY, default, others, own),
        "permission": {"default_allow": True},
    }


def table(routes: RouteTable) -> File:
    """route_table.json as a file of the container."""
    # Each packet looks its route up, none is kept (Router.query of Eggroll 2.5.1).
    return File(_ROUTE_TABLE, json_text(routes), reread=True)


class Rollsite(Service):
    """A rollsite. It starts independently, and rereads its route table every minute, so a changed
    table is delivered into the running container and breaks no job.

    Args:
        place: where its container runs.
        name: its container's name.
        keys: its configuration.
        networks: the networks it is attached to, and its address in each.
        published: its port on the Docker host.
        routes: its route table.
        opts: the parent and provider options.
    """

    def __init__(
        self,
        place: Place,
        name: str,
        keys: Mapping[str, object],
        networks: Sequence[Attachment],
        published: Mapping[str, Published],
        routes: RouteTable,
        opts: pulumi.ResourceOptions,
    ) -> None:
        routes_file = table(routes)
        super().__init__(
            "fate:fate1_11:Rollsite",
            place,
            Container(
                service=GATEWAY,
                name=name,
                networks=networks,
                command=["bash", "-c", eggroll.start(GATEWAY, place.services[GATEWAY].port)],
                environment=eggroll.ENVIRONMENT,
                files=[routes_file, *eggroll.files(keys)],
                published=dict(published),
            ),
            opts=opts,
        )
        # Half a table would end rollsite's refresher for good; it is moved into place whole.
        delivery.file(f"{name}-routes", self, routes_file, pulumi.ResourceOptions(parent=self))
        self.register_outputs({})
