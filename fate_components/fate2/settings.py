"""The stack file keys that only FATE 2 has."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from .. import release as catalogue
from .. import settings
from ..settings.errors import shown
from ..settings.keys import Keys
from ..settings.models import Count, Memory, Password, Port

JOB_CORES = 4
"""FATE's cores per job."""
_EXECUTORS, _EXECUTOR_CORES = 2, 2  # FATE's own, per job
_MIN_HEAP = 512  # MiB; Spark itself refuses less than 450
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
        "Spark cluster of the party's own: see [A Spark cluster](#a-spark-cluster). Eggroll is not "
        "supported yet",
    )
    federation: Engine = Field(
        "rabbitmq", description="`rabbitmq`. Pulsar and OSX are not supported yet"
    )
    storage: Engine | None = Field(
        None,
        description="`standalone` with `computing: standalone`, `localfs` with `spark_local` and "
        "`spark`; the one that fits if not given. Eggroll and HDFS are not supported yet",
    )


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


class Training(settings.Training):
    """A party's training cluster."""

    cores: _Cores = Field(
        8,
        description="how many cores the party's jobs may use at once. A job takes 4, or all of "
        "them if there are fewer; further jobs wait",
    )
    workers: Annotated[Count, Field(le=200)] = Field(
        1, description="with `computing: spark`: how many Spark workers it has, 1 to 200"
    )
    spark: Spark = Field(
        Spark(),
        description="with `computing: spark`: what its workers offer, and what a job takes of it: "
        "{cores, memory, executors, executorCores, executorMemory, driverMemory}. See "
        "[A Spark cluster](#a-spark-cluster)",
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

    def containers(self, service: str) -> list[str]:
        """The names of a service's containers in the party's network: spark-worker,
        spark-worker-2 …
        """
        first = super().containers(service)
        if service != "spark-worker":
            return first
        return first + [f"{service}-{n}" for n in range(2, self.workers + 1)]


class Party(settings.Party):
    """A party of the federation that this stack runs."""

    training: Training = Field(
        Training(),
        description="its training cluster: {publish, cores, workers, spark, mysql, rabbitmq, "
        "client, uploads, services}",
    )


class Peer(settings.Peer):
    """A party that somebody else runs."""

    ports: dict[str, Port] = Field(
        default_factory=dict,
        description="the ports of its gateways by name, like {nginx-http: 9300}; FATE's usual "
        "ports if not given",
    )

    def reached_at(self, port: str, usual: int) -> tuple[str, int]:
        """The address and the port number of one of its gateways."""
        return self.address, self.ports.get(port, usual)


class Settings(settings.Settings):
    """All settings of a FATE 2 stack file."""

    parties: tuple[Party, ...] = Field(
        description="the parties this stack runs, each {id, host, training, tls}", min_length=1
    )
    peers: tuple[Peer, ...] = Field(
        (),
        description="the parties that others run, each {id, address, ports, tls}. They get routes "
        "and nothing else",
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

    def chosen(self, release: catalogue.Release) -> catalogue.Release:
        """The release with the images that these settings choose."""
        if self.images == "packages":
            release = release.from_packages
        return release.computing_with(self.engines.computing)

    @property
    def chosen_engines(self) -> dict[str, str]:
        """The engines that other parties should know of, by kind."""
        return {"computing": self.engines.computing, "federation": self.engines.federation}

    def needs(
        self, party: settings.Party, cluster: str, facts: catalogue.Release
    ) -> settings.Needs:
        """What a training cluster needs; Spark's workers offer cores and memory to jobs."""
        found = super().needs(party, cluster, facts)
        worker = facts.services.get("spark-worker")
        if worker is None:
            return found
        training = _training(party)
        more = (training.workers - 1) * worker.uses_memory
        more += training.workers * training.spark.memory
        return settings.Needs(
            found.memory + more, shared_cores=training.workers * training.spark.cores
        )

    def instances(self, party: settings.Party, service: str) -> int:
        """How many containers of a service a party has: it may have several Spark workers."""
        return len(_training(party).containers(service))

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
        if release.engines:
            yield from _engines(self.engines, release.engines)
        for index, party in enumerate(self.parties):
            for mistake in _spark(party.training, self.engines.computing):
                yield replace(mistake, where=("parties", index, "training", *mistake.where))


def _training(party: settings.Party) -> Training:
    assert isinstance(party.training, Training)  # noqa: S101 - settings match the release line
    return party.training


def _spark(training: Training, computing: str) -> Iterator[settings.Mistake]:
    """Sizes that do not fit, at paths below the training cluster: such jobs would wait forever."""
    if computing != "spark":
        for key in sorted({"workers", "spark"} & training.model_fields_set):
            yield settings.Mistake(
                (key,),
                f"is not used with computing: {shown(computing)}; set fate:engines.computing to "
                "spark, or remove the key",
            )
        return
    spark, offered = training.spark, training.workers * training.spark.cores
    if training.cores > offered:
        yield settings.Mistake(
            ("cores",),
            f"{training.cores} are more than the {offered} cores of its Spark workers "
            f"({training.workers} with {spark.cores}); set it to {offered} or less, or change "
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
            "change one of them",
        )
    if spark.executor_memory > spark.memory:
        yield settings.Mistake(
            ("spark", "executorMemory"),
            f"{spark.executor_memory}m is more than a worker has; set it to {spark.memory}m or "
            "less, or change spark.memory",
        )


def _engines(chosen: Engines, known: catalogue.Engines) -> Iterator[settings.Mistake]:
    fits = known.computing.get(chosen.computing, ())
    stores = sorted({storage for some in known.computing.values() for storage in some})
    for key, value, supported in (
        ("computing", chosen.computing, tuple(known.computing)),
        ("federation", chosen.federation, known.federation),
        ("storage", chosen.storage, stores),
    ):
        if value is None or value in supported:
            continue
        what = "is not supported yet" if value in known.not_yet else "is not an engine of FATE"
        yield settings.Mistake(
            ("engines", key), f"{shown(value)} {what}; choose {' or '.join(supported)}"
        )
    if fits and chosen.storage in stores and chosen.storage not in fits:
        yield settings.Mistake(
            ("engines", "storage"),
            f"{shown(chosen.storage)} does not work with computing: {chosen.computing}; "
            f"choose {' or '.join(fits)}, or remove the key",
        )
