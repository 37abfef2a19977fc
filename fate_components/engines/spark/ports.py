"""The ports of a party's Spark cluster."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ...plan.cross_host import CrossHostPorts

_KEY = ("spark", "ports")
_JOBS = 16  # at once, across Docker hosts
# From the first port of all.
_BROKER, _DRIVERS, _DRIVER_BLOCKS, _BLOCKS = 1, 10, 30, 50


@dataclass(frozen=True)
class SparkPorts:
    """Where the parts of a Spark cluster listen.

    Args:
        master: the master's port.
        broker: another port of the broker, or the port of OSX instead of its usual one, which
            executors call; None if they call the usual one.
        drivers: the first of the ports at which the drivers of jobs listen.
        driver_blocks: the first of the ports at which drivers hand out blocks of data.
        blocks: the first of the ports at which executors do, by worker.
        retries: how many ports after the first ones a driver or an executor tries.
    """

    master: int
    broker: int | None
    drivers: int
    driver_blocks: int
    blocks: Mapping[str, int]
    retries: int


def inside(master: int, workers: Mapping[str, tuple[str, ...]]) -> SparkPorts:
    """The ports of a cluster on one Docker host, which publishes none of them.

    Args:
        master: the master's usual port.
        workers: the names of the workers, by Docker host.
    """
    names = [name for there in workers.values() for name in there]
    return SparkPorts(master, None, 35000, 36000, dict.fromkeys(names, 37000), 32)


def across(first: int, workers: Mapping[str, tuple[str, ...]]) -> SparkPorts:
    """The ports of a cluster on several Docker hosts.

    Args:
        first: the first of them.
        workers: the names of the workers, by Docker host.
    """
    blocks = {
        name: first + _BLOCKS + index * _JOBS
        for there in workers.values()
        for index, name in enumerate(there)
    }
    return SparkPorts(
        first, first + _BROKER, first + _DRIVERS, first + _DRIVER_BLOCKS, blocks, _JOBS - 1
    )


def last(first: int, workers: Mapping[str, tuple[str, ...]]) -> int:
    """The last of the ports of a cluster on several Docker hosts.

    Args:
        first: the first of them.
        workers: the names of the workers, by Docker host.
    """
    return first + _BLOCKS + max(map(len, workers.values())) * _JOBS - 1


def published(
    ports: SparkPorts,
    home: str,
    workers: Mapping[str, tuple[str, ...]],
    bound: Mapping[str, str],
    broker: str,
) -> Iterator[CrossHostPorts]:
    """What a cluster on several Docker hosts publishes on each of them.

    Args:
        ports: its ports.
        home: the Docker host of all but the workers.
        workers: the names of the workers, by Docker host.
        bound: the addresses that the ports are bound to, by Docker host.
        broker: the service that the values of jobs go through: RabbitMQ, Pulsar or OSX.
    """

    def of_container(container: str, host: str, first: int, count: int = 1) -> CrossHostPorts:
        return CrossHostPorts(container, host, first, count, bound[host], _KEY)

    yield of_container("spark-master", home, ports.master)
    if ports.broker:
        yield replace(of_container(broker, home, ports.broker), encrypted=False)
    for drivers in (ports.drivers, ports.driver_blocks):
        yield of_container("fateflow", home, drivers, _JOBS)
    for host, names in workers.items():
        for name in names:
            yield of_container(name, host, ports.blocks[name], _JOBS)
