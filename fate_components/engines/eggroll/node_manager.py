"""nodemanager: runs the processes of Eggroll's sessions, and keeps the data of tables."""

import pulumi

from ...docker import health
from ...docker.service import Container, Service, Volume
from ...docker.software import Probe
from ..context import EngineContext
from . import conf as eggroll

# Written once the cluster manager has given the node its number. Jobs can use it after the next
# heartbeat, ten seconds later.
_REGISTERED = f"{eggroll.DATA}/NodeManagerMeta"
_SECONDS = 12


class NodeManager(Service):
    """A party's node manager. It waits for the cluster manager, and registers there by its name,
    under which its data is found again.

    Args:
        context: the training cluster it belongs to.
        opts: the parent and provider options.
    """

    def __init__(self, context: EngineContext, opts: pulumi.ResourceOptions) -> None:
        name, manager = "nodemanager", context.endpoint("clustermanager")
        start = f"""{health.until_listening(manager.host, manager.port)}
rm -f {_REGISTERED}
{eggroll.start(name, context.port(name))}"""
        registered = (
            f'{{ [ -n "$(find {_REGISTERED} ! -newermt "{_SECONDS} seconds ago")" ]'
            " || { echo 'not registered at the cluster manager'; false; }; }"
        )
        listens = health.check(Probe(listens=[context.port(name)]))
        super().__init__(
            "fate:fate2:NodeManager",
            context.place,
            Container(
                service=name,
                networks=[context.attachment(name)],
                command=["bash", "-c", start],
                environment=eggroll.ENVIRONMENT,
                files=eggroll.files(context),
                volumes=[Volume(name, eggroll.DATA)],
                check=f"{listens} && {registered}",
            ),
            opts=opts,
        )
        self.register_outputs({})
