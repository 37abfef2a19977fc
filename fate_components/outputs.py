"""The stack's outputs: where the parties can be reached."""

import string

from . import tls
from .certificates import Certificates
from .release import Release
from .settings import Published, Settings
from .topology import ExchangePlan, Topology


def party_outputs(
    plan: Topology, settings: Settings, release: Release
) -> dict[str, dict[str, str]]:
    """The addresses of each party's services that people and other parties use, by party id."""
    found = {}
    for party in plan.parties:
        at = {
            name: _reach(cluster.host, port, settings)
            for cluster in party.clusters.values()
            for name, port in cluster.published.items()
        }
        found[str(party.party.id)] = {
            name: text.format_map(at)
            for name, text in release.outputs.items()
            if all(port in at for _, port, _, _ in string.Formatter().parse(text) if port)
        }
    return found


def exchange_output(plan: ExchangePlan, settings: Settings) -> str:
    """The exchange's address and port."""
    return _reach(plan.host, plan.published, settings)


def tls_output(found: Certificates) -> dict[str, object]:
    """The stack's authority, for the peers, and when certificates expire."""
    day = "%Y-%m-%d"
    expires = {who: f"{identity.expires:{day}}" for who, identity in found.identities.items()}
    authorities = {
        who: f"{tls.ends(trust.authority):{day}}" for who, trust in found.trusted.items()
    }
    return {
        name: value
        for name, value in {
            "authority": found.authority,
            "certificatesExpire": expires,
            "authoritiesOfOthersExpire": authorities,
        }.items()
        if value
    }


def _reach(host: str, port: Published, settings: Settings) -> str:
    address = settings.hosts[host].reachable_at or "localhost"
    return f"{address if port.everywhere else port.ip}:{port.port}"
