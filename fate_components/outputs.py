"""The stack's outputs: where the parties can be reached."""

import string
from dataclasses import dataclass
from ipaddress import ip_address

from .crypto import pki
from .docker.ports import Published
from .plan.topology import ExchangePlan, Topology
from .releases.facts import Release
from .security.certificates import Certificates
from .settings import Settings


@dataclass(frozen=True)
class Address:
    """Where a service is reached.

    Args:
        text: the address, as a URL if it is one.
        host: the name of the Docker host.
        loopback: whether only programs on that Docker host reach it.
    """

    text: str
    host: str
    loopback: bool


def party_addresses(
    plan: Topology, settings: Settings, release: Release
) -> dict[str, dict[str, Address]]:
    """The addresses of each party's services that people and other parties use, by party id."""
    by_party = {}
    for party in plan.parties:
        ports = {
            name: (cluster.host_of_port(name), port)
            for cluster in party.clusters.values()
            for name, port in cluster.published.items()
        }
        at = {name: _reach(host, port, settings) for name, (host, port) in ports.items()}
        addresses = {}
        for name, text in release.outputs.items():
            used = [port for _, port, _, _ in string.Formatter().parse(text) if port]
            if used and all(port in ports for port in used):
                host, port = ports[used[0]]
                loopback = ip_address(port.ip).is_loopback
                addresses[name] = Address(text.format_map(at), host, loopback)
        by_party[str(party.party.id)] = addresses
    return by_party


def party_outputs(
    plan: Topology, settings: Settings, release: Release
) -> dict[str, dict[str, str]]:
    """The same addresses as texts, by party id."""
    return {
        party: {name: address.text for name, address in addresses.items()}
        for party, addresses in party_addresses(plan, settings, release).items()
    }


def exchange_output(plan: ExchangePlan, settings: Settings) -> str:
    """The exchange's address and port."""
    return _reach(plan.host, plan.published, settings)


def tls_output(found: Certificates) -> dict[str, object]:
    """The stack's authority, for the peers, and when certificates expire."""
    day = "%Y-%m-%d"
    expires = {who: f"{identity.expires:{day}}" for who, identity in found.identities.items()}
    authorities = {
        who: f"{pki.ends(trust.authority):{day}}" for who, trust in found.trusted.items()
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
