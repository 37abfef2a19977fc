"""Checks across keys: whether the keys of a stack file fit together."""

from collections.abc import Iterator

from ..release import Release
from . import addresses
from .errors import Location, Mistake, key_path
from .models import NAME, Published, Settings


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
        *_exchange_host(settings),
        *_port_names(settings, release),
        *settings.mistakes(release),
    ]
    if not mistakes:
        mistakes += [*_ports(settings, release), *_reachability(settings, release)]
    return mistakes


def _port_names(settings: Settings, release: Release) -> Iterator[Mistake]:
    for index, party in enumerate(settings.parties):
        for name in party.training.publish:
            if name not in release.published:
                yield Mistake(
                    ("parties", index, "training", "publish", name),
                    f"is not a port that FATE {settings.release} publishes; "
                    f"choose from {', '.join(release.published)}",
                )


def _hosts(settings: Settings) -> Iterator[Mistake]:
    seen: dict[str, str] = {}
    for name, host in settings.hosts.items():
        if not NAME.fullmatch(name):
            yield Mistake(
                ("hosts", name),
                "is not a valid name for a Docker host: use up to 63 lowercase letters, digits and "
                "hyphens, and start with a letter or digit",
            )
        url = host.docker.rstrip("/")
        if url in seen:
            yield Mistake(
                ("hosts", name, "docker"),
                f"{host.docker} is already used by fate:hosts.{seen[url]}; use that name for both",
            )
        seen.setdefault(url, name)


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
        yield ("peers", index, "address"), peer.address
    if settings.used_exchange and settings.used_exchange.address:
        yield ("exchange", "address"), settings.used_exchange.address


def _unknown_host(name: str, settings: Settings) -> str:
    return f'"{name}" is not one of the Docker hosts under fate:hosts ({", ".join(settings.hosts)})'


def _parties(settings: Settings) -> Iterator[Mistake]:
    seen: dict[int, Location] = {}
    for index, party in enumerate(settings.parties):
        if party.host not in settings.hosts:
            yield Mistake(("parties", index, "host"), _unknown_host(party.host, settings))
        yield from _once(seen, party.id, ("parties", index, "id"))
    for index, peer in enumerate(settings.peers):
        yield from _once(seen, peer.id, ("peers", index, "id"))
        yield from _elsewhere(peer.address, ("peers", index, "address"))


def _once(seen: dict[int, Location], party: int, where: Location) -> Iterator[Mistake]:
    if party in seen:
        yield Mistake(
            where,
            f"{party} is also the id of {key_path(seen[party][:-1])}; give every party its own id",
        )
    seen.setdefault(party, where)


def _elsewhere(address: str, where: Location) -> Iterator[Mistake]:
    if addresses.only_local(address):
        yield Mistake(
            where,
            f"{address} is not reachable from a container; set the host name or IPv4 address that "
            "other machines use",
        )


def _exchange_host(settings: Settings) -> Iterator[Mistake]:
    exchange = settings.used_exchange
    if exchange and exchange.host is not None and exchange.host not in settings.hosts:
        yield Mistake(("exchange", "host"), _unknown_host(exchange.host, settings))
    if exchange and exchange.address is not None:
        yield from _elsewhere(exchange.address, ("exchange", "address"))


def _publications(
    settings: Settings, release: Release
) -> Iterator[tuple[str, Location, Published]]:
    """Every port that the stack publishes: its Docker host, the key that sets it, and the port."""
    for index, party in enumerate(settings.parties):
        for name, bound in party.training.published(release).items():
            yield party.host, ("parties", index, "training", "publish", name), bound
    exchange = settings.used_exchange
    if exchange and exchange.host and release.exchange:
        yield (
            exchange.host,
            ("exchange", "port"),
            Published(exchange.port or release.exchange.publish),
        )


def _ports(settings: Settings, release: Release) -> Iterator[Mistake]:
    taken: dict[str, list[tuple[Location, Published]]] = {}
    for host, where, port in _publications(settings, release):
        for other_where, other in taken.get(host, []):
            if port.clashes(other):
                yield Mistake(
                    where,
                    f'port {port.port} of Docker host "{host}" is already used by '
                    f"{key_path(other_where)}; set one of the two to a free port",
                )
                break
        taken.setdefault(host, []).append((where, port))


def _reachability(settings: Settings, release: Release) -> Iterator[Mistake]:
    """Whatever one Docker host must reach on another needs an address and an open port."""
    told: set[Location] = set()
    for caller, here, there, index in _calls(settings):
        if here == there:
            continue
        for mistake in _obstacles(settings, release, caller, there, index):
            if mistake.where not in told:
                yield mistake
            told.add(mistake.where)


def _obstacles(
    settings: Settings, release: Release, caller: str, there: str, index: int | None
) -> Iterator[Mistake]:
    address = settings.hosts[there].reachable_at
    if address is None or addresses.only_local(address):
        what = f"{address} works on that host only" if address else "is missing"
        yield Mistake(
            ("hosts", there, "address"),
            f"{what}: {caller} on another Docker host must reach it; set the host name or IPv4 "
            "address that other machines use",
        )
    if index is None:
        return
    for name, bound in settings.parties[index].training.published(release).items():
        if (
            name in release.gateway_ports
            and addresses.only_local(bound.ip)
            and not bound.everywhere
        ):
            yield Mistake(
                ("parties", index, "training", "publish", name),
                f"is bound to {bound.ip}, but {caller} on another Docker host must reach it; "
                "bind it to an address that other machines reach",
            )


def _calls(settings: Settings) -> Iterator[tuple[str, str, str, int | None]]:
    """Who calls whom: the caller, its Docker host, the called Docker host and party's index."""
    exchange = settings.used_exchange
    for index, party in enumerate(settings.parties):
        if exchange and exchange.host:
            yield f"party {party.id}", party.host, exchange.host, None
            yield "the exchange", exchange.host, party.host, index
        elif exchange is None:
            for other in settings.parties:
                yield f"party {other.id}", other.host, party.host, index
