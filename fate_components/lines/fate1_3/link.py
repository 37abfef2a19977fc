"""link: carries calls to the eggs on other Docker hosts of their party.

roll calls eggs, their storage services and their processors. An egg tells the addresses of its
processors itself: the address of its own container, which means nothing on another Docker host,
with ports that count up through thousands. So at home a stand-in has the name and the address of
each such egg, and listens at all of its ports. It hands all connections to one port of the egg's
Docker host, each with the address and the port that was called (the PROXY protocol). There, another
container passes them on.
"""

import pulumi

from ...docker import health
from ...docker.service import Container, File, Service
from ...docker.software import Probe
from . import egg_addresses
from .cluster import ClusterContext
from .egg import PORTS, START_PORT
from .settings import EGG, LINK, receiver, stand_in

_CONF = "/etc/fate/link/nginx.conf"
# A stand-in has thousands of open ports, and Docker may allow a process 1024 files at first.
_START = f"ulimit -n 65536; exec nginx -c {_CONF} -g 'daemon off;'"

_NGINX = """include /etc/nginx/modules-enabled/*.conf;
pid /run/nginx.pid;
worker_processes 1;
error_log /dev/stderr warn;

events {
    worker_connections 16384;
}

stream {
    proxy_connect_timeout 10s;
    proxy_timeout 24h;
    proxy_socket_keepalive on;
"""


def outgoing(context: ClusterContext, host: str) -> str:
    """nginx.conf of the stand-ins for the eggs on a Docker host.

    Args:
        context: the training cluster.
        host: the Docker host's name.
    """
    to = context.plan.placed(receiver(host))
    assert to  # noqa: S101 - there are eggs on that Docker host
    ports = [*context.plan.facts.services[EGG].ports.values()]
    listens = [*map(str, ports), f"{START_PORT + 1}-{START_PORT + PORTS}"]
    lines = "".join(f"        listen {listen};\n" for listen in listens)
    return f"""{_NGINX}    server {{
{lines}        proxy_pass {to.host}:{to.port};
        proxy_protocol on;
    }}
}}
"""


def incoming(context: ClusterContext, port: int) -> str:
    """nginx.conf of what passes the calls on: to eggs, and to nothing else.

    Args:
        context: the training cluster.
        port: where it listens.
    """
    return f"""{_NGINX}    geo $proxy_protocol_server_addr $is_egg {{
        default 0;
        {egg_addresses.away(context.plan.network)} 1;
    }}
    map $is_egg $egg {{
        default "";
        1 $proxy_protocol_server_addr:$proxy_protocol_server_port;
    }}
    server {{
        listen {port} proxy_protocol;
        proxy_pass $egg;
    }}
}}
"""


class StandIn(Service):
    """What stands at home for an egg on another Docker host. It starts independently.

    Args:
        context: the training cluster it belongs to.
        egg: the egg's name.
        host: the name of the egg's Docker host.
        opts: the parent and provider options.
    """

    def __init__(
        self, context: ClusterContext, egg: str, host: str, opts: pulumi.ResourceOptions
    ) -> None:
        ports = context.plan.facts.services[EGG].ports
        super().__init__(
            "fate:fate1:StandIn",
            context.place,
            Container(
                service=LINK,
                name=stand_in(egg),
                networks=[context.egg(egg)],
                command=["sh", "-c", _START],
                files=[File(_CONF, outgoing(context, host))],
                check=health.check(Probe(listens=tuple(ports.values()))),
            ),
            opts=opts,
        )
        self.register_outputs({})


class Link(Service):
    """What passes calls on to the eggs on another Docker host. It starts independently.

    Args:
        context: the training cluster it belongs to.
        host: the Docker host's name.
        opts: the parent and provider options.
    """

    def __init__(self, context: ClusterContext, host: str, opts: pulumi.ResourceOptions) -> None:
        name, port = receiver(host), context.training.egg_port
        super().__init__(
            "fate:fate1:Link",
            context.place_of(name),
            Container(
                service=LINK,
                name=name,
                networks=[context.attachment(LINK, name=name)],
                command=["sh", "-c", _START],
                files=[File(_CONF, incoming(context, port))],
                forwarded=context.plan.forwarded(name),
                check=health.check(Probe(listens=(port,))),
            ),
            opts=opts,
        )
        self.register_outputs({})
