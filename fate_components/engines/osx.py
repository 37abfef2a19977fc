"""OSX: a party's gateway, which passes FATE Flow's calls and a job's values on to other parties.

Run on its own, it is the exchange between them.
"""

from collections.abc import Mapping, Sequence

import pulumi

from ..docker import delivery
from ..docker.networks import Attachment
from ..docker.ports import Published
from ..docker.service import Container, File, Place, Service
from ..docker.software import Software
from ..party import route_json
from ..party.files import ROOT, json_text, properties
from ..plan.clusters import ClusterPlan
from ..plan.endpoints import Endpoint, Reach
from ..plan.topology import ExchangePlan

_HOME = f"{ROOT}/osx"
_CONF = f"{_HOME}/conf/broker"
ROUTE_TABLE = f"{_CONF}/route_table.json"
# The command in FATE's own images names a class that they do not have. Folders that a release lacks
# do no harm. Java sizes its memory by the machine's, or by the container's limit.
_START = f"""cd {_HOME} && exec java -server \\
  -cp 'conf/broker/:lib/*:extension/*:pb_lib/v3/*' org.fedai.osx.broker.Bootstrap -c {_HOME}/conf
"""

RouteTable = Mapping[str, object]


def config(services: Mapping[str, Software]) -> str:
    """broker.properties. The party that it belongs to is named in its route table, as self_party.

    Args:
        services: the services of the cluster, by name.
    """
    manager = services.get("clustermanager")
    return properties(
        {
            "grpc.port": services["osx"].port,
            "open.http.server": "false",
            "open.grpc.tls.server": "false",
            # In queue mode it refuses values without them, whichever engine computes.
            "eggroll.cluster.manager.ip": "clustermanager",
            "eggroll.cluster.manager.port": manager.port if manager else 4670,
        }
    )


def party_routes(plan: ClusterPlan, flow: Endpoint) -> RouteTable:
    """The table of a party's OSX.

    Args:
        plan: the party's part of the topology.
        flow: FATE Flow's gRPC port.
    """
    own = str(plan.party.id)
    return _table(own, plan.default, plan.others, {own: {"fateflow": flow}})


def exchange_routes(plan: ExchangePlan) -> RouteTable:
    """The table of the exchange."""
    return _table("exchange", None, plan.parties, {})


def _table(
    owner: str,
    default: Endpoint | None,
    others: Mapping[int, Reach],
    own: Mapping[str, route_json.Roles],
) -> RouteTable:
    """Without a default route, OSX refuses calls to parties that it does not know at once."""
    return {
        "route_table": route_json.entries("osx", default, others, own),
        "self_party": [owner],
        "permission": {"default_allow": True},
    }


def table(routes: RouteTable) -> File:
    """route_table.json as a file of the container."""
    # Each call looks its route up, none is kept (DefaultFateRouterServiceImpl.route, FATE v2.2.0).
    return File(ROUTE_TABLE, json_text(routes), reread=True)


class Osx(Service):
    """An OSX. It starts independently, and rereads its route table every 3 seconds, so a changed
    table is delivered into the running container and breaks no job. What it keeps belongs to
    running jobs, so it has no volume.

    Args:
        place: where its container runs.
        name: its container's name.
        networks: the networks it is attached to, and its address in each.
        published: its port on the Docker host.
        routes: its route table.
        opts: the parent and provider options.
        forwarded: the port that executors on the party's other Docker hosts call.
    """

    def __init__(
        self,
        place: Place,
        name: str,
        networks: Sequence[Attachment],
        published: Mapping[str, Published],
        routes: RouteTable,
        opts: pulumi.ResourceOptions,
        forwarded: Sequence[tuple[int, Published]] = (),
    ) -> None:
        routes_file = table(routes)
        super().__init__(
            "fate:fate2:Osx",
            place,
            Container(
                service="osx",
                name=name,
                networks=networks,
                command=["sh", "-c", _START],
                files=[
                    routes_file,
                    File(f"{_CONF}/broker.properties", config(place.services)),
                ],
                published=dict(published),
                forwarded=forwarded,
            ),
            opts=opts,
        )
        delivery.file(f"{name}-routes", self, routes_file, pulumi.ResourceOptions(parent=self))
        self.register_outputs({})
