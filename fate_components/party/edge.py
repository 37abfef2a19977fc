"""The edge of a cluster: an nginx that encrypts all connections to and from other parties.

Its cluster's services know nothing of TLS. They call other parties at ports of their edge, one for
each of the others' gateways, and the edge calls the other party's edge. Both show a certificate.
"""

import re
from collections.abc import Mapping, Sequence

import pulumi

from ..docker import delivery
from ..docker.ports import Published
from ..docker.service import Container, File, Place, Service
from ..plan.edges import EdgePlan, Entrance, Tunnel
from ..plan.endpoints import display_name
from ..security.certificates import Certificates

_HOME = "/etc/fate/edge"
CONF, _AUTHORITIES = f"{_HOME}/nginx.conf", f"{_HOME}/authorities.pem"
_BUNDLE, IDENTITY = f"{_HOME}/bundle", f"{_HOME}/identity.pem"
# The bundle is one file so that a new party needs no new file, which would replace the container.
_UNPACK = (
    f"cd {_HOME} && chmod 700 . && chmod 600 {IDENTITY} && "
    "awk '/^==> / { if (file) close(file); file = $2; next } { print > file }' bundle"
)
_START = f"{_UNPACK} && exec nginx -c {CONF} -g 'daemon off;'"
_RELOAD = f"{_UNPACK} && nginx -q -t -c {CONF} && nginx -c {CONF} -s reload"

# The first nginx with the directive http2. Since then nginx warns of the parameter of listen that
# the directive replaces (https://nginx.org/en/docs/http/ngx_http_v2_module.html).
_HTTP2_DIRECTIVE = (1, 25, 1)
# What nginx calls the directives of its module for each protocol.
_DIRECTIVES = {"grpc": "grpc", "http": "proxy", "tcp": "proxy"}
_SCHEMES = {"grpc": "grpc://", "http": "http://"}
_UNAVAILABLE, _UNAUTHENTICATED = 14, 16  # gRPC's status codes


def has_http2_directive(image: str) -> bool:
    """Whether the nginx of an image has the directive http2, as far as the image's name tells.

    Only a name that ends in nginx:VERSION tells. All versions of nginx understand the older
    parameter of listen.

    Args:
        image: the image's name on the Docker host.
    """
    match = re.search(r"(?:^|/)nginx:([0-9]+(?:\.[0-9]+)+)", image)
    return match is not None and tuple(map(int, match[1].split("."))) >= _HTTP2_DIRECTIVE


def config(owner: str, plan: EdgePlan, certificates: Certificates, image: str) -> str:
    """nginx.conf.

    Names are resolved at each connection, so nginx can start before its neighbours and finds them
    after they are replaced. Requests of a job may take as long as the job.

    Args:
        owner: what it belongs to, like "party 9999".
        plan: its part of the topology.
        certificates: the certificates of the deployment.
        image: the name of its image on the Docker host.
    """
    http2 = has_http2_directive(image)
    http: list[str] = []
    tcp: list[str] = []
    for entrance in plan.entrances:
        servers = tcp if entrance.protocol == "tcp" else http
        servers.append(_entrance(owner, entrance, http2))
    for tunnel in plan.tunnels:
        servers = tcp if tunnel.protocol == "tcp" else http
        servers.append(_tunnel(owner, tunnel, plan, certificates, http2))
    text = f"""include /etc/nginx/modules-enabled/*.conf;
pid /run/nginx.pid;
worker_processes 2;
error_log /dev/stderr warn;

events {{
    worker_connections 4096;
}}

http {{
    log_format edge '$remote_addr "$request" to $upstream_addr $status '
                    'client certificate: $ssl_client_verify $ssl_client_s_dn';
    access_log /dev/stdout edge;
    server_tokens off;
    resolver 127.0.0.11 valid=10s ipv6=off;
    underscores_in_headers on;
    client_max_body_size 0;
    client_body_timeout 1h;
    send_timeout 1h;
    keepalive_timeout 1h;
    keepalive_requests 1000000;
    http2_max_concurrent_streams 4096;
    proxy_http_version 1.1;
    proxy_request_buffering off;
    proxy_connect_timeout 10s;
    proxy_read_timeout 1h;
    proxy_send_timeout 1h;
    grpc_connect_timeout 10s;
    grpc_read_timeout 1h;
    grpc_send_timeout 1h;
{_SSL}{"".join(http)}}}
"""
    if tcp:
        text += f"""
stream {{
    log_format edge '$remote_addr to $upstream_addr $status '
                    'client certificate: $ssl_client_verify $ssl_client_s_dn';
    access_log /dev/stdout edge;
    resolver 127.0.0.11 valid=10s ipv6=off;
    proxy_connect_timeout 10s;
    proxy_timeout 1h;
{_SSL}{"".join(tcp)}}}
"""
    return text


_SSL = f"""    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate {IDENTITY};
    ssl_certificate_key {IDENTITY};
    ssl_client_certificate {_AUTHORITIES};
    ssl_verify_depth 4;
"""


def _listen(at: str, protocol: str, http2: bool) -> list[str]:
    """The directives for what a server block listens on.

    Args:
        at: the parameters of the listen directive that any protocol needs.
        protocol: grpc, http or tcp.
        http2: whether nginx has the directive http2.
    """
    if protocol != "grpc":
        return [f"listen {at};"]
    return [f"listen {at};", "http2 on;"] if http2 else [f"listen {at} http2;"]


def _entrance(owner: str, way: Entrance, http2: bool) -> str:
    to = f"{way.to.host}:{way.to.port}"
    refusal = f"{owner} requires a certificate from an authority that it knows"
    return _server(
        _listen(f"{way.port} ssl", way.protocol, http2),
        to,
        way.protocol,
        ["ssl_verify_client on;"],
        {
            "495 496": (_UNAUTHENTICATED, 403, refusal),
            "502 504": (_UNAVAILABLE, 502, f"{owner} cannot reach its own {way.to.host}"),
        },
    )


def _tunnel(
    owner: str, way: Tunnel, plan: EdgePlan, certificates: Certificates, http2: bool
) -> str:
    prefix = _DIRECTIVES[way.protocol]
    to = f"{way.to.host}:{way.to.port}"
    lines = [
        f"{prefix}_ssl_certificate {IDENTITY};",
        f"{prefix}_ssl_certificate_key {IDENTITY};",
        f"{prefix}_ssl_trusted_certificate {_HOME}/{_trust_file(way.party)};",
        f"{prefix}_ssl_name {certificates.trust(way.party).name};",
        f"{prefix}_ssl_server_name on;",
        f"{prefix}_ssl_verify on;",
        f"{prefix}_ssl_verify_depth 4;",
        f"{prefix}_ssl_protocols TLSv1.2 TLSv1.3;",
    ]
    if way.protocol == "tcp":
        lines.append("proxy_ssl on;")
    unreachable = (
        f"{owner} cannot reach {display_name(way.party)} at {to}, or does not accept its "
        "certificate: see the log of its edge"
    )
    return _server(
        _listen(f"{plan.inside.address}:{way.port}", way.protocol, http2),
        to,
        way.protocol,
        lines,
        {"502 504": (_UNAVAILABLE, 502, unreachable)},
        tls=True,
    )


def _server(
    listen: Sequence[str],
    to: str,
    protocol: str,
    lines: Sequence[str],
    errors: Mapping[str, tuple[int, int, str]],
    tls: bool = False,
) -> str:
    """A server block.

    Args:
        listen: the directives for what it listens on.
        to: what it forwards to.
        protocol: grpc, http or tcp.
        lines: further directives.
        errors: by nginx's status codes: gRPC's status code, HTTP's, and the message.
        tls: whether it forwards with TLS.
    """
    body = [*listen, *lines]
    if protocol == "tcp":
        body += [f"set $to {to};", "proxy_pass $to;"]
        return _block("    server", body)
    scheme = _SCHEMES[protocol].replace("://", "s://" if tls else "://")
    forward = [f"set $to {to};", f"{_DIRECTIVES[protocol]}_pass {scheme}$to;"]
    if protocol == "http":
        forward.append("proxy_set_header Host $http_host;")
    blocks = [_block("        location /", forward, 2)]
    for codes, (grpc, http, message) in errors.items():
        place = f"@error{codes.split()[0]}"
        if protocol == "grpc":
            # gRPC's own form of an error; with any other the caller sees an unknown one.
            body.append(f"error_page {codes} = {place};")
            answer = [
                "default_type application/grpc;",
                f"add_header grpc-status {grpc} always;",
                f"add_header grpc-message '{message}' always;",
                "return 204;",
            ]
        else:
            body.append(f"error_page {codes} ={http} {place};")
            answer = ["default_type text/plain;", f"return {http} '{message}\\n';"]
        blocks.append(_block(f"        location {place}", answer, 2))
    return _block("    server", body, blocks=blocks)


def _block(head: str, lines: Sequence[str], depth: int = 1, blocks: Sequence[str] = ()) -> str:
    indent = "    " * (depth + 1)
    body = "".join(f"{indent}{line}\n" for line in lines) + "".join(blocks)
    return f"{head} {{\n{body}{'    ' * depth}}}\n"


def _trust_file(party: str) -> str:
    return f"{party}.pem"


def bundle(owner: str, plan: EdgePlan, certificates: Certificates, image: str) -> str:
    """nginx.conf and the authorities, each after a line with its name; `config` has the arguments.

    Each of the others is verified with its own authority, so that no other can pass for it.
    """
    files = {
        "nginx.conf": config(owner, plan, certificates, image),
        "authorities.pem": certificates.authorities(),
    }
    for way in plan.tunnels:
        files[_trust_file(way.party)] = certificates.trust(way.party).authority
    return "".join(f"==> {name}\n{text.rstrip()}\n" for name, text in files.items())


class Edge(Service):
    """The edge of a cluster or of an exchange. New parties, routes and certificates are delivered
    into the running container, and interrupt no connection.

    Args:
        place: where its container runs.
        name: its container's name.
        who: the id of its party, or "exchange".
        plan: its part of the topology.
        certificates: the certificates of the deployment.
        published: its ports, each in the container, and where it is published.
        needs: the gateways, whose ports and addresses it takes over.
        opts: the parent and provider options.
    """

    def __init__(
        self,
        place: Place,
        name: str,
        who: str,
        plan: EdgePlan,
        certificates: Certificates,
        published: Sequence[tuple[int, Published]],
        needs: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions,
    ) -> None:
        identity = certificates.identities[who]
        image = place.host.images.name(place.services[plan.service])
        # A reload starts new workers; the old ones only complete the requests and streams that they
        # have. The gateways behind it keep calling the same ports, wherever those lead now.
        files = {
            "tls": File(_BUNDLE, bundle(display_name(who), plan, certificates, image), reread=True),
            "certificate": File(
                IDENTITY,
                identity.certificate + identity.key.get_secret_value(),
                secret=True,
                reread=True,
            ),
        }
        super().__init__(
            "fate:index:Edge",
            place,
            Container(
                service=plan.service,
                name=name,
                networks=[plan.inside, plan.outside],
                command=["sh", "-c", _START],
                files=list(files.values()),
                forwarded=published,
            ),
            needs=needs,
            opts=opts,
        )
        for purpose, file in files.items():
            delivery.file(
                f"{name}-{purpose}",
                self,
                file,
                pulumi.ResourceOptions(parent=self),
                apply=_RELOAD,
            )
        self.register_outputs({})
