"""Where services are reached."""

from collections.abc import Mapping
from dataclasses import dataclass

EXCHANGE = "exchange"
"""What the exchange is called where a party would have its id."""


@dataclass(frozen=True)
class Endpoint:
    """Where a service listens.

    Args:
        host: a container name or an address, as the caller must use it.
        port: the TCP port.
    """

    host: str
    port: int


Reach = Mapping[str, Endpoint]
"""The endpoints of a party's gateways, by port name."""


def display_name(party: str) -> str:
    """A party, by its id, or the exchange, for a message."""
    return "the exchange" if party == EXCHANGE else f"party {party}"
