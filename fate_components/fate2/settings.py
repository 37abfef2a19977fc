"""The stack file keys that only FATE 2 has."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    model_validator,
)

from .. import release as catalogue
from .. import settings
from ..settings.errors import shown
from ..settings.keys import Keys
from ..settings.models import (
    ANYWHERE,
    Count,
    Memory,
    Password,
    Placeable,
    Port,
    by_host,
    folder,
    per_host,
)
from . import hdfs_ports, spark_ports
from .hdfs_ports import MAX_DATA_NODES, HdfsPorts
from .spark_ports import SparkPorts

JOB_CORES = 4
"""FATE's cores per job."""
_EXECUTORS, _EXECUTOR_CORES = 2, 2  # FATE's own, per job
_MIN_HEAP = 512  # MiB; Spark itself refuses less than 450
_LAST_PORT = 65535
_MOST = 200  # workers, or data nodes, of a party
WORKER, DATA_NODE = "spark-worker", "data-node"
FLOW_PORT = "fateflow-http"
"""The port at which notebooks and FATE Board call FATE Flow, by its name."""
_REPLICAS = 3  # of each block in HDFS, if there are as many data nodes
_Cores = Annotated[Count, Field(le=1024)]


def _engine(value: object) -> object:
    # KubeFATE writes RabbitMQ and Spark_local, FATE's own files rabbitmq.
    return value.lower() if isinstance(value, str) else value


Engine = Annotated[str, BeforeValidator(_engine)]


class Engines(Keys):
    """FATE's computing, federation and storage engines."""

    computing: Engine = Field(
        "standalone",
        description="`standalone` or `spark_local`, both in FATE Flow's container, or `spark`, a "
        "Spark cluster of the party's own: see [A Spark cluster](#a-spark-cluster), or `eggroll`, "
        "Eggroll of the party's own: see [Eggroll, OSX and Pulsar](#eggroll-osx-and-pulsar)",
    )
    federation: Engine = Field(
        "rabbitmq",
        description="`rabbitmq` with `computing: standalone`, `spark_local` and `spark`, `osx` "
        "with any, or `pulsar` with `spark_local` and `spark`",
    )
    storage: Engine | None = Field(
        None,
        description="`standalone` with `computing: standalone`, `localfs` with `spark_local` and "
        "`spark`, `hdfs` with `spark`: see [HDFS](#hdfs), `eggroll` with `eggroll`; the first that "
        "fits if not given",
    )

    @property
    def hdfs(self) -> bool:
        """Whether tables are in HDFS."""
        return self.storage == "hdfs"


class PartyEngines(Keys):
    """The engines in which a party differs from the others."""

    computing: Engine | None = Field(
        None,
        description="its computing engine; `fate:engines.computing` if not given",
    )
    storage: Engine | None = Field(
        None,
        description="its storage engine; with `computing`, the one that fits if not given, "
        "otherwise `fate:engines.storage`",
    )

    @model_validator(mode="before")
    @classmethod
    def _one_federation(cls, value: object) -> object:
        if isinstance(value, Mapping) and "federation" in value:
            raise ValueError(
                "has federation, but parties work together only with the same federation engine: "
                "set fate:engines.federation for all of them, and remove the key here"
            )
        return value


class Rabbitmq(Keys):
    """A party's RabbitMQ."""

    password: Password | None = Field(
        None,
        description="the password of its administrator `fate`; derived if not given. It must be "
        "encrypted",
    )


class Client(Keys):
    """A party's notebook."""

    token: Password | None = Field(
        None,
        description="the token to log in to the notebook with; derived if not given. It must be "
        "encrypted",
    )


def _heap(value: int) -> int:
    if value < _MIN_HEAP:
        raise ValueError(f"is less than {_MIN_HEAP}m, which Spark needs")
    return value


_Heap = Annotated[Memory, AfterValidator(_heap)]


class Spark(Keys):
    """The size of a party's Spark workers, and of a job on them."""

    cores: _Cores = Field(8, description="how many cores each worker offers to jobs")
    memory: _Heap = Field(
        "4g",
        validate_default=True,
        description="how much memory each worker offers to jobs, like 8g. The "
        "Python processes of executors are not counted and take about as much again",
    )
    executors: Annotated[Count, Field(le=1000)] | None = Field(
        None,
        description="how many executors a job has, on as many workers as possible; 2, or as many "
        "as `training.cores` allow if that is fewer, if not given",
    )
    executor_cores: _Cores | None = Field(
        None,
        description="how many cores each executor has; 2, or all cores of a worker if it has "
        "fewer, if not given",
    )
    executor_memory: _Heap = Field(
        "1g", validate_default=True, description="how much memory each executor has, like 2g"
    )
    driver_memory: _Heap = Field(
        "1g",
        validate_default=True,
        description="how much memory each task of a job has in FATE Flow's container, like 2g",
    )

    ports: Port = Field(
        26000,
        description="with workers on several Docker hosts: the first of the ports at which master, "
        "broker or OSX, drivers and executors are published. There are 50, and 16 more for each "
        "worker of a host; parties with Docker hosts in common need different ones",
    )
    tables: Annotated[str, AfterValidator(folder)] | None = Field(
        None,
        description="a folder for the tables of jobs, in a file system that all of the party's "
        "Docker hosts have at the same path, like /mnt/fate; a volume of FATE Flow if not given. "
        "Required with workers on several Docker hosts, unless tables are in HDFS",
    )


class Hdfs(Keys):
    """A party's HDFS."""

    data_nodes: Annotated[int | dict[str, int], per_host(_MOST, MAX_DATA_NODES)] = Field(
        1,
        description=f"how many data nodes it has, 1 to {MAX_DATA_NODES}, or how many on each of "
        "the party's `hosts`, like {b1: 1, b2: 1}. Each block is on as many of them as possible, "
        f"up to {_REPLICAS}",
    )
    ports: Port = Field(
        25000,
        description="with workers or data nodes on several Docker hosts: the first of the ports at "
        f"which name node and data nodes are published. There are {MAX_DATA_NODES * 2}, and as "
        "many more for each of the party's Docker hosts; parties with Docker hosts in common need "
        "different ones",
    )


class Training(settings.Training):
    """A party's training cluster."""

    placeable: ClassVar[Mapping[str, Placeable]] = {
        **settings.Training.placeable,
        "client": Placeable("notebooks", calls=(FLOW_PORT,)),
        "fateboard": Placeable(calls=(FLOW_PORT,)),
    }
    unplaceable: ClassVar[Mapping[str, str]] = {
        WORKER: "the key workers sets how many there are on each",
        DATA_NODE: "the key hdfs.dataNodes sets how many there are on each",
    }

    cores: _Cores = Field(
        8,
        description="how many cores the party's jobs may use at once. A job takes 4, or all of "
        "them if there are fewer; further jobs wait",
    )
    workers: Annotated[int | dict[str, int], per_host(_MOST)] = Field(
        1,
        description="with `computing: spark`: how many Spark workers it has, 1 to 200, or how many "
        "on each of the party's `hosts`, like {b1: 1, b2: 2}",
    )
    spark: Spark = Field(
        Spark(),
        description="with `computing: spark`: what its workers offer, and what a job takes of it: "
        "{cores, memory, executors, executorCores, executorMemory, driverMemory, ports, tables}. "
        "See "
        "[A Spark cluster](#a-spark-cluster)",
    )
    hdfs: Hdfs = Field(
        Hdfs(), description="with `storage: hdfs`: its HDFS, {dataNodes, ports}. See [HDFS](#hdfs)"
    )
    rabbitmq: Rabbitmq = Field(Rabbitmq(), description="its RabbitMQ: {password}")
    client: Client = Field(Client(), description="its notebook: {token}")

    @property
    def executor_cores(self) -> int:
        """The cores of each of a job's executors in Spark."""
        return self.spark.executor_cores or min(_EXECUTOR_CORES, self.spark.cores, self.cores)

    @property
    def executors(self) -> int:
        """How many executors a job has in Spark."""
        fitting = max(1, self.cores // self.executor_cores)
        return self.spark.executors or min(_EXECUTORS, fitting)

    @property
    def job_cores(self) -> int:
        """The cores of a job in Spark."""
        return self.executors * self.executor_cores

    @property
    def planned_cores(self) -> int:
        """The cores in Spark that FATE Flow plans. It does not count tasks of arbiters and uploads,
        so there must be some left for them: other parties may wait for an arbiter.
        """
        return max(self.cores - self.job_cores, self.job_cores)

    @property
    def worker_count(self) -> int:
        """How many Spark workers it has."""
        return self.workers if isinstance(self.workers, int) else sum(self.workers.values())

    def workers_at(self, home: str) -> dict[str, tuple[str, ...]]:
        """The names of its Spark workers, by Docker host: spark-worker, spark-worker-2 … at home,
        and spark-worker.HOST, spark-worker-2.HOST … elsewhere.

        Args:
            home: the name of the Docker host that the cluster runs on.
        """
        return by_host(WORKER, self.workers, home)

    def data_nodes_at(self, home: str) -> dict[str, tuple[str, ...]]:
        """The names of its data nodes, by Docker host: like those of its workers.

        Args:
            home: the name of the Docker host that the cluster runs on.
        """
        return by_host(DATA_NODE, self.hdfs.data_nodes, home)

    @property
    def replication(self) -> int:
        """On how many data nodes each block is."""
        nodes = self.hdfs.data_nodes
        return replicas(nodes if isinstance(nodes, int) else sum(nodes.values()))

    def hdfs_spread(self, home: str) -> bool:
        """Whether its HDFS is called from several Docker hosts.

        Args:
            home: the name of the Docker host that the cluster runs on.
        """
        return self.spread(home) or set(self.data_nodes_at(home)) != {home}

    def hdfs_ports(self, hosts: Sequence[str], usual: Mapping[str, int]) -> HdfsPorts:
        """Where the parts of its HDFS listen.

        Args:
            hosts: the party's Docker hosts; the cluster runs on the first.
            usual: the usual ports, by name.
        """
        nodes = self.data_nodes_at(hosts[0])
        if self.hdfs_spread(hosts[0]):
            return hdfs_ports.across(self.hdfs.ports, nodes, hosts)
        return hdfs_ports.inside(
            usual["name-node"], usual["data-node"], usual["data-node-ipc"], nodes
        )

    def spread(self, home: str) -> bool:
        """Whether some of its Spark workers are on other Docker hosts.

        Args:
            home: the name of the Docker host that the cluster runs on.
        """
        return set(self.workers_at(home)) != {home}

    def spark_ports(self, home: str, master: int) -> SparkPorts:
        """Where the parts of its Spark cluster listen.

        Args:
            home: the name of the Docker host that the cluster runs on.
            master: the master's usual port.
        """
        workers = self.workers_at(home)
        if self.spread(home):
            return spark_ports.across(self.spark.ports, workers)
        return spark_ports.inside(master, workers)

    def containers(self, service: str, home: str = "") -> list[str]:
        """The names of a service's containers in the party's networks; see `workers_at`."""
        places = {WORKER: self.workers_at, DATA_NODE: self.data_nodes_at}.get(service)
        if places is None:
            return super().containers(service, home)
        return [name for there in places(home).values() for name in there]


class Patches(Keys):
    """Which patches FATE's own code gets in FATE Flow's container; see `patches.PATCHES`."""

    rabbitmq_threads: bool = Field(
        True,
        description="with `federation: rabbitmq`: whether each thread of a job has a connection of "
        "its own to RabbitMQ: true, false. FATE's threads share one, which pika does not support: "
        "SSHE logistic and linear regression, hetero NN and correlation then fail at random, with "
        "`IndexError: pop from an empty deque`, `505 UNEXPECTED_FRAME` or "
        "`ConnectionWrongStateError`, or hang",
    )
    rabbitmq_links: bool = Field(
        True,
        description="with `federation: rabbitmq`: whether what RabbitMQ refuses while it is set up "
        "for a job is tried again, and fails the job after a minute: true, false. RabbitMQ can "
        "answer 500 while it cleans up after another job. FATE goes on without the link, and the "
        "job waits forever",
    )
    slow_answers: bool = Field(
        True,
        description="whether FATE Flow waits 60 s for the answer to a call, instead of 10: true, "
        "false. After 10 s it repeats the call, up to three times; on a busy host a job is then "
        "created twice, and the first one holds its cores although nobody knows of it",
    )
    pulsar_routes: bool = Field(
        True,
        description="with `federation: pulsar`: whether FATE finds the routes to other parties' "
        "Pulsar: true, false. It looks them up by numbers in a table whose keys are texts, and no "
        "job works",
    )

    @property
    def chosen(self) -> list[str]:
        """The names of those that are on."""
        return [name for name in type(self).model_fields if getattr(self, name)]


def replicas(data_nodes: int) -> int:
    """On how many of its data nodes an HDFS keeps each block."""
    return min(_REPLICAS, data_nodes)


class Party(settings.Party):
    """A party of the federation that this stack runs."""

    training: Training = Field(
        Training(),
        description="its training cluster: {publish, cores, workers, spark, hdfs, mysql, rabbitmq, "
        "client, place, uploads, services}",
    )

    engines: PartyEngines = Field(
        PartyEngines(),
        description="the engines in which it differs from fate:engines: {computing, storage}. "
        "Not every job works between parties with different ones; the federation engine is the "
        "same for all",
    )

    hosts: tuple[str, ...] = Field(
        (),
        description="instead of `host`: the Docker hosts it runs on, names under fate:hosts. All "
        "but Spark's workers, HDFS's data nodes and what `place` names is on the first. See "
        "[Workers on several Docker hosts]"
        "(#workers-on-several-docker-hosts)",
    )


class Peer(settings.Peer):
    """A party that somebody else runs."""

    ports: dict[str, Port] = Field(
        default_factory=dict,
        description="the ports of its gateways by name, like {nginx-http: 9300}; FATE's usual "
        "ports if not given",
    )
    federation: Engine | None = Field(
        None,
        description="its federation engine, to be warned if it is not that of this stack; "
        "`fatectl peer add` takes it from the card. Nobody checks it if not given",
    )

    def reached_at(self, port: str, usual: int) -> tuple[str, int]:
        """The address and the port number of one of its gateways."""
        return self.address, self.ports.get(port, usual)


class Settings(settings.Settings):
    """All settings of a FATE 2 stack file."""

    fate_flow = "fateflow"

    parties: tuple[Party, ...] = Field(
        description="the parties this stack runs, each {id, host or hosts, engines, training, tls}",
        min_length=1,
    )
    peers: tuple[Peer, ...] = Field(
        (),
        description="the parties that others run, each {id, address, ports, federation, tls}. "
        "They get routes and nothing else",
    )
    engines: Engines = Field(
        Engines(),
        description="the engines of FATE 2: {computing, federation, storage}; standalone, "
        "RabbitMQ, standalone if not given",
    )
    images: Literal["registry", "packages", "archive"] = Field(
        "registry",
        description="where images come from: `registry` (FATE's official images), `archive` (a "
        "file) or, with FATE 2, `packages` (built on the Docker hosts from Debian and PyPI "
        "packages). See [Images from an archive](#images-from-an-archive)",
    )
    patches: Patches = Field(
        Patches(),
        description="which patches FATE's own code gets: {rabbitmqThreads, rabbitmqLinks, "
        "slowAnswers, pulsarRoutes}; all that fit, if not given. See "
        "[Patches of FATE](#patches-of-fate)",
    )

    def chosen(self, release: catalogue.Release) -> catalogue.Release:
        """The release with the images that these settings choose.

        With engines that it does not have, it stays whole: one mistake is not told as several.
        """
        if any(self._engine_mistakes(release)):
            return release
        if self.images == "packages":
            release = release.from_packages
        release = release.federated_by(self.engines.federation)
        engines = [self.engines_of(party) for party in self.parties]
        return release.with_services_for(
            [one.computing for one in engines], [one.storage for one in engines]
        )

    def engines_of(self, party: settings.Party) -> Engines:
        """The engines of one of the parties."""
        own = _own_engines(party)
        storage = self.engines.storage if own.computing is None else None
        return Engines(
            computing=own.computing or self.engines.computing,
            federation=self.engines.federation,
            storage=own.storage or storage,
        )

    def chosen_engines(self, party: settings.Party) -> dict[str, str]:
        """The engines of a party that other parties should know of, by kind."""
        engines = self.engines_of(party)
        return {"computing": engines.computing, "federation": engines.federation}

    @property
    def warnings(self) -> list[str]:
        """What may keep parties from working together."""
        ours = self.engines.federation
        return [
            f"fate:peers[{index}].federation: party {peer.id} has {shown(peer.federation)}, and "
            f"this stack {ours}: jobs with it will fail; agree on one with its operator, and set "
            "fate:engines.federation or the key to it"
            for index, peer in enumerate(self.peers)
            if peer.federation and peer.federation != ours
        ]

    def clusters(self, party: settings.Party, release: catalogue.Release) -> list[settings.Cluster]:
        """A party's training cluster, perhaps with some of it on other Docker hosts.

        What crosses the hosts is then bound to their addresses.
        """
        engines = self.engines_of(party)
        release = release.computing_with(engines.computing, engines.storage)
        (found,) = super().clusters(party, release)
        training, home = _training(party), party.host
        if WORKER not in found.facts.services:
            return [self.with_placed(found, training)]
        workers = training.workers_at(home)
        between: list[settings.Between] = []
        nodes = training.data_nodes_at(home) if DATA_NODE in found.facts.services else {}
        bound = {host: self.address_of(host) or ANYWHERE for host in (home, *workers, *nodes)}
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

    def needs(
        self, party: settings.Party, cluster: str, facts: catalogue.Release, host: str
    ) -> settings.Needs:
        """What a training cluster needs; Spark's workers offer cores and memory to jobs."""
        worker = facts.services.get(WORKER)
        if worker is None:
            return super().needs(party, cluster, facts, host)
        training = _training(party)
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
        return settings.Needs(memory, shared_cores=count * training.spark.cores)

    def peer_keys(self, gateways: Mapping[str, tuple[str, int]]) -> dict[str, Any]:
        """What fate:peers has for a party that others run; see `settings.Settings`."""
        found = sorted({address for address, _ in gateways.values()})
        if len(found) > 1:
            raise ValueError(f"has gateways at several addresses: {', '.join(found)}")
        return {"address": found[0], "ports": {name: port for name, (_, port) in gateways.items()}}

    def mistakes(self, release: catalogue.Release) -> Iterator[settings.Mistake]:
        """Mistakes that no single key reveals: unknown peer ports, and engines that do not fit."""
        for index, peer in enumerate(self.peers):
            for name in peer.ports:
                if name not in release.gateway_ports:
                    yield settings.Mistake(
                        ("peers", index, "ports", name),
                        f"is not a port that other parties of FATE {self.release} call; "
                        f"choose from {', '.join(release.gateway_ports)}",
                    )
        yield from self._engine_mistakes(catalogue.load(self.release))
        if self.exchange and self.engines.federation != "osx":
            yield settings.Mistake(
                ("exchange",),
                "FATE 2 has one only with OSX; set fate:engines.federation to osx, or remove the "
                "key",
            )
        yield from self.placing(release)
        for index, party in enumerate(self.parties):
            engines = self.engines_of(party)
            for mistake in (
                *_spark(party.training, engines.computing),
                *_hdfs(party.training, engines),
            ):
                yield replace(mistake, where=("parties", index, "training", *mistake.where))
            if engines.computing == "spark":
                yield from self._across(index, party)

    def _engine_mistakes(self, release: catalogue.Release) -> Iterator[settings.Mistake]:
        """Engines that the release does not have, that do not work together, or whose images
        cannot be had.
        """
        known = release.engines
        if known is None:
            return
        told = list(_engines(self.engines, known))
        found = [*told, *self._engines_of_parties(known, told)]
        if self.images == "packages" and not found:
            found += self._images(release)
        yield from found

    def _engines_of_parties(
        self, known: catalogue.Engines, told: Collection[settings.Mistake]
    ) -> Iterator[settings.Mistake]:
        """What is wrong with the engines in which parties differ.

        Args:
            known: the engines of the release.
            told: what is wrong with those of the stack.
        """
        for index, party in enumerate(self.parties):
            own, engines = party.engines.model_fields_set, self.engines_of(party)
            for mistake in _engines(engines, known) if own else ():
                where = ("parties", index, *mistake.where)
                if mistake.where[-1] in own:
                    yield replace(mistake, where=where)
                elif mistake not in told and mistake.where[-1] == "federation":
                    yield settings.Mistake(
                        (*where[:-1], "computing"),
                        f"{shown(engines.computing)} does not work with federation: "
                        f"{engines.federation}; choose "
                        f"{' or '.join(known.federation[engines.federation])}",
                    )

    def _images(self, release: catalogue.Release) -> Iterator[settings.Mistake]:
        """Engines whose services cannot be built from packages."""
        chosen = dict.fromkeys(self.engines_of(party).computing for party in self.parties)
        stored = [self.engines_of(party).storage for party in self.parties]
        release = release.federated_by(self.engines.federation)
        needed = release.with_services_for(chosen, stored).services
        lacking = {
            engine: one.image
            for engine in [*chosen, self.engines.federation]
            for one in needed.values()
            if one.package is None and engine in (*one.computing, *one.federation)
        }
        if lacking:
            yield settings.Mistake(
                ("images",),
                f"{' and '.join(map(shown, lacking))} cannot be built from packages, only "
                f"{' and '.join(lacking.values())} exist; set it to registry or archive, or choose "
                "other engines in fate:engines",
            )

    def _across(self, index: int, party: Party) -> Iterator[settings.Mistake]:
        """What keeps a party's Spark cluster, or its HDFS, from working on several Docker hosts."""
        training = ("parties", index, "training")
        workers, in_hdfs = party.training.workers_at(party.host), self.engines_of(party).hdfs
        nodes = party.training.data_nodes_at(party.host) if in_hdfs else {}
        if {*workers, *nodes} == {party.host}:
            return
        spread = party.training.spread(party.host)
        called = (party.host, *workers, *nodes)
        caller = "Spark" if spread else "HDFS"
        yield from self.across(index, ("workers",), workers, called, caller)
        yield from self.across(index, ("hdfs", "dataNodes"), nodes, (), caller)
        if in_hdfs and hdfs_ports.last(party.training.hdfs.ports, party.all_hosts) > _LAST_PORT:
            yield settings.Mistake(
                (*training, "hdfs", "ports"),
                f"{party.training.hdfs.ports} leaves too few ports up to {_LAST_PORT} for its "
                "data nodes; choose a lower one",
            )
        if party.training.spark.tables is None and not in_hdfs:
            yield settings.Mistake(
                (*training, "spark", "tables"),
                "is missing: workers on several Docker hosts need a folder in a file system that "
                "all of them have at the same path, or HDFS (fate:engines.storage: hdfs); with "
                "neither, remove the workers elsewhere",
            )
        if spread and spark_ports.last(party.training.spark.ports, workers) > _LAST_PORT:
            yield settings.Mistake(
                (*training, "spark", "ports"),
                f"{party.training.spark.ports} leaves too few ports up to {_LAST_PORT} for its "
                "workers; choose a lower one",
            )


def _training(party: settings.Party) -> Training:
    assert isinstance(party.training, Training)  # noqa: S101 - settings match the release line
    return party.training


def _own_engines(party: settings.Party) -> PartyEngines:
    assert isinstance(party, Party)  # noqa: S101 - settings and parties are of one line
    return party.engines


def _spark(training: Training, computing: str) -> Iterator[settings.Mistake]:
    """Sizes that do not fit, at paths below the training cluster: such jobs would wait forever."""
    if computing != "spark":
        for key in sorted({"workers", "spark"} & training.model_fields_set):
            yield settings.Mistake(
                (key,),
                f"is not used with computing: {shown(computing)}; set fate:engines.computing to "
                "spark, or the party's engines.computing, or remove the key",
            )
        return
    spark, offered = training.spark, training.worker_count * training.spark.cores
    if training.cores > offered:
        yield settings.Mistake(
            ("cores",),
            f"{training.cores} are more than the {offered} cores of its Spark workers "
            f"({training.worker_count} with {spark.cores}); set it to {offered} or less, or change "
            "workers or spark.cores",
        )
    if training.executor_cores > spark.cores:
        yield settings.Mistake(
            ("spark", "executorCores"),
            f"{training.executor_cores} are more than a worker has; set it to {spark.cores} or "
            "less, or change spark.cores",
        )
    elif training.job_cores > training.cores:
        yield settings.Mistake(
            ("spark", "executors" if spark.executors else "executorCores"),
            f"a job would take {training.job_cores} cores ({training.executors} executors with "
            f"{training.executor_cores}), which is more than training.cores, {training.cores}; "
            "set one of them to fit the other",
        )
    if spark.executor_memory > spark.memory:
        yield settings.Mistake(
            ("spark", "executorMemory"),
            f"{spark.executor_memory}m is more than a worker has; set it to {spark.memory}m or "
            "less, or change spark.memory",
        )


def _hdfs(training: Training, engines: Engines) -> Iterator[settings.Mistake]:
    """Keys that do not fit the storage engine, at paths below the training cluster."""
    if engines.hdfs and training.spark.tables is not None:
        yield settings.Mistake(
            ("spark", "tables"), 'is not used with storage: "hdfs", where tables are; remove it'
        )
    if not engines.hdfs and "hdfs" in training.model_fields_set:
        present = f"storage: {shown(engines.storage)}" if engines.storage else "the usual storage"
        yield settings.Mistake(
            ("hdfs",),
            f"is not used with {present}; set fate:engines.storage to hdfs, or remove the key",
        )


def _engines(chosen: Engines, known: catalogue.Engines) -> Iterator[settings.Mistake]:
    fits = known.computing.get(chosen.computing, ())
    stores = sorted({storage for some in known.computing.values() for storage in some})
    for key, value, supported in (
        ("computing", chosen.computing, tuple(known.computing)),
        ("federation", chosen.federation, tuple(known.federation)),
        ("storage", chosen.storage, stores),
    ):
        if value is None or value in supported:
            continue
        yield settings.Mistake(
            ("engines", key),
            f"{shown(value)} is not an engine of FATE; choose {' or '.join(supported)}",
        )
    if fits and chosen.storage in stores and chosen.storage not in fits:
        yield settings.Mistake(
            ("engines", "storage"),
            f"{shown(chosen.storage)} does not work with computing: {chosen.computing}; "
            f"choose {' or '.join(fits)}, or remove the key",
        )
    partners = known.federation.get(chosen.federation, ())
    if fits and partners and chosen.computing not in partners:
        working = [name for name, some in known.federation.items() if chosen.computing in some]
        yield settings.Mistake(
            ("engines", "federation"),
            f"{shown(chosen.federation)} does not work with computing: {chosen.computing}; "
            f"choose {' or '.join(working)}",
        )
