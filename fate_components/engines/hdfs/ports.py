"""The ports of a party's HDFS."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...plan.cross_host import CrossHostPorts

MAX_DATA_NODES = 8
"""How many data nodes a Docker host can have."""

_KEY = ("hdfs", "ports")
_EACH = 2  # a data node has a port for data, and one for calls
_PER_HOST = MAX_DATA_NODES * _EACH


@dataclass(frozen=True)
class HdfsPorts:
    """Where the parts of an HDFS listen.

    Args:
        name_node: the name node's port.
        data: each data node's port for data, by name.
        calls: each data node's port for calls, by name.
    """

    name_node: int
    data: Mapping[str, int]
    calls: Mapping[str, int]


def inside(
    name_node: int, data: int, calls: int, nodes: Mapping[str, tuple[str, ...]]
) -> HdfsPorts:
    """The ports of an HDFS on one Docker host, which publishes none of them.

    Args:
        name_node: the name node's usual port.
        data: a data node's usual port for data.
        calls: a data node's usual port for calls.
        nodes: the names of the data nodes, by Docker host.
    """
    names = [name for there in nodes.values() for name in there]
    return HdfsPorts(name_node, dict.fromkeys(names, data), dict.fromkeys(names, calls))


def across(first: int, nodes: Mapping[str, tuple[str, ...]], hosts: Sequence[str]) -> HdfsPorts:
    """The ports of an HDFS on several Docker hosts.

    No two of its data nodes have the same ones: the name node tells those apart by address and
    port, and it may see several Docker hosts at one address.

    Args:
        first: the first of them.
        nodes: the names of the data nodes, by Docker host.
        hosts: the party's Docker hosts.
    """
    data = {
        name: first + (hosts.index(host) + 1) * _PER_HOST + index * _EACH
        for host, there in nodes.items()
        if host in hosts
        for index, name in enumerate(there)
    }
    return HdfsPorts(first, data, {name: port + 1 for name, port in data.items()})


def last(first: int, hosts: Sequence[str]) -> int:
    """The last of the ports of an HDFS on several Docker hosts.

    Args:
        first: the first of them.
        hosts: the party's Docker hosts.
    """
    return first + (len(hosts) + 1) * _PER_HOST - 1


def published(
    ports: HdfsPorts,
    home: str,
    nodes: Mapping[str, tuple[str, ...]],
    bound: Mapping[str, str],
) -> Iterator[CrossHostPorts]:
    """What an HDFS on several Docker hosts publishes on each of them.

    Args:
        ports: its ports.
        home: the Docker host of its name node.
        nodes: the names of the data nodes, by Docker host.
        bound: the addresses that the ports are bound to, by Docker host.
    """
    yield CrossHostPorts("name-node", home, ports.name_node, 1, bound[home], _KEY, encrypted=False)
    for host, names in nodes.items():
        for name in names:
            if name in ports.data:
                yield CrossHostPorts(
                    name, host, ports.data[name], _EACH, bound[host], _KEY, encrypted=False
                )
