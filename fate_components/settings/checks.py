"""What no single key can tell: whether the keys of a stack file fit together."""

from collections.abc import Iterator

from .. import release as catalogue
from .errors import Location, Mistake, key_path
from .models import NAME, Engines, Published, Settings


def check(settings: Settings) -> list[Mistake]:
    """Everything in well-formed settings that can't be deployed."""
    mistakes = [
        *_hosts(settings),
        *_parties(settings),
        *_exchange_host(settings),
        *_release(settings),
    ]
    if not mistakes:
        release = release_of(settings)
        mistakes += [*_release_keys(settings, release), *_published(settings, release)]
    if not mistakes:
        mistakes += [*_ports(settings, release), *_reachability(settings, release)]
    return mistakes


def release_of(settings: Settings) -> catalogue.Release:
    """The facts of what settings deploy: the release with the images and engines they choose."""
    release = catalogue.load(settings.release)
    if settings.images == "packages" and release.line == "fate2":
        release = release.from_packages
    return release.computing_with((settings.engines or Engines()).computing)


def publications(
    settings: Settings, release: catalogue.Release
) -> Iterator[tuple[str, Location, Published]]:
    """Every port published by the stack: on which Docker host, set by which key, and where."""
    for index, party in enumerate(settings.parties):
        for name in release.published:
            where = ("parties", index, "training", "publish", name)
            yield party.host, where, published(party.training.publish, release, name)
    if settings.exchange and settings.exchange.host and release.exchange:
        port = settings.exchange.port or release.exchange.publish
        yield settings.exchange.host, ("exchange", "port"), Published(port=port)


def published(chosen: dict[str, Published], release: catalogue.Release, name: str) -> Published:
    """Where one of a party's ports is published: as the stack says, else as FATE usually does."""
    return chosen.get(name) or Published(port=release.published[name])


def _release(settings: Settings) -> Iterator[Mistake]:
    known = catalogue.known()
    if settings.release not in known:
        yield Mistake(
            ("release",), f'"{settings.release}" is not known; choose one of {", ".join(known)}'
        )


def _published(settings: Settings, release: catalogue.Release) -> Iterator[Mistake]:
    ports = release.published
    for index, party in enumerate(settings.parties):
        for name in party.training.publish:
            if name not in ports:
                yield Mistake(
                    ("parties", index, "training", "publish", name),
                    f"is no port that FATE {settings.release} publishes; "
                    f"there are {', '.join(ports)}",
                )
    for index, peer in enumerate(settings.peers):
        for name in peer.ports:
            if name not in release.gateway_ports:
                yield Mistake(
                    ("peers", index, "ports", name),
                    f"is no port that other parties of FATE {settings.release} call; "
                    f"there are {', '.join(release.gateway_ports)}",
                )


# Keys that only one release line has.
_LINE_OF = {
    "eggs": "fate1", "processors": "fate1", "redis": "fate1",
    "cores": "fate2", "rabbitmq": "fate2", "client": "fate2",
}  # fmt: skip


def _release_keys(settings: Settings, release: catalogue.Release) -> Iterator[Mistake]:
    """What this release does not have."""
    where: list[tuple[Location, str]] = []
    if release.line == "fate1":
        if settings.engines:
            where.append((("engines",), "FATE 1.3 has one set of engines; remove the key"))
        if settings.images == "packages":
            where.append(
                (("images",), "FATE 1.3 is not built from packages; set registry, or remove it")
            )
    elif settings.exchange:
        where.append(
            (("exchange",), "RabbitMQ's parties reach each other directly; remove the key")
        )
    for index, party in enumerate(settings.parties):
        for name in sorted(party.training.model_fields_set):
            if _LINE_OF.get(name, release.line) != release.line:
                remedy = "remove the key, or choose another fate:release"
                where.append((("parties", index, "training", name), remedy))
    for index, peer in enumerate(settings.peers):
        if release.line == "fate1" and peer.ports:
            where.append((("peers", index, "ports"), "set port, the one of its proxy"))
        if release.line == "fate2" and peer.port:
            where.append(
                (("peers", index, "port"), f"set ports: {', '.join(release.gateway_ports)}")
            )
    for key, remedy in where:
        yield Mistake(key, f"is nothing that FATE {settings.release} has: {remedy}")
    if release.engines:
        yield from _engines(settings.engines or Engines(), release.engines)


def _engines(chosen: Engines, known: catalogue.Engines) -> Iterator[Mistake]:
    fits = known.computing.get(chosen.computing, ())
    stores = sorted({storage for some in known.computing.values() for storage in some})
    for key, value, there in (
        ("computing", chosen.computing, tuple(known.computing)),
        ("federation", chosen.federation, known.federation),
        ("storage", chosen.storage, stores),
    ):
        if value is None or value in there:
            continue
        what = "is not deployed yet" if value in known.not_yet else "is no engine of FATE's"
        yield Mistake(("engines", key), f'"{value}" {what}; choose {" or ".join(there)}')
    if fits and chosen.storage in stores and chosen.storage not in fits:
        yield Mistake(
            ("engines", "storage"),
            f'"{chosen.storage}" does not go with computing: {chosen.computing}; '
            f"choose {' or '.join(fits)}, or leave it out",
        )


def _hosts(settings: Settings) -> Iterator[Mistake]:
    seen: dict[str, str] = {}
    for name, host in settings.hosts.items():
        if not NAME.fullmatch(name):
            yield Mistake(
                ("hosts", name),
                "is no good name for a Docker host: use lower-case letters, digits and hyphens",
            )
        url = host.docker.rstrip("/")
        if url in seen:
            yield Mistake(
                ("hosts", name, "docker"),
                f"{host.docker} is fate:hosts.{seen[url]} already; use that name for both",
            )
        seen.setdefault(url, name)


def _unknown_host(name: str, settings: Settings) -> str:
    return f'"{name}" is none of the Docker hosts under fate:hosts ({", ".join(settings.hosts)})'


def _parties(settings: Settings) -> Iterator[Mistake]:
    seen: dict[int, Location] = {}
    for index, party in enumerate(settings.parties):
        if party.host not in settings.hosts:
            yield Mistake(("parties", index, "host"), _unknown_host(party.host, settings))
        yield from _once(seen, party.id, ("parties", index, "id"))
    for index, peer in enumerate(settings.peers):
        yield from _once(seen, peer.id, ("peers", index, "id"))


def _once(seen: dict[int, Location], party: int, where: Location) -> Iterator[Mistake]:
    if party in seen:
        yield Mistake(
            where, f"{party} is the id of {key_path(seen[party][:-1])} too; every party has its own"
        )
    seen.setdefault(party, where)


def _exchange_host(settings: Settings) -> Iterator[Mistake]:
    exchange = settings.exchange
    if exchange and exchange.host is not None and exchange.host not in settings.hosts:
        yield Mistake(("exchange", "host"), _unknown_host(exchange.host, settings))


def _ports(settings: Settings, release: catalogue.Release) -> Iterator[Mistake]:
    taken: dict[str, list[tuple[Location, Published]]] = {}
    for host, where, port in publications(settings, release):
        for other_where, other in taken.get(host, []):
            if port.clashes(other):
                yield Mistake(
                    where,
                    f'port {port.port} of Docker host "{host}" is taken by '
                    f"{key_path(other_where)} already; set one of the two to a free port",
                )
                break
        taken.setdefault(host, []).append((where, port))


def _reachability(settings: Settings, release: catalogue.Release) -> Iterator[Mistake]:
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
    settings: Settings, release: catalogue.Release, caller: str, there: str, index: int | None
) -> Iterator[Mistake]:
    if settings.hosts[there].reachable_at is None:
        yield Mistake(
            ("hosts", there, "address"),
            f"is missing: {caller} on another Docker host must reach it; add the host name or IPv4 "
            "address under which other machines reach this one",
        )
    if index is None:
        return
    for name in release.gateway_ports:
        bound = published(settings.parties[index].training.publish, release, name)
        if bound.ip.startswith("127."):
            yield Mistake(
                ("parties", index, "training", "publish", name),
                f"is bound to {bound.ip}, but {caller} on another Docker host must reach it; "
                "bind it to an address that other machines reach",
            )


def _calls(settings: Settings) -> Iterator[tuple[str, str, str, int | None]]:
    """Who calls whom: the caller, its Docker host, the other's, and that party's index."""
    exchange = settings.exchange
    for index, party in enumerate(settings.parties):
        if exchange and exchange.host:
            yield f"party {party.id}", party.host, exchange.host, None
            yield "the exchange", exchange.host, party.host, index
        elif exchange is None:
            for other in settings.parties:
                yield f"party {other.id}", other.host, party.host, index
