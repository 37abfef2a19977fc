"""Numbers for parties that do not change when others come or go."""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network

from ..settings import Cluster


def _cut(subnet: IPv4Network, slot: int) -> IPv4Network:
    return IPv4Network((int(subnet.network_address) + (slot << 8), 24))


def _runs_on(clusters: Mapping[str, Cluster], host: str, kind: str = "") -> bool:
    return any(one.host == host and kind in ("", one.kind) for one in clusters.values())


def _has_some_on(clusters: Mapping[str, Cluster], host: str) -> bool:
    return any(host in one.elsewhere for one in clusters.values())


def stable(ids: Iterable[int], count: int, taken: Iterable[int] = ()) -> dict[int, int]:
    """A number below `count` for each id, unaffected by ids that are added or removed.

    It follows from the id; only if two ids map to the same number, the later one takes the next
    free one.

    Args:
        ids: the ids.
        count: how many numbers there are.
        taken: the numbers that are not free.
    """
    found: dict[int, int] = {}
    taken = set(taken)
    for id in ids:
        number = id % count
        while number in taken:
            number = (number + 1) % count
        taken.add(number)
        found[id] = number
    return found
