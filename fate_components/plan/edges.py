"""The edges of clusters: where connections between parties become encrypted."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..docker.networks import Attachment, Network
from ..releases.facts import Protocol, Release, ServiceFacts
from .endpoints import Endpoint


@dataclass(frozen=True)
class Entrance:
    """A port at which others call a gateway through its edge, with TLS.

    Args:
        port: the port of the edge.
        protocol: what the gateway speaks.
        to: the gateway.
    """

    port: int
    protocol: Protocol
    to: Endpoint


@dataclass(frozen=True)
class Tunnel:
    """A port at which a cluster calls a gateway of another party through its own edge.

    Args:
        party: the other party's id, or "exchange".
        port: the port of the edge, without TLS.
        protocol: what the gateway speaks.
        to: where the other side accepts TLS.
    """

    party: str
    port: int
    protocol: Protocol
    to: Endpoint


@dataclass(frozen=True)
class EdgePlan:
    """The edge of a cluster or of the exchange: all that crosses it is encrypted outside of it.

    Args:
        service: its name among the services of the release.
        inside: its attachment to the network of what it belongs to.
        outside: its attachment to the network that it shares with other edges.
        entrances: the ways in.
        tunnels: the ways out.
    """

    service: str
    inside: Attachment
    outside: Attachment
    entrances: tuple[Entrance, ...]
    tunnels: tuple[Tunnel, ...]


def edge_plan(
    name: str,
    facts: Release,
    network: Network,
    outside: Attachment,
    behind: Mapping[str, ServiceFacts],
    tunnels: tuple[Tunnel, ...],
) -> EdgePlan:
    """The edge of what is in a network, with the gateways behind it by their names there."""
    address = network.at(facts.services[name].address)
    entrances = tuple(
        Entrance(service.ports[port], protocol, Endpoint(gateway, service.ports[port]))
        for gateway, service in behind.items()
        for port, protocol in service.gateway.items()
    )
    inside = Attachment(network, address, aliases=(name,))
    return EdgePlan(name, inside, outside, entrances, tunnels)
