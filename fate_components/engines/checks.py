"""Mistakes in the choice of engines, and in their sizes."""

from collections.abc import Iterator

from .. import settings
from ..releases.facts import SupportedEngines
from ..settings.errors import shown
from .settings import Engines, Training


def mistakes_in_spark(training: Training, computing: str) -> Iterator[settings.Mistake]:
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


def mistakes_in_hdfs(training: Training, engines: Engines) -> Iterator[settings.Mistake]:
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


def mistakes_in_engines(chosen: Engines, known: SupportedEngines) -> Iterator[settings.Mistake]:
    """Engines that the release does not have, or not together.

    Args:
        chosen: the engines of a stack, or of one of its parties.
        known: those of the release.
    """
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
