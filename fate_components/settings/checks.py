"""Checks across keys: whether the keys of a stack file fit together."""

from collections.abc import Iterator

from ..releases.facts import Release
from . import addresses, tls_checks
from .clusters import SERVING, TRAINING, ClusterKeys
from .databases import Mysql, Server
from .errors import Location, Mistake, key_path, unknown_host
from .stack import NAME, Settings

NOT_CALLABLE = (
    "is not a host name that FATE can call (labels of up to 63 letters, digits and hyphens)"
)


def mistakes(settings: Settings, release: Release) -> Iterator[Mistake]:
    """Mistakes in well-formed settings: keys that do not fit together.

    Args:
        settings: the stack file's settings.
        release: the facts of the release it deploys.
    """
    yield from _hosts(settings)
    yield from _parties(settings)
    yield from _databases(settings)
    yield from _exchange(settings, release)
    yield from _registries(settings)
    yield from _archive(settings)
    yield from tls_checks.mistakes(settings)
    yield from settings.mistakes(release)


def _registries(settings: Settings) -> Iterator[Mistake]:
    seen: dict[str, int] = {}
    for index, login in enumerate(settings.registries):
        if login.address in seen:
            yield Mistake(
                ("registries", index, "address"),
                f"{login.address} is also the address of fate:registries[{seen[login.address]}]; "
                "remove one of the two",
            )
        seen.setdefault(login.address, index)


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


def known_addresses(settings: Settings) -> Iterator[tuple[Location, str]]:
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
        yield Mistake(where, f"{address} {NOT_CALLABLE}; set the IPv4 address or another name")


def _exchange(settings: Settings, release: Release) -> Iterator[Mistake]:
    exchange = settings.exchange
    if exchange and release.exchange is None:
        yield Mistake(("exchange",), f"FATE {release.name} has none; remove the key")
    if exchange and exchange.host is not None and exchange.host not in settings.hosts:
        yield Mistake(("exchange", "host"), unknown_host(exchange.host, settings.hosts))
    if exchange and exchange.address is not None:
        yield from _elsewhere(settings, exchange.address, ("exchange", "address"))
