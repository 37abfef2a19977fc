"""nodemanager: runs the processes of Eggroll's sessions, and keeps the data of tables."""

import pulumi

from ...docker import health
from ...docker.service import Container, Service, Volume
from ...docker.software import Probe
from ...plan.endpoints import Endpoint
from ..context import EngineContext
from . import conf as eggroll

# Written when the node has registered: its number at the cluster manager, and its address. It is
# kept, because a node of a known address that does not send its number is refused, code 110, until
# the cluster manager has heard nothing of it for 100 s (ClusterManagerService.nodeHeartbeat and
# LockUtils of Eggroll 3.2.0).
META = f"{eggroll.DATA}/NodeManagerMeta"
# Changed by every start, so a node that has registered since then has a newer META.
STARTED = f"{eggroll.DATA}/NodeManagerStarted"
# Seconds after registering until jobs can use it: the next heartbeat, ten seconds later.
_SECONDS = 12
# Seconds that a node without a number listens before it is taken as refused, and then waits.
_TRIES, _FORGOTTEN = 120, 110
REGISTERED = (
    f"{{ [ {META} -nt {STARTED} ]"
    f" && [ $(($(date +%s) - $(stat -c %Y {META}))) -ge {_SECONDS} ]"
    " || { echo 'not registered at the cluster manager'; false; }; }"
)
"""The shell command that succeeds once a node has registered since its last start."""


class NodeManager(Service):
    """A party's node manager. It waits for the cluster manager, and registers there by the number
    that it has kept, under which its data is found again.

    Args:
        context: the training cluster it belongs to.
        opts: the parent and provider options.
    """

    def __init__(self, context: EngineContext, opts: pulumi.ResourceOptions) -> None:
        name, manager = "nodemanager", context.endpoint("clustermanager")
        listens = health.check(Probe(listens=[context.port(name)]))
        start = f"""{health.until_listening(manager.host, manager.port)}
{registration(context.endpoint(name), listens)}
{eggroll.start(name, context.port(name))}"""
        super().__init__(
            "fate:fate2:NodeManager",
            context.place,
            Container(
                service=name,
                networks=[context.attachment(name)],
                command=["bash", "-c", start],
                environment=eggroll.environment(name),
                files=eggroll.files(context),
                volumes=[Volume(name, eggroll.DATA)],
                check=f"{listens} && {REGISTERED}",
            ),
            opts=opts,
        )
        self.register_outputs({})


def registration(own: Endpoint, listens: str) -> str:
    """What the start command does before Java, so that the cluster manager takes the node back.

    With its number, it is known at once, also at another address. Without one it may be new, or its
    volume may be lost or its file damaged. Only the cluster manager knows, and does not say. So
    the node tries; if it is refused it ends, and its next start waits before it tries again.

    Args:
        own: the address that it registers.
        listens: the shell command that succeeds once it listens.
    """
    refused = f"""until {listens} >/dev/null; do sleep 1; done
  sleep {_TRIES}
  [ -s {META} ] ||
    {{ echo 'the cluster manager refuses this node: starting again'; kill -9 $$; }}"""
    return f"""if grep -q '"serverNodeId":[0-9].*}}$' {META} 2>/dev/null; then
  sed -i -e 's/"nodeIp":"[^"]*"/"nodeIp":"{own.host}"/' \\
    -e 's/"nodePort":"[^"]*"/"nodePort":"{own.port}"/' {META}
else
  rm -f {META}
  if [ -e {STARTED} ]; then
    echo 'waiting {_FORGOTTEN} s, until the cluster manager has forgotten this node'
    sleep {_FORGOTTEN}
  fi
  {eggroll.in_background(refused)}
fi
touch {STARTED}"""
