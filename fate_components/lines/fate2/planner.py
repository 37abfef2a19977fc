"""Where the clusters of FATE 2 run: workers and data nodes can be on several Docker hosts."""

from collections.abc import Iterator
from dataclasses import replace

from ... import settings as stack_file
from ...engines.hdfs import ports as hdfs_ports
from ...engines.settings import DATA_NODE, WORKER
from ...engines.spark import ports as spark_ports
from ...plan import planner
from ...plan.cross_host import CrossHostPorts
from ...plan.placed import Needs, PlacedCluster
from ...releases.facts import Release
from ...settings import Mistake
from .settings import Party, Settings, training_of

_LAST_PORT = 65535


class Planner(planner.Planner):
    """Decides where the clusters of a stack of FATE 2 run."""

    settings: Settings

    def clusters(self, party: stack_file.Party) -> list[PlacedCluster]:
        """A party's training cluster, perhaps with some of it on other Docker hosts.

        What crosses the hosts is then bound to their addresses.
        """
        engines = self.settings.engines_of(party)
        release = self.release.computing_with(engines.computing, engines.storage)
        training, home = training_of(party), party.host
        found = self.training(training, home, release)
        if WORKER not in found.facts.services:
            return [self.with_placed(found, training)]
        workers = training.workers_at(home)
        between: list[CrossHostPorts] = []
        nodes = training.data_nodes_at(home) if DATA_NODE in found.facts.services else {}
        bound = {host: self.bound_inside(host) for host in (home, *workers, *nodes)}
        if training.spread(home):
            ports = spark_ports.across(training.spark.ports, workers)
            between += spark_ports.published(ports, home, workers, bound, engines.federation)
            if engines.federation == "osx" and ports.broker:
                # It has one port, and executors call it at the same number wherever they are.
                facts = found.facts.listening("osx", ports.broker)
                found = replace(found, facts=facts)
        if nodes and training.hdfs_spread(home):
            listens = hdfs_ports.across(training.hdfs.ports, nodes, party.all_hosts)
            between += hdfs_ports.published(listens, home, nodes, bound)
        elsewhere: dict[str, dict[str, tuple[str, ...]]] = {}
        for service, places in ((WORKER, workers), (DATA_NODE, nodes)):
            for host, names in places.items():
                if host != home:
                    elsewhere.setdefault(host, {})[service] = names
        found = replace(found, elsewhere=elsewhere, between=tuple(between))
        return [self.with_placed(found, training)]

    def needs(self, party: stack_file.Party, cluster: str, facts: Release, host: str) -> Needs:
        """What a training cluster needs; Spark's workers offer cores and memory to jobs."""
        worker = facts.services.get(WORKER)
        if worker is None:
            return super().needs(party, cluster, facts, host)
        training = training_of(party)
        count = len(training.workers_at(party.host).get(host, ()))
        memory = count * (worker.uses_memory + training.spark.memory)
        several = worker.uses_memory
        if data_node := facts.services.get(DATA_NODE):
            nodes = len(training.data_nodes_at(party.host).get(host, ()))
            memory += nodes * data_node.uses_memory
            several += data_node.uses_memory
        memory += super().needs(party, cluster, facts, host).memory
        if host == party.host:
            memory -= several
        return Needs(memory, shared_cores=count * training.spark.cores)

    def mistakes(self) -> Iterator[Mistake]:
        """Mistakes in where parties and their services run, Spark's workers among them."""
        yield from super().mistakes()
        for index, party in enumerate(self.settings.parties):
            if self.settings.engines_of(party).computing == "spark":
                yield from self._across(index, party)

    def _across(self, index: int, party: Party) -> Iterator[Mistake]:
        """What keeps a party's Spark cluster, or its HDFS, from working on several Docker hosts."""
        training = ("parties", index, "training")
        workers, in_hdfs = (
            party.training.workers_at(party.host),
            self.settings.engines_of(party).hdfs,
        )
        nodes = party.training.data_nodes_at(party.host) if in_hdfs else {}
        if {*workers, *nodes} == {party.host}:
            return
        spread = party.training.spread(party.host)
        called = (party.host, *workers, *nodes)
        caller = "Spark" if spread else "HDFS"
        yield from self.across(index, ("workers",), workers, called, caller)
        yield from self.across(index, ("hdfs", "dataNodes"), nodes, (), caller)
        if in_hdfs and hdfs_ports.last(party.training.hdfs.ports, party.all_hosts) > _LAST_PORT:
            yield Mistake(
                (*training, "hdfs", "ports"),
                f"{party.training.hdfs.ports} leaves too few ports up to {_LAST_PORT} for its "
                "data nodes; choose a lower one",
            )
        if party.training.spark.tables is None and not in_hdfs:
            yield Mistake(
                (*training, "spark", "tables"),
                "is missing: workers on several Docker hosts need a folder in a file system that "
                "all of them have at the same path, or HDFS (fate:engines.storage: hdfs); with "
                "neither, remove the workers elsewhere",
            )
        if spread and spark_ports.last(party.training.spark.ports, workers) > _LAST_PORT:
            yield Mistake(
                (*training, "spark", "ports"),
                f"{party.training.spark.ports} leaves too few ports up to {_LAST_PORT} for its "
                "workers; choose a lower one",
            )
