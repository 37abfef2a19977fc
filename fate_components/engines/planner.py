"""Where Spark's workers and HDFS's data nodes run, if a party has them on several Docker hosts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from ..plan.cross_host import CrossHostPorts
from ..plan.placed import Needs, PlacedCluster
from ..plan.planner import Planner
from ..settings import Mistake
from .hdfs import ports as hdfs_ports
from .settings import DATA_NODE, WORKER, Training
from .spark import ports as spark_ports

_LAST_PORT = 65535


def across_hosts(
    cluster: PlacedCluster,
    training: Training,
    hosts: Sequence[str],
    federation: str,
    bound_inside: Callable[[str], str],
) -> PlacedCluster:
    """A training cluster with its Spark workers and data nodes on other Docker hosts, if it has any
    there. What crosses the hosts is then bound to their addresses.

    Args:
        cluster: the cluster on one Docker host.
        training: its settings in the stack file.
        hosts: the party's Docker hosts.
        federation: its federation engine.
        bound_inside: tells the address of a Docker host that such ports are bound to.
    """
    facts, home = cluster.facts, cluster.host
    if WORKER not in facts.services:
        return cluster
    workers = training.workers_at(home)
    nodes = training.data_nodes_at(home) if DATA_NODE in facts.services else {}
    bound = {host: bound_inside(host) for host in (home, *workers, *nodes)}
    between: list[CrossHostPorts] = []
    if training.spread(home):
        ports = spark_ports.across(training.spark.ports, workers)
        between += spark_ports.published(ports, home, workers, bound, federation)
        if federation == "osx" and ports.broker:
            # It has one port, and executors call it at the same number wherever they are.
            facts = facts.listening("osx", ports.broker)
    if nodes and training.hdfs_spread(home):
        listens = hdfs_ports.across(training.hdfs.ports, nodes, hosts)
        between += hdfs_ports.published(listens, home, nodes, bound)
    return replace(
        cluster,
        facts=facts,
        elsewhere=_elsewhere(home, {WORKER: workers, DATA_NODE: nodes}),
        between=tuple(between),
    )


def _elsewhere(
    home: str, places: Mapping[str, Mapping[str, tuple[str, ...]]]
) -> dict[str, dict[str, tuple[str, ...]]]:
    """The containers that are not at home, by Docker host and service.

    Args:
        home: the Docker host that the cluster runs on.
        places: the names of the containers of each service, by Docker host.
    """
    elsewhere: dict[str, dict[str, tuple[str, ...]]] = {}
    for service, by_host in places.items():
        for host, names in by_host.items():
            if host != home:
                elsewhere.setdefault(host, {})[service] = names
    return elsewhere


def with_workers(needs: Needs, cluster: PlacedCluster, training: Training, host: str) -> Needs:
    """What a training cluster needs of a Docker host, with what its Spark workers there offer to
    jobs.

    Args:
        needs: what its containers there need.
        cluster: the cluster.
        training: its settings in the stack file.
        host: the Docker host's name.
    """
    if WORKER not in cluster.facts.services:
        return needs
    workers = len(cluster.containers_at(host, WORKER, training))
    return replace(
        needs,
        memory=needs.memory + workers * training.spark.memory,
        shared_cores=workers * training.spark.cores,
    )


def mistakes(planner: Planner, index: int, training: Training, hdfs: bool) -> Iterator[Mistake]:
    """What keeps a party's Spark cluster, or its HDFS, from working on several Docker hosts.

    Args:
        planner: decides where the clusters run.
        index: the party's index.
        training: the settings of its training cluster.
        hdfs: whether its tables are in HDFS.
    """
    party = planner.settings.parties[index]
    home, where = party.host, ("parties", index, "training")
    workers = training.workers_at(home)
    nodes = training.data_nodes_at(home) if hdfs else {}
    if {*workers, *nodes} == {home}:
        return
    spread = training.spread(home)
    caller = "Spark" if spread else "HDFS"
    yield from planner.across(index, ("workers",), workers, (home, *workers, *nodes), caller)
    yield from planner.across(index, ("hdfs", "dataNodes"), nodes, (), caller)
    if hdfs and hdfs_ports.last(training.hdfs.ports, party.all_hosts) > _LAST_PORT:
        yield Mistake(
            (*where, "hdfs", "ports"),
            f"{training.hdfs.ports} leaves too few ports up to {_LAST_PORT} for its data nodes; "
            "choose a lower one",
        )
    if training.spark.tables is None and not hdfs:
        yield Mistake(
            (*where, "spark", "tables"),
            "is missing: workers on several Docker hosts need a folder in a file system that all "
            "of them have at the same path, or HDFS (fate:engines.storage: hdfs); with neither, "
            "remove the workers elsewhere",
        )
    if spread and spark_ports.last(training.spark.ports, workers) > _LAST_PORT:
        yield Mistake(
            (*where, "spark", "ports"),
            f"{training.spark.ports} leaves too few ports up to {_LAST_PORT} for its workers; "
            "choose a lower one",
        )
