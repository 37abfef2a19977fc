"""proxy: a party's gateway to the others; run on its own, the exchange between them."""

from collections.abc import Mapping, Sequence

import pulumi

from ...docker import delivery, restart
from ...docker.client.queries import Queries
from ...docker.inspect import drift
from ...docker.inspect.survey import Described
from ...docker.networks import Attachment
from ...docker.ports import Published
from ...docker.service import Container, File, Place, Service
from ...docker.tool import PYTHON
from ...party import kept_routes
from ...party.files import ROOT, json_text, properties
from .route_table import RouteTable

ROUTE_TABLE = f"{ROOT}/proxy/conf/route_table.json"
OUTDATED = f"{ROUTE_TABLE}.outdated"
"""The file with the parties whose route changed last. A proxy that was started before it was
written may keep an old route."""
# It is written before the table is, so a delivery that is killed at any moment is completed by the
# next one.
_RECORD = f"""  outdated=$(
    printf '[%s, %s]' "$present" "$wanted" | {PYTHON} -m fate_components.party.kept_routes
  )
  if [ -n "$outdated" ]; then
    printf '%s' "$outdated" | docker exec -i "$CONTAINER" sh -c 'cat > "$0"' "$OUTDATED"
  fi
"""
_RESTART = f"""if docker exec "$CONTAINER" test -e "$OUTDATED"; then
  {PYTHON} -m fate_components.docker.restart NAME "$OUTDATED" >&2
fi
"""


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
    table is delivered into the running container. A party that is added breaks no job; if a route
    changes that the proxy may have used, and so keeps, it is restarted (see `kept_routes`).

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
        container = place.docker_name(name)
        delivery.file(
            f"{name}-routes",
            self,
            routes_file,
            pulumi.ResourceOptions(parent=self),
            before=_RECORD,
            then=_RESTART.replace("NAME", container),
            environment={"OUTDATED": OUTDATED},
            unfinished=_outdated,
        )
        drift.tell(place.host.survey, container, self._restart(container, routes_file.content))
        self.register_outputs({})

    def _restart(self, container: str, wanted: str) -> drift.Told:
        """Why it is restarted by the delivery of its route table, if it is."""
        whose = "of all parties" if self.place.party is None else f"of party {self.place.party}"

        async def told(questions: Queries, described: Described) -> str:
            present = await questions.read(described["Id"], ROUTE_TABLE)
            changed = kept_routes.outdated(present, wanted) if present else []
            if not changed and await _outdated(questions, described):
                changed = kept_routes.recorded(await questions.read(described["Id"], OUTDATED))
            if not changed:
                return ""
            what = kept_routes.called(changed)
            return f"{container} is restarted to forget {what}: running jobs {whose} fail"

        return told


async def _outdated(questions: Queries, described: Described) -> bool:
    return restart.due(described, await questions.modified(described["Id"], OUTDATED))
