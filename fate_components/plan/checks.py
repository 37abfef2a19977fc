"""Checks that need to know where clusters run: ports, room in subnets, and who reaches whom."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..docker.names import docker_name
from ..docker.ports import Published
from ..settings import addresses
from ..settings.checks import NOT_CALLABLE, known_addresses
from ..settings.checks import mistakes as mistakes_in_keys
from ..settings.clusters import TRAINING
from ..settings.errors import Location, Mistake, key_path, shown
from ..settings.exchange import Exchange
from ..settings.stack import Settings
from . import slots
from .placed import PlacedCluster
from .planner import Planner
from .slots import MAX_PARTIES


def check(planner: Planner, stack: str) -> list[Mistake]:
    """All mistakes in well-formed settings that prevent a deployment.

    Args:
        planner: decides where the clusters run.
        stack: the stack's name.
    """
    mistakes = [
        *mistakes_in_keys(planner.settings, planner.release),
        *_subnets(planner.settings, stack),
        *_port_names(planner),
        *_service_names(planner),
        *planner.mistakes(),
    ]
    if not mistakes:
        mistakes += [*_room(planner), *_ports(planner), *_reachability(planner, stack)]
    return mistakes


def _port_names(planner: Planner) -> Iterator[Mistake]:
    for index, party in enumerate(planner.settings.parties):
        for cluster in planner.clusters(party):
            for name in getattr(party, cluster.kind).publish:
                if name not in cluster.facts.published:
                    yield Mistake(
                        ("parties", index, cluster.kind, "publish", name),
                        f"is not a port that FATE {planner.settings.release} publishes; "
                        f"choose from {', '.join(cluster.facts.published)}",
                    )


def _service_names(planner: Planner) -> Iterator[Mistake]:
    clusters: list[tuple[Location, Iterable[str], Iterable[str]]] = [
        (
            ("parties", index, cluster.kind, "services"),
            getattr(party, cluster.kind).services,
            cluster.facts.services,
        )
        for index, party in enumerate(planner.settings.parties)
        for cluster in planner.clusters(party)
    ]
    stack = (
        ("services",),
        planner.settings.services,
        {**planner.release.services, **planner.release.serving},
    )
    for where, chosen, known in (stack, *clusters):
        for name in chosen:
            if name not in known:
                yield Mistake(
                    (*where, name),
                    f"is not a service that this stack runs with FATE {planner.settings.release}; "
                    f"choose from {', '.join(known)}",
                )


def _subnets(settings: Settings, stack: str) -> Iterator[Mistake]:
    """A host would look for addresses in its subnet among its own containers."""
    known = {key_path(where): address for where, address in known_addresses(settings)}
    for name, host in settings.hosts.items():
        subnet = slots.subnet(host, stack)
        for key, text in known.items():
            address = addresses.ipv4(text)
            if address and address in subnet:
                which = "" if host.subnet else ", the default for this stack,"
                yield Mistake(
                    ("hosts", name, "subnet"),
                    f"{subnet}{which} contains {address} ({key}); choose another private /16",
                )


def _publications(planner: Planner) -> Iterator[tuple[str, Location, Published]]:
    """Every port published by the stack: its Docker host, its key, and where it is published."""
    for index, party in enumerate(planner.settings.parties):
        for cluster in planner.clusters(party):
            for name, bound in cluster.published.items():
                where = ("parties", index, cluster.kind, "publish", name)
                yield cluster.host_of_port(name), where, bound
            for ports in cluster.between:
                for bound in ports.published:
                    yield ports.host, ("parties", index, cluster.kind, *ports.key), bound
    exchange, at = planner.settings.exchange, planner.exchange_at()
    if exchange and exchange.host and at:
        yield exchange.host, ("exchange", "port"), at


def _room(planner: Planner) -> Iterator[Mistake]:
    """The first party on each Docker host that gets no network of its own any more."""
    parties: dict[str, int] = {}
    for index, party in enumerate(planner.settings.parties):
        clusters = planner.clusters(party)
        for host in dict.fromkeys(host for cluster in clusters for host in cluster.hosts):
            parties[host] = parties.get(host, 0) + 1
            if parties[host] == MAX_PARTIES + 1:
                yield Mistake(
                    ("parties", index, *party.host_key),
                    f'Docker host "{host}" has room for {MAX_PARTIES} parties; use another for '
                    "this one and those that follow",
                )


def _ports(planner: Planner) -> Iterator[Mistake]:
    taken: dict[int, list[tuple[str, Location, Published]]] = {}
    reported: set[Location] = set()
    for host, where, port in _publications(planner):
        for other_host, other_where, other in taken.get(port.port, []):
            # A key can set several ports.
            if where in reported:
                break
            if port.clashes(other) and (
                host == other_host or _one_address(planner.settings, host, other_host, port, other)
            ):
                also = "" if host == other_host else f', which has the address of "{other_host}",'
                yield Mistake(
                    where,
                    f'port {port.port} of Docker host "{host}"{also} is already used by '
                    f"{key_path(other_where)}; set one of the two to a free port",
                )
                reported.add(where)
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


def _reachability(planner: Planner, stack: str) -> Iterator[Mistake]:
    """A Docker host that another one must reach needs an address and open ports."""
    reported: set[Location] = set()
    for call in _calls(planner, stack):
        obstacles = _obstacles if call.here != call.there else _unusable_name
        for mistake in obstacles(planner.settings, call):
            if mistake.where not in reported:
                yield mistake
            reported.add(mistake.where)


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
            f"{address} {NOT_CALLABLE}, and {call.caller} on another Docker host must call it; "
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
            f"{call.caller} calls the container {shown(call.name)}, but that {NOT_CALLABLE}; "
            "rename the stack",
        )


def _calls(planner: Planner, stack: str) -> Iterator[_Call]:
    exchange = planner.settings.exchange
    placed = [
        (index, party.id, cluster)
        for index, party in enumerate(planner.settings.parties)
        for cluster in planner.clusters(party)
    ]
    for index, party, cluster in placed:
        gateways = _called(index, cluster, cluster.facts.gateway_ports)
        gateway = cluster.facts.edge or max(cluster.facts.gateways, key=len, default="")
        name = docker_name(stack, party, gateway)
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
            proxy = docker_name(stack, "exchange", *filter(None, [planner.release.edge]))
            yield _Call(f"party {party}", cluster.host, exchange.host, {}, proxy)
            yield _Call("the exchange", exchange.host, cluster.host, gateways, name)


def _called(index: int, cluster: PlacedCluster, names: Iterable[str]) -> dict[Location, Published]:
    return {
        ("parties", index, cluster.kind, "publish", name): cluster.published[name] for name in names
    }


def _exchanged(exchange: Exchange | None, cluster: PlacedCluster) -> bool:
    """Whether the traffic of a cluster goes through the exchange."""
    return exchange is not None and cluster.kind == TRAINING
