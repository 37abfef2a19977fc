"""The certificates of a deployment: its own, and what it verifies of others."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..crypto import pki
from ..plan.endpoints import EXCHANGE, display_name
from ..plan.topology import Topology
from ..settings import Settings
from ..settings.tls import Certificate, ExchangeTls

_WARN_WITHIN = timedelta(days=30)


def certificate_name(who: str) -> str:
    """The DNS name in the certificates that a stack issues.

    Args:
        who: a party's id, or "exchange".
    """
    return who if who == EXCHANGE else f"party-{who}"


@dataclass(frozen=True)
class Certificates:
    """The certificates of a deployment, by party id or "exchange".

    Args:
        authority: the certificate of the stack's own authority, as PEM; "" if it issues none.
        identities: those of the parties, and the exchange, that this stack runs.
        trusted: what it verifies of those that others run.
    """

    authority: str
    identities: Mapping[str, pki.Identity]
    trusted: Mapping[str, pki.Trust]

    def trust(self, who: str) -> pki.Trust:
        """What to verify of a party or the exchange, whoever runs it."""
        return self.identities[who].trust if who in self.identities else self.trusted[who]

    def authorities(self) -> str:
        """The certificates of all authorities, as PEM, each once and in a stable order."""
        everyone = [
            *(identity.trust for identity in self.identities.values()),
            *self.trusted.values(),
        ]
        return "".join(sorted({_newline(trust.authority) for trust in everyone}))

    def warnings(self, now: datetime) -> list[str]:
        """A line for each certificate that expires soon and that the stack does not renew itself.

        Args:
            now: the time.
        """
        ends = {
            f"The certificate of {display_name(who)}": identity.expires
            for who, identity in self.identities.items()
            if not identity.issued
        } | {
            f"The certificate of the authority of {display_name(who)}": pki.ends(trust.authority)
            for who, trust in self.trusted.items()
        }
        return [
            f"{what} expires on {end:%Y-%m-%d}. Set a new one before that day; see docs/tls.md."
            for what, end in ends.items()
            if end - now < _WARN_WITHIN
        ]


def of(settings: Settings, plan: Topology, now: datetime) -> Certificates | None:
    """The certificates of a deployment, or None if its connections are not encrypted.

    Args:
        settings: the stack file's settings.
        plan: the topology.
        now: the time.
    """
    if not settings.tls.enabled:
        return None
    authority = pki.Authority(settings.master_secret)
    identities, trusted = {}, {}

    def add(who: str, given: Certificate | ExchangeTls | None, *hosts: str) -> None:
        reached = [settings.hosts[host].reachable_at for host in hosts]
        addresses = [address for address in reached if address]
        identities[who] = (
            _given(given) if given else authority.issue(certificate_name(who), addresses, now)
        )

    for party in plan.parties:
        hosts = [cluster.host for cluster in party.clusters.values()]
        add(str(party.party.id), party.party.tls, *hosts)
    for peer in settings.peers:
        if peer.tls:
            name = peer.tls.name or certificate_name(str(peer.id))
            trusted[str(peer.id)] = pki.Trust(name, peer.tls.authority)
    exchange = settings.exchange
    if exchange and exchange.host:
        add(EXCHANGE, exchange.tls, exchange.host)
    elif exchange and exchange.tls:
        trusted[EXCHANGE] = pki.Trust(exchange.tls.name or EXCHANGE, exchange.tls.authority)
    issued = any(identity.issued for identity in identities.values())
    return Certificates(authority.certificate if issued else "", identities, trusted)


def _given(given: Certificate | ExchangeTls) -> pki.Identity:
    assert given.certificate is not None  # noqa: S101 - checked with the settings
    assert given.key is not None  # noqa: S101 - checked with the settings
    name = pki.dns_names(pki.certificates(given.certificate)[0])[0]
    trust = pki.Trust(name, given.authority)
    return pki.Identity(_newline(given.certificate), given.key, trust)


def _newline(pem: str) -> str:
    return pem.rstrip("\n") + "\n"
