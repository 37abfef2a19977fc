"""FATE Flow: accepts jobs, and runs them together with the FATE Flows of other parties."""

from collections.abc import Sequence

import pulumi

from ...docker import delivery, health
from ...docker.service import Container, File, Service, Volume
from ...docker.software import HttpProbe, Probe
from ...engines import other_hosts, pulsar, rabbitmq
from ...engines.context import EngineContext
from ...engines.eggroll import conf as eggroll
from ...engines.hdfs import conf as hdfs
from ...engines.settings import JOB_CORES
from ...engines.spark import conf as spark
from ...engines.spark import tables
from ...party.files import ROOT, yaml_text
from . import patches
from .settings import Patches

_FLOW = f"{ROOT}/fate_flow"
LOGS = Volume("fateflow-logs", f"{_FLOW}/logs")
_VOLUMES = [
    LOGS,
    *(Volume(f"fateflow-{name}", f"{_FLOW}/{name}") for name in ("jobs", "model", "data")),
]
_SPARK = ("spark", "spark_local")

# Not all releases' images look for Eggroll there.
_PYTHONPATH = ":".join(f"{ROOT}/{part}/python" for part in ("fate", "fate_flow", "eggroll"))

# FATE Flow exits if MySQL does not answer, and after a reboot Docker starts both at once.
# The files that it writes for each task contain RabbitMQ's password.
_START = """{wait}
cd {root}
umask 077
exec python fate_flow/python/fate_flow/fate_flow_server.py
"""


def service_conf(context: EngineContext) -> dict[str, object]:
    """service_conf.yaml."""
    database, flow = context.endpoint("mysql"), context.ports("fateflow")
    cores = {"cores": context.training.cores}
    engines = context.engines
    in_spark = engines.computing in _SPARK
    planned = context.training.planned_cores if engines.computing == "spark" else cores["cores"]
    return {
        "party_id": str(context.party_id),
        "use_registry": False,
        "log_level": 20,
        "fateflow": {
            # FATE Flow listens on this address and passes it to its workers, so it must be its own.
            "host": context.fate_flow.host,
            "http_port": flow["fateflow-http"],
            "grpc_port": flow["fateflow-grpc"],
            "proxy_name": "osx" if engines.federation == "osx" else "nginx",
        },
        "database": {
            "engine": "mysql",
            "decrypt_key": None,
            "mysql": {
                "name": context.training.mysql.database,
                "user": context.training.mysql.user,
                "passwd": context.mysql_password,
                "host": database.host,
                "port": database.port,
                "max_connections": 100,
                "stale_timeout": 30,
            },
        },
        "default_engines": {
            "computing": "spark" if in_spark else engines.computing,
            "federation": engines.federation,
            "storage": _storage(context),
        },
        "default_provider": {"name": "fate", "version": None, "device": "local"},
        "computing": {"standalone": cores, "spark": {"home": None, "cores": planned}}
        | _eggroll(context),
        "federation": _federation(context),
        "storage": {"hdfs": {"name_node": hdfs.URL if engines.hdfs else None}},
        "hook_module": {
            name: f"fate_flow.hook.flow.{name}"
            for name in ("client_authentication", "site_authentication", "permission")
        },
        "authentication": {"client": False, "site": False, "permission": False},
        "model_store": {"engine": "file", "decrypt_key": None, "file": {"path": None}},
    }


def _storage(context: EngineContext) -> str:
    if context.engines.computing == "eggroll":
        return "eggroll"
    if context.engines.hdfs:
        return "hdfs"
    return "file" if context.engines.computing in _SPARK else "standalone"


def _eggroll(context: EngineContext) -> dict[str, object]:
    if context.engines.computing != "eggroll":
        return {}
    manager = context.endpoint("clustermanager")
    cores = context.training.cores
    return {
        "eggroll": {"cores": cores, "nodes": 1, "host": manager.host, "port": manager.port},
    }


def _federation(context: EngineContext) -> dict[str, object]:
    """What FATE Flow and its jobs use to call other parties."""
    if context.engines.federation == "osx":
        # Only Eggroll can stream.
        mode = "stream" if context.engines.computing == "eggroll" else "queue"
        return {"osx": {"host": "osx", "port": context.port("osx"), "mode": mode}}
    nginx = context.ports("nginx")
    gateway = {
        "host": "nginx",
        "http_port": nginx["nginx-http"],
        "grpc_port": nginx["nginx-grpc"],
        "protocol": "http",
    }
    return {"nginx": gateway, context.engines.federation: _broker(context)}


def _broker(context: EngineContext) -> dict[str, object]:
    at = context.spark_ports
    another = at.broker if at else None
    if context.engines.federation == "pulsar":
        ports = context.ports("pulsar")
        return {
            "host": "pulsar",
            "port": another or ports["pulsar"],
            "mng_port": ports["pulsar-http"],
            "cluster": pulsar.CLUSTER,
            "tenant": pulsar.TENANT,
            "topic_ttl": 30,  # minutes
            "route_table": None,
            "mode": "replication",
            "max_message_size": 1 << 20,
        }
    ports = context.ports("rabbitmq")
    return {
        "host": "rabbitmq",
        "mng_port": ports["rabbitmq-management"],
        "port": another or ports["rabbitmq"],
        "user": rabbitmq.USER,
        "password": context.rabbitmq_password,
        "route_table": None,
        "mode": "replication",
    }


def job_default_config(context: EngineContext) -> dict[str, object]:
    """job_default_config.yaml: FATE's own, with no more cores than there are."""
    training = context.training
    cores = min(JOB_CORES, training.cores)
    # options of spark-submit; the product of the first two counts as the task's cores
    submit = {"num-executors": 1, "executor-cores": cores, "master": f"local[{cores}]"}
    if context.engines.computing == "spark":
        cores = training.job_cores
        submit = {"num-executors": training.executors, "executor-cores": training.executor_cores}
    return {
        "job_cores": cores,
        "computing_partitions": 8,
        "task_run": {
            "spark": submit,
            "eggroll": {"cores": cores},
            "standalone": {"cores": cores},
        },
        "task_timeout": 259200,
        "remote_request_timeout": 30000,
        "federated_command_trys": 3,
        "auto_retries": 0,
        "sync_type": "callback",
        "task_device": {"type": "CPU"},
    }


def route_table(context: EngineContext) -> dict[int, dict[str, object]]:
    """rabbitmq_route_table.yaml or pulsar_route_table.yaml: each party's broker, its own first."""
    broker = context.engines.federation
    table = {context.party_id: context.endpoint(broker)} | {
        party: reach[broker] for party, reach in sorted(context.plan.others.items())
    }
    # Pulsar's must have a port for TLS, which nothing uses.
    more = {"sslPort": 6651, "proxy": ""} if broker == "pulsar" else {}
    return {party: {"host": to.host, "port": to.port, **more} for party, to in table.items()}


def table(context: EngineContext) -> File | None:
    """The route table as a file of the container; OSX has its own."""
    broker = context.engines.federation
    if broker == "osx":
        return None
    path = f"{_FLOW}/conf/{broker}_route_table.yaml"
    # Every job reads it, and no job outlives its own connections: nothing old is kept.
    return File(path, yaml_text(route_table(context)), reread=True)


class FateFlow(Service):
    """A party's FATE Flow. It reads its route table for every job, so a changed table is
    delivered into the running container.

    Args:
        context: the training cluster it belongs to.
        chosen: the patches that FATE's own code gets.
        needs: what must exist before it starts: MySQL's container, if the party runs one, and the
            folder with the tables, if Docker hosts share it.
        opts: the parent and provider options.
    """

    def __init__(
        self,
        context: EngineContext,
        chosen: Patches,
        needs: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions,
    ) -> None:
        database, at = context.endpoint("mysql"), context.fate_flow
        routes = table(context)
        itself = HttpProbe(
            host=at.host, port=at.port, path="/v2/server/fateflow", answers='"code": *0'
        )
        computing, folders = context.engines.computing, tables.folders(context)
        local = computing in _SPARK and not folders and not context.engines.hdfs
        volumes = _VOLUMES + ([tables.VOLUME] if local else [])
        in_cluster, in_eggroll = computing == "spark", computing == "eggroll"
        stored = hdfs.client(context) if context.engines.hdfs else None
        known = other_hosts.seen_from(context.plan, context.plan.host)
        wait = health.until_listening(database.host, database.port)
        start = known.start + _START.format(wait=wait, root=ROOT)
        changes = patches.files(chosen.chosen, context.engines.federation)
        if changes:
            start = patches.START + start
        if stored:
            start = hdfs.CLASSES + start
        environment = spark.ENVIRONMENT if in_cluster else {}
        if in_eggroll:
            environment = eggroll.ENVIRONMENT | {"PYTHONPATH": _PYTHONPATH}
        super().__init__(
            "fate:fate2:FateFlow",
            context.place,
            Container(
                service="fateflow",
                networks=[context.attachment("fateflow")],
                command=["bash", "-c", start],
                files=[
                    *([routes] if routes else []),
                    File(
                        f"{_FLOW}/conf/service_conf.yaml",
                        yaml_text(service_conf(context)),
                        secret=True,
                    ),
                    File(
                        f"{_FLOW}/conf/job_default_config.yaml",
                        yaml_text(job_default_config(context)),
                    ),
                    *([spark.job_defaults(context)] if in_cluster else []),
                    *known.files,
                    *([eggroll.config(context)] if in_eggroll else []),
                    *([stored] if stored else []),
                    *(File(path, text) for path, text in changes.items()),
                ],
                environment=environment | (hdfs.ENVIRONMENT if stored else {}),
                volumes=volumes,
                folders=[*context.uploads, *folders],
                published={
                    name: context.plan.published[name] for name in context.ports("fateflow")
                },
                forwarded=context.plan.forwarded("fateflow"),
                check=health.check(Probe(http=itself)),
            ),
            needs=needs,
            opts=opts,
        )
        if routes:
            delivery.file("fateflow-routes", self, routes, pulumi.ResourceOptions(parent=self))
        known.deliver(self, "fateflow-hosts")
        if stored:
            delivery.file("fateflow-hdfs", self, stored, pulumi.ResourceOptions(parent=self))
        self.register_outputs({})
