"""Checks across keys: whether the keys of a stack file fit together."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..docker.names import docker_name
from ..docker.ports import Published
from ..plan.wanted import Cluster
from ..releases.facts import Release
from . import addresses, tls_checks
from .clusters import SERVING, TRAINING, ClusterKeys
from .databases import Mysql, Server
from .errors import Location, Mistake, key_path, shown, unknown_host
from .exchange import Exchange
from .stack import MAX_PARTIES, NAME, Settings

_NOT_CALLABLE = (
    "is not a host name that FATE can call (labels of up to 63 letters, digits and hyphens)"
)


def check(settings: Settings, release: Release, stack: str) -> list[Mistake]:
    """All mistakes in well-formed settings that prevent a deployment.

    Args:
        settings: the stack file's settings.
        release: the facts of the release it deploys.
        stack: the stack's name.
    """
    mistakes = [
        *_hosts(settings),
        *_subnets(settings, stack),
        *_parties(settings),
        *_databases(settings),
        *_exchange_host(settings),
        *_port_names(settings, release),
        *_service_names(settings, release),
        *_registries(settings),
        *_archive(settings),
        *tls_checks.mistakes(settings),
        *settings.mistakes(release),
    ]
    if not mistakes:
        mistakes += [
            *_room(settings, release),
            *_ports(settings, release),
            *_reachability(settings, release, stack),
        ]
    return mistakes


def _port_names(settings: Settings, release: Release) -> Iterator[Mistake]:
    for index, party in enumerate(settings.parties):
        for cluster in settings.clusters(party, release):
            for name in getattr(party, cluster.kind).publish:
                if name not in cluster.facts.published:
                    yield Mistake(
                        ("parties", index, cluster.kind, "publish", name),
                        f"is not a port that FATE {settings.release} publishes; "
                        f"choose from {', '.join(cluster.facts.published)}",
                    )


def _service_names(settings: Settings, release: Release) -> Iterator[Mistake]:
    clusters: list[tuple[Location, Iterable[str], Iterable[str]]] = [
        (
            ("parties", index, cluster.kind, "services"),
            getattr(party, cluster.kind).services,
            cluster.facts.services,
        )
        for index, party in enumerate(settings.parties)
        for cluster in settings.clusters(party, release)
    ]
    stack = (("services",), settings.services, {**release.services, **release.serving})
    for where, chosen, known in (stack, *clusters):
        for name in chosen:
            if name not in known:
                yield Mistake(
                    (*where, name),
                    f"is not a service that this stack runs with FATE {settings.release}; "
                    f"choose from {', '.join(known)}",
                )


def _registries(settings: Settings) -> Iterator[Mistake]:
    seen: dict[str, int] = {}
    for index, one in enumerate(settings.registries):
        if one.address in seen:
            yield Mistake(
                ("registries", index, "address"),
                f"{one.address} is also the address of fate:registries[{seen[one.address]}]; "
                "remove one of the two",
            )
        seen.setdefault(one.address, index)


def _archive(settings: Settings) -> Iterator[Mistake]:
    if settings.images == "archive" and settings.archive is None:
        yield Mistake(
            ("archive",),
            "is missing; add the path of an archive, as `fatectl images save` writes it",
        )
    if settings.images != "archive" and settings.archive is not None:
        yield Mistake(("archive",), "is not used; set fate:images to archive, or remove the key")


def _hosts(settings: Settings) -> Iterator[Mistake]:
    seen: dict[object, str] = {}
    for name, host in settings.hosts.items():
        if not NAME.fullmatch(name):
            yield Mistake(
                ("hosts", name),
                "is not a valid name for a Docker host: use up to 63 lowercase letters, digits and "
                "hyphens, and start with a letter or digit",
            )
        daemon = addresses.daemon(host.docker)
        if daemon in seen:
            yield Mistake(
                ("hosts", name, "docker"),
                f"{host.docker} is already used by fate:hosts.{seen[daemon]}; use that name for "
                "both",
            )
        seen.setdefault(daemon, name)


def _subnets(settings: Settings, stack: str) -> Iterator[Mistake]:
    """A host would look for addresses in its subnet among its own containers."""
    known = {key_path(where): address for where, address in _known_addresses(settings)}
    for name, host in settings.hosts.items():
        subnet = host.networks(stack)
        for key, text in known.items():
            address = addresses.ipv4(text)
            if address and address in subnet:
                which = "" if host.subnet else ", the default for this stack,"
                yield Mistake(
                    ("hosts", name, "subnet"),
                    f"{subnet}{which} contains {address} ({key}); choose another private /16",
                )


def _known_addresses(settings: Settings) -> Iterator[tuple[Location, str]]:
    """The addresses in the stack file, and the key that sets each."""
    for name, host in settings.hosts.items():
        if host.reachable_at:
            yield ("hosts", name, "address" if host.address else "docker"), host.reachable_at
    for index, peer in enumerate(settings.peers):
        for where, address in peer.addresses.items():
            yield ("peers", index, *where), address
    for key, server in _servers(settings):
        yield (*key, "address"), str(server.address)
    if settings.exchange and settings.exchange.address:
        yield ("exchange", "address"), settings.exchange.address


def _parties(settings: Settings) -> Iterator[Mistake]:
    seen: dict[int, Location] = {}
    for index, party in enumerate(settings.parties):
        if party.host not in settings.hosts:
            where = ("parties", index, *party.host_key)
            yield Mistake(where, unknown_host(party.host, settings.hosts))
        yield from _once(seen, party.id, ("parties", index, "id"))
    for index, peer in enumerate(settings.peers):
        yield from _once(seen, peer.id, ("peers", index, "id"))
        for where, address in peer.addresses.items():
            yield from _elsewhere(settings, address, ("peers", index, *where))


def _servers(settings: Settings) -> Iterator[tuple[Location, Server]]:
    """The database servers that somebody else runs, and the key of each."""
    for index, party in enumerate(settings.parties):
        for kind in (TRAINING, SERVING):
            keys: ClusterKeys | None = getattr(party, kind, None)
            for server in keys.external.values() if keys else ():
                yield ("parties", index, kind, server.key), server


def _databases(settings: Settings) -> Iterator[Mistake]:
    """Parties that share a database would take each other's jobs and nodes for their own."""
    seen: dict[tuple[object, ...], Location] = {}
    for where, server in _servers(settings):
        yield from _elsewhere(settings, str(server.address), (*where, "address"))
        database = server.database if isinstance(server, Mysql) else None
        same = server.key, str(server.address).lower(), server.port, database
        other = seen.setdefault(same, where)
        if other[1] != where[1]:
            what = "database" if database else "server"
            yield Mistake(where, f"is the {what} of {key_path(other)}; give each party its own")


def _once(seen: dict[int, Location], party: int, where: Location) -> Iterator[Mistake]:
    if party in seen:
        yield Mistake(
            where,
            f"{party} is also the id of {key_path(seen[party][:-1])}; give every party its own id",
        )
    seen.setdefault(party, where)


def _elsewhere(settings: Settings, address: str, where: Location) -> Iterator[Mistake]:
    if addresses.only_local(address):
        yield Mistake(
            where,
            f"{address} is not reachable from a container; set the host name or IPv4 address that "
            "other machines use",
        )
    elif not settings.can_call(address):
        yield Mistake(where, f"{address} {_NOT_CALLABLE}; set the IPv4 address or another name")


def _exchange_host(settings: Settings) -> Iterator[Mistake]:
    exchange = settings.exchange
    if exchange and exchange.host is not None and exchange.host not in settings.hosts:
        yield Mistake(("exchange", "host"), unknown_host(exchange.host, settings.hosts))
    if exchange and exchange.address is not None:
        yield from _elsewhere(settings, exchange.address, ("exchange", "address"))


def _publications(
    settings: Settings, release: Release
) -> Iterator[tuple[str, Location, Published]]:
    """Every port published by the stack: its Docker host, its key, and where it is published."""
    for index, party in enumerate(settings.parties):
        for cluster in settings.clusters(party, release):
            for name, bound in cluster.published.items():
                where = ("parties", index, cluster.kind, "publish", name)
                yield cluster.host_of_port(name), where, bound
            for one in cluster.between:
                for bound in one.published:
                    yield one.host, ("parties", index, cluster.kind, *one.key), bound
    exchange, at = settings.exchange, settings.exchange_at(release)
    if exchange and exchange.host and at:
        yield exchange.host, ("exchange", "port"), at


def _room(settings: Settings, release: Release) -> Iterator[Mistake]:
    """The first party on each Docker host that gets no network of its own any more."""
    parties: dict[str, int] = {}
    for index, party in enumerate(settings.parties):
        clusters = settings.clusters(party, release)
        for host in dict.fromkeys(host for one in clusters for host in one.hosts):
            parties[host] = parties.get(host, 0) + 1
            if parties[host] == MAX_PARTIES + 1:
                yield Mistake(
                    ("parties", index, *party.host_key),
                    f'Docker host "{host}" has room for {MAX_PARTIES} parties; use another for '
                    "this one and those that follow",
                )


def _ports(settings: Settings, release: Release) -> Iterator[Mistake]:
    taken: dict[int, list[tuple[str, Location, Published]]] = {}
    told: set[Location] = set()
    for host, where, port in _publications(settings, release):
        for other_host, other_where, other in taken.get(port.port, []):
            # A key can set several ports.
            if where in told:
                break
            if port.clashes(other) and (
                host == other_host or _one_address(settings, host, other_host, port, other)
            ):
                also = "" if host == other_host else f', which has the address of "{other_host}",'
                yield Mistake(
                    where,
                    f'port {port.port} of Docker host "{host}"{also} is already used by '
                    f"{key_path(other_where)}; set one of the two to a free port",
                )
                told.add(where)
                break
        taken.setdefault(port.port, []).append((host, where, port))


def _one_address(settings: Settings, host: str, other: str, *ports: Published) -> bool:
    """Whether two Docker hosts have one address, at which others would call both ports."""
    address = settings.hosts[host].reachable_at
    if address is None or address != settings.hosts[other].reachable_at:
        return False
    bound = [address, *(port.ip for port in ports if not port.everywhere)]
    return not any(map(addresses.only_local, bound))


@dataclass(frozen=True)
class _Call:
    """Something on one Docker host that calls ports on another.

    Args:
        caller: what calls, for the message.
        here: its Docker host.
        there: the Docker host that it calls.
        ports: what it calls there, and by which key each port is set.
        name: the longest name of a container that it calls instead if both are one.
    """

    caller: str
    here: str
    there: str
    ports: Mapping[Location, Published]
    name: str = ""


def _reachability(settings: Settings, release: Release, stack: str) -> Iterator[Mistake]:
    """A Docker host that another one must reach needs an address and open ports."""
    told: set[Location] = set()
    for call in _calls(settings, release, stack):
        obstacles = _obstacles if call.here != call.there else _unusable_name
        for mistake in obstacles(settings, call):
            if mistake.where not in told:
                yield mistake
            told.add(mistake.where)


def _obstacles(settings: Settings, call: _Call) -> Iterator[Mistake]:
    address = settings.hosts[call.there].reachable_at
    if address is None or addresses.only_local(address):
        what = f"{address} works on that host only" if address else "is missing"
        yield Mistake(
            ("hosts", call.there, "address"),
            f"{what}: {call.caller} on another Docker host must reach it; set the host name or "
            "IPv4 address that other machines use",
        )
    elif not settings.can_call(address):
        yield Mistake(
            ("hosts", call.there, "address"),
            f"{address} {_NOT_CALLABLE}, and {call.caller} on another Docker host must call it; "
            "set the IPv4 address or another name",
        )
    for where, bound in call.ports.items():
        if addresses.only_local(bound.ip) and not bound.everywhere:
            yield Mistake(
                where,
                f"is bound to {bound.ip}, but {call.caller} on another Docker host must reach it; "
                "bind it to an address that other machines reach",
            )


def _unusable_name(settings: Settings, call: _Call) -> Iterator[Mistake]:
    if call.name and not settings.can_call(call.name):
        yield Mistake(
            ("parties",),
            f"{call.caller} calls the container {shown(call.name)}, but that {_NOT_CALLABLE}; "
            "rename the stack",
        )


def _calls(settings: Settings, release: Release, stack: str) -> Iterator[_Call]:
    exchange = settings.exchange
    placed = [
        (index, party.id, cluster)
        for index, party in enumerate(settings.parties)
        for cluster in settings.clusters(party, release)
    ]
    for index, party, cluster in placed:
        gateways = _called(index, cluster, cluster.facts.gateway_ports)
        called = cluster.facts.edge or max(cluster.facts.gateways, key=len, default="")
        name = docker_name(stack, party, called)
        for service, ports in cluster.calls_home.items():
            called_there = _called(index, cluster, ports)
            yield _Call(service, cluster.host_of(service), cluster.host, called_there)
        for _, other, caller in placed:
            if other == party and caller is not cluster:
                inner = _called(index, cluster, cluster.inner)
                yield _Call(f"the {caller.kind} cluster", caller.host, cluster.host, inner)
            if other != party and caller.kind == cluster.kind and not _exchanged(exchange, cluster):
                yield _Call(f"party {other}", caller.host, cluster.host, gateways, name)
        if exchange and exchange.host and _exchanged(exchange, cluster):
            proxy = docker_name(stack, "exchange", *filter(None, [release.edge]))
            yield _Call(f"party {party}", cluster.host, exchange.host, {}, proxy)
            yield _Call("the exchange", exchange.host, cluster.host, gateways, name)


def _called(index: int, cluster: Cluster, names: Iterable[str]) -> dict[Location, Published]:
    return {
        ("parties", index, cluster.kind, "publish", name): cluster.published[name] for name in names
    }


def _exchanged(exchange: Exchange | None, cluster: Cluster) -> bool:
    """Whether the traffic of a cluster goes through the exchange."""
    return exchange is not None and cluster.kind == TRAINING
