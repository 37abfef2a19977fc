"""nginx: a party's gateway for FATE Flow's calls to and from other parties."""

import pulumi

from ..docker import delivery
from ..docker.service import Container, File, Service
from ..party.files import ROOT
from .context import EngineContext

_CONF = f"{ROOT}/proxy/nginx/conf"
_ROUTES = f"{_CONF}/routes.conf"
# The key of the routes: the party, from the header that FATE Flow sends.
_PARTY = "$http_dest_party_id"


def config(context: EngineContext) -> str:
    """nginx.conf: both servers forward every request as the routes say.

    Every request queries Docker's own DNS server, so nginx can start before its neighbours and
    finds them after they are replaced.

    HTTP/2 is a parameter of listen: the nginx of federatedai/nginx is 1.17 (OpenResty 1.17.8.2 in
    FATE-Builder), that of Debian 1.22, and the directive that replaces it came with 1.25.1.
    """
    ports = context.ports("nginx")
    return f"""worker_processes 2;
error_log /dev/stderr warn;

events {{
    worker_connections 1024;
}}

http {{
    log_format main '$remote_addr "$request" to {_PARTY} by "$upstream_addr" $status';
    access_log /dev/stdout main;
    resolver 127.0.0.11 valid=10s ipv6=off;
    underscores_in_headers on;
    client_max_body_size 0;
    proxy_connect_timeout 10s;
    proxy_read_timeout 300s;
    grpc_connect_timeout 10s;
    grpc_read_timeout 300s;
    include {_ROUTES};

    server {{
        listen {ports["nginx-http"]};
        location / {{
            if ($http_route = "") {{
                return 404 'no route to party {_PARTY}\\n';
            }}
            proxy_set_header Host $http_host;
            proxy_pass http://$http_route;
        }}
    }}

    server {{
        listen {ports["nginx-grpc"]} http2;
        location / {{
            if ($grpc_route = "") {{
                return 404;
            }}
            grpc_pass grpc://$grpc_route;
        }}
    }}
}}
"""


def routes(context: EngineContext) -> str:
    """routes.conf: where requests for each party go: the own FATE Flow, or the party's nginx."""
    flow = context.ports("fateflow")
    host = context.fate_flow.host
    text = ""
    for variable, own, port in (
        ("http_route", flow["fateflow-http"], "nginx-http"),
        ("grpc_route", flow["fateflow-grpc"], "nginx-grpc"),
    ):
        table = {context.party_id: f"{host}:{own}"} | {
            party: f"{reach[port].host}:{reach[port].port}"
            for party, reach in context.plan.others.items()
        }
        rows = "".join(f"    {party} {table[party]};\n" for party in sorted(table))
        text += f'map {_PARTY} ${variable} {{\n    default "";\n{rows}}}\n'
    return text


def table(context: EngineContext) -> File:
    """routes.conf as a file of the container."""
    # A reload starts new workers; the old ones only complete the requests that they have.
    return File(_ROUTES, routes(context), reread=True)


class Nginx(Service):
    """A party's nginx. It starts independently; changed routes are delivered into the running
    container and break no request.

    Args:
        context: the training cluster it belongs to.
        opts: the parent and provider options.
    """

    def __init__(self, context: EngineContext, opts: pulumi.ResourceOptions) -> None:
        ports = context.ports("nginx")
        routes_file = table(context)
        super().__init__(
            "fate:fate2:Nginx",
            context.place,
            Container(
                service="nginx",
                networks=[context.attachment("nginx"), *context.plan.shared("nginx")],
                files=[
                    routes_file,
                    File(f"{_CONF}/nginx.conf", config(context)),
                ],
                published=context.plan.publishes(ports),
            ),
            opts=opts,
        )
        delivery.file(
            "nginx-routes",
            self,
            routes_file,
            pulumi.ResourceOptions(parent=self),
            apply="nginx -s reload",
        )
        self.register_outputs({})
