"""FATE Flow: accepts jobs, and runs them together with the FATE Flows of other parties."""

from collections.abc import Sequence

import pulumi

from ...docker import health
from ...docker.service import Container, File, Service, Volume
from ...docker.software import HttpProbe, Probe
from ...party.external import servers
from ...party.files import ROOT, yaml_text
from ...serving.placing import SERVER
from . import eggroll
from .cluster import ClusterContext
from .settings import NODE_MANAGER

FLOW = f"{ROOT}/fateflow"
LOGS = Volume("fateflow-logs", f"{FLOW}/logs")
_VOLUMES = [
    LOGS,
    Volume("fateflow-model", f"{FLOW}/model_local_cache"),
    Volume("fateflow-jobs", f"{FLOW}/jobs"),
]
# FATE Flow exits if MySQL does not answer, and after a reboot Docker starts both at once.
_START = """{wait}
cd {root}
exec python fateflow/python/fate_flow/fate_flow_server.py
"""


def service_conf(context: ClusterContext) -> dict[str, object]:
    """service_conf.yaml."""
    database, site = context.endpoint("mysql"), context.endpoint("rollsite")
    flow, board = context.fate_flow, context.endpoint("fateboard")
    beside = context.plan.beside
    servings = [beside[SERVER]] if SERVER in beside else []
    off = {"switch": False}
    return {
        "use_registry": False,
        "use_deserialize_safe_module": False,
        "dependent_distribution": False,
        "encrypt_password": False,
        "encrypt_module": "fate_arch.common.encrypt_utils#pwdecrypt",
        "private_key": None,
        "party_id": str(context.party_id),
        "hook_module": {
            name: f"fate_flow.hook.flow.{name}"
            for name in ("client_authentication", "site_authentication", "permission")
        },
        "hook_server_name": None,
        "authentication": {"client": off | {"http_app_key": None, "http_secret_key": None}}
        | {"site": off},
        "permission": off | {"component": False, "dataset": False},
        "fateflow": {
            # FATE Flow listens on this address and passes it to its tasks, so it must be its own.
            "host": flow.host,
            "http_port": flow.port,
            "grpc_port": context.fate_flow_grpc.port,
            "proxy": "rollsite",
            "protocol": "default",
            "default_federated_status_collect_type": "PULL",
        },
        "database": {
            "name": context.training.mysql.database,
            "user": context.training.mysql.user,
            "passwd": context.mysql_password,
            "host": database.host,
            "port": database.port,
            "max_connections": 100,
            "stale_timeout": 30,
        },
        "zookeeper": {"hosts": []},
        "default_engines": dict.fromkeys(("computing", "federation", "storage"), "eggroll"),
        "fate_on_eggroll": {
            "clustermanager": {
                "cores_per_node": context.training.cores,
                "nodes": context.training.nodemanagers,
            },
            "rollsite": {"host": site.host, "port": site.port},
        },
        "fateboard": {"host": board.host, "port": board.port},
        "enable_model_store": False,
        # FATE Flow reads it at its start.
        "servings": {"hosts": [f"{to.host}:{to.port}" for to in servings]},
    }


class FateFlow(Service):
    """A party's FATE Flow.

    Args:
        context: the training cluster it belongs to.
        needs: MySQL's container, which must exist before it starts, if the party runs one.
        opts: the parent and provider options.
    """

    def __init__(
        self,
        context: ClusterContext,
        needs: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions,
    ) -> None:
        database, at = context.endpoint("mysql"), context.fate_flow
        # No such job is 0, a database that does not answer 100.
        itself = HttpProbe(
            host=at.host,
            port=at.port,
            path="/v1/job/query",
            post='{"job_id": "none"}',
            answers='"retcode": *0',
        )
        wait = health.until_listening(database.host, database.port)
        super().__init__(
            "fate:fate1_11:FateFlow",
            context.place,
            Container(
                service="fateflow",
                networks=[context.attachment("fateflow")],
                command=["bash", "-c", _START.format(wait=wait, root=ROOT)],
                environment=eggroll.ENVIRONMENT,
                files=[
                    File(
                        f"{ROOT}/conf/service_conf.yaml",
                        yaml_text(service_conf(context)),
                        secret=True,
                    ),
                    eggroll.config(eggroll.cluster(context, NODE_MANAGER, database=False)),
                    *servers.account_files(context.training.mysql),
                ],
                volumes=_VOLUMES,
                folders=context.uploads,
                published={
                    name: context.plan.published[name]
                    for name in context.plan.facts.services["fateflow"].ports
                },
                forwarded=context.plan.forwarded("fateflow"),
                check=health.check(Probe(http=itself)),
            ),
            needs=needs,
            opts=opts,
        )
        self.register_outputs({})
