"""proxy: a party's gateway to the others; run on its own, the exchange between them."""

from collections.abc import Mapping, Sequence

import pulumi

from ...docker import delivery
from ...docker.networks import Attachment
from ...docker.ports import Published
from ...docker.service import Container, File, Place, Service
from ...party.files import ROOT, json_text, properties
from .route_table import RouteTable

ROUTE_TABLE = f"{ROOT}/proxy/conf/route_table.json"


def config(coordinator: str, port: int) -> str:
    """proxy.properties.

    Args:
        coordinator: the proxy's owner: a party's id, or a name that is not a party's.
        port: the port it listens on.
    """
    return properties(
        {
            "coordinator": coordinator,
            "ip": "0.0.0.0",  # noqa: S104 - the container's own addresses
            "port": port,
            "route.table": ROUTE_TABLE,
        }
    )


def table(routes: RouteTable) -> File:
    """route_table.json."""
    return File(ROUTE_TABLE, json_text(routes), reread=True)


class Proxy(Service):
    """A proxy. It starts independently, and rereads its route table every minute, so a changed
    table is delivered into the running container and breaks no job.

    Args:
        place: where its container runs.
        name: its container's name.
        coordinator: the proxy's owner.
        networks: the networks it is attached to, and its address in each.
        published: its port on the Docker host.
        routes: its route table.
        opts: the parent and provider options.
    """

    def __init__(
        self,
        place: Place,
        name: str,
        coordinator: str,
        networks: Sequence[Attachment],
        published: Mapping[str, Published],
        routes: RouteTable,
        opts: pulumi.ResourceOptions,
    ) -> None:
        routes_file = table(routes)
        port = place.services["proxy"].port
        super().__init__(
            "fate:fate1:Proxy",
            place,
            Container(
                service="proxy",
                name=name,
                networks=networks,
                files=[
                    routes_file,
                    File(f"{ROOT}/proxy/conf/proxy.properties", config(coordinator, port)),
                ],
                published=dict(published),
            ),
            opts=opts,
        )
        delivery.file(f"{name}-routes", self, routes_file, pulumi.ResourceOptions(parent=self))
        self.register_outputs({})
