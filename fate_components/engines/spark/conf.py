"""Spark, in what is common to its master, its workers and the drivers of jobs."""

from collections.abc import Mapping

from ...docker.service import File
from .. import other_hosts
from ..context import EngineContext
from .ports import SparkPorts

FOLDER = "/etc/spark"
ENVIRONMENT = {"SPARK_CONF_DIR": FOLDER}
# FATE Flow starts drivers with the Spark that belongs to its Python packages, too.
_CLASS = """exec "$(python -c 'import pyspark; print(pyspark.__path__[0])')/bin/spark-class" """


def daemon(name: str, options: str) -> str:
    """The command that runs one of Spark's own programs.

    Args:
        name: its class below org.apache.spark.deploy.
        options: its command line.
    """
    return f"{_CLASS}org.apache.spark.deploy.{name} {options}"


def master(context: EngineContext) -> str:
    """The URL at which workers and drivers reach the master."""
    return f"spark://spark-master:{ports(context).master}"


def ports(context: EngineContext) -> SparkPorts:
    """Where the parts of the cluster listen."""
    spark_ports = context.spark_ports
    assert spark_ports is not None  # noqa: S101 - only parties with a Spark cluster have such services
    return spark_ports


def daemon_defaults(context: EngineContext) -> File:
    """spark-defaults.conf of the master and the workers."""
    return _file(
        {
            **_authentication(context),
            # The workers' own pages are not published; the master's leads to them.
            "spark.ui.reverseProxy": "true",
            # Removes what jobs that ended a week ago left in a worker.
            "spark.worker.cleanup.enabled": "true",
        }
    )


def job_defaults(context: EngineContext) -> File:
    """spark-defaults.conf of the jobs' drivers, which FATE Flow starts.

    FATE Flow itself passes only the number of executors, which a cluster like this one ignores, and
    their cores on to Spark.
    """
    training, own, at = context.training, context.fate_flow.host, ports(context)
    spark = training.spark
    return _file(
        {
            **_authentication(context),
            "spark.master": master(context),
            "spark.cores.max": training.job_cores,
            "spark.executor.cores": training.executor_cores,
            "spark.executor.memory": f"{spark.executor_memory}m",
            "spark.driver.memory": f"{spark.driver_memory}m",
            # On other Docker hosts this name stands for FATE Flow's Docker host.
            "spark.driver.host": "fateflow",
            "spark.driver.bindAddress": own,
            "spark.driver.port": at.drivers,
            "spark.driver.blockManager.port": at.driver_blocks,
            "spark.port.maxRetries": at.retries,
            "spark.ui.enabled": "false",
        }
    )


def _authentication(context: EngineContext) -> dict[str, object]:
    """Without it, whoever reaches the master can run programs of their own on the workers."""
    properties: dict[str, object] = {
        "spark.authenticate": "true",
        "spark.authenticate.secret": context.password("spark"),
    }
    if other_hosts.spread(context.plan):
        properties["spark.network.crypto.enabled"] = "true"
    return properties


def _file(values: Mapping[str, object]) -> File:
    text = "".join(f"{key} {value}\n" for key, value in values.items())
    return File(f"{FOLDER}/spark-defaults.conf", text, secret=True)
