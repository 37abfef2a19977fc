"""The stack file keys for engines."""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    model_validator,
)

from .. import settings
from ..settings.clusters import Movable
from ..settings.keys import Keys
from ..settings.values import Count, Memory, Password, Port, by_host, folder, per_host
from .hdfs import ports as hdfs_ports
from .hdfs.ports import MAX_DATA_NODES, HdfsPorts
from .spark import ports as spark_ports
from .spark.ports import SparkPorts

JOB_CORES = 4
"""FATE's cores per job."""

_EXECUTORS, _EXECUTOR_CORES = 2, 2  # FATE's own, per job

_MIN_HEAP = 512  # MiB; Spark itself refuses less than 450

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

    movable: ClassVar[Mapping[str, Movable]] = {
        **settings.Training.movable,
        "client": Movable("notebooks", calls=(FLOW_PORT,)),
        "fateboard": Movable(calls=(FLOW_PORT,)),
    }
    immovable: ClassVar[Mapping[str, str]] = {
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


def replicas(data_nodes: int) -> int:
    """On how many of its data nodes an HDFS keeps each block."""
    return min(_REPLICAS, data_nodes)
