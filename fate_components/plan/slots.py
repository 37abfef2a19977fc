"""Subnets, and numbers for parties that do not change when others come or go."""

import hashlib
from collections.abc import Iterable
from ipaddress import IPv4Network

from ..settings import DockerHost

MAX_PARTIES = 239
"""How many parties a Docker host's subnet has room for."""
# 10.192.0.0/16 to 10.239.0.0/16: outside the ranges that Docker picks by itself, and the usual
# ranges of flannel and Kubernetes.
_FIRST_SUBNET, _SUBNETS = 192, 48


def cut(subnet: IPv4Network, slot: int) -> IPv4Network:
    """The /24 of a slot in a subnet."""
    return IPv4Network((int(subnet.network_address) + (slot << 8), 24))


def stable(ids: Iterable[int], count: int, taken: Iterable[int] = ()) -> dict[int, int]:
    """A number below `count` for each id, unaffected by ids that are added or removed.

    It follows from the id; only if two ids map to the same number, the later one takes the next
    free one.

    Args:
        ids: the ids.
        count: how many numbers there are.
        taken: the numbers that are not free.
    """
    numbers: dict[int, int] = {}
    taken = set(taken)
    for id in ids:
        number = id % count
        while number in taken:
            number = (number + 1) % count
        taken.add(number)
        numbers[id] = number
    return numbers


def subnet(host: DockerHost, stack: str) -> IPv4Network:
    """The subnet that a stack's Docker networks on a Docker host are taken from.

    Args:
        host: the Docker host's settings in the stack file.
        stack: the stack's name, which determines the subnet if the stack file sets none.
    """
    if host.subnet:
        return IPv4Network(host.subnet)
    octet = _FIRST_SUBNET + hashlib.sha256(stack.encode()).digest()[0] % _SUBNETS
    return IPv4Network(f"10.{octet}.0.0/16")
