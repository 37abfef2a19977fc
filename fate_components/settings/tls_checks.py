"""Checks of the keys for encrypted connections."""

from collections.abc import Iterator
from datetime import UTC, datetime

from ..crypto import pki
from .errors import Location, Mistake
from .hosts import DockerHost
from .stack import Settings
from .tls import Certificate, ExchangeTls, PeerTls


def mistakes(settings: Settings) -> Iterator[Mistake]:
    """Certificates that do not fit, are missing or have expired, and keys without effect."""
    own: dict[Location, Certificate | ExchangeTls | None] = {
        ("parties", index, "tls"): party.tls for index, party in enumerate(settings.parties)
    }
    others: dict[Location, PeerTls | None] = {
        ("peers", index, "tls"): peer.tls for index, peer in enumerate(settings.peers)
    }
    if exchange := settings.exchange:
        if exchange.host:
            own["exchange", "tls"] = exchange.tls
        else:
            others["exchange", "tls"] = exchange.tls
    now = datetime.now(UTC)
    for name, host in settings.hosts.items():
        yield from _docker_host(host, ("hosts", name, "tls"), now)
    if not settings.tls.enabled:
        for where, given in {**own, **others}.items():
            if given:
                yield Mistake(
                    where,
                    "has no effect without TLS; set fate:tls to {enabled: true}, or remove it",
                )
        return
    for where, given in own.items():
        if given:
            yield from _given(given, where, now)
    for where, trusted in others.items():
        yield from _trusted(trusted, where, now)


def _docker_host(host: DockerHost, where: Location, now: datetime) -> Iterator[Mistake]:
    if not host.docker.startswith("tcp:"):
        if host.tls:
            yield Mistake(where, "has no effect without a tcp:// URL; remove it")
        return
    if host.tls is None:
        yield Mistake(
            where,
            "is missing: without TLS, anyone who can connect controls the machine; add "
            "{authority, certificate, key}, or use ssh://",
        )
        return
    if reason := pki.unfit(host.tls.key, host.tls.certificate):
        yield Mistake((*where, "key"), reason)
    if reason := pki.invalid(host.tls.certificate, now):
        yield Mistake((*where, "certificate"), f"{reason}; set a valid one")
    if (end := pki.ends(host.tls.authority)) < now:
        yield Mistake((*where, "authority"), f"expired on {end:%Y-%m-%d}; set a valid one")


def _given(given: Certificate | ExchangeTls, where: Location, now: datetime) -> Iterator[Mistake]:
    """A certificate for what this stack runs."""
    if given.certificate is None or given.key is None:
        missing = "certificate" if given.certificate is None else "key"
        yield Mistake((*where, missing), "is missing: this stack runs the exchange; add it")
        return
    for part, reason in pki.flaws(given.certificate, given.key, given.authority):
        yield Mistake((*where, part), reason)
    if reason := pki.invalid(given.certificate, now):
        yield Mistake((*where, "certificate"), f"{reason}; set a valid one")


def _trusted(trusted: PeerTls | None, where: Location, now: datetime) -> Iterator[Mistake]:
    """How to verify what others run."""
    if trusted is None:
        yield Mistake(
            where,
            "is missing: with fate:tls its certificate must be verified; add {authority: …} with "
            "the certificate of the authority that issued it",
        )
    elif isinstance(trusted, ExchangeTls) and (trusted.certificate or trusted.key):
        yield Mistake(
            where,
            "must not contain a certificate or a key: somebody else runs the exchange; use "
            "{authority, name}",
        )
    elif (end := pki.ends(trusted.authority)) < now:
        yield Mistake((*where, "authority"), f"expired on {end:%Y-%m-%d}; set a valid one")
