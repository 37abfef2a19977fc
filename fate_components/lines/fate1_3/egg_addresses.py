"""The addresses of a party's eggs in its networks, which are the same on all of its Docker hosts.

roll calls the processors of an egg at the address that the egg finds for itself. So an egg on
another Docker host has an address that a stand-in at home can have too (see link.py).
"""

import hashlib
from collections.abc import Mapping

from ...docker.networks import Network
from ...plan.slots import stable

_FIRST_AWAY = 128  # the last octet of eggs on other Docker hosts is greater
AT_HOME, AWAY = 96, 100
"""How many eggs a party can have on its own Docker host and on others, if it has both."""
_NUMBERS = 126


def octets(first: int, eggs: Mapping[str, tuple[str, ...]], home: str) -> dict[str, int]:
    """The last octet of each egg's address, unaffected by eggs that come.

    One on another Docker host changes only when another one goes that had the number before it.

    Args:
        first: that of the first egg at home.
        eggs: their names, by Docker host.
        home: the name of the Docker host that the cluster runs on.
    """
    at_home = {name: first + index for index, name in enumerate(eggs.get(home, ()))}
    away = [name for host, names in eggs.items() if host != home for name in names]
    ids = {int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]): name for name in away}
    numbers = stable(ids, _NUMBERS)
    return at_home | {name: _FIRST_AWAY + 1 + numbers[id] for id, name in ids.items()}


def away(network: Network) -> str:
    """The addresses of eggs on other Docker hosts than their cluster's, as a network."""
    return f"{network.at(_FIRST_AWAY)}/25"
