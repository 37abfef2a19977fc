"""The smallest release line: it shows what one must have; nothing else needs to know it."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime

import pulumi

from fate_components import settings as stack_file
from fate_components.docker.client.containers import Containers
from fate_components.docker.service import Place, Service
from fate_components.jobs.fate_flow import FateFlow, JobLogs, Row
from fate_components.jobs.waits import Key
from fate_components.line import DatabaseClient, Line, RereadFile
from fate_components.party.context import TrainingContext
from fate_components.party.mysql import Mysql
from fate_components.party.redis import Redis
from fate_components.plan.clusters import ClusterPlan
from fate_components.plan.planner import Planner
from fate_components.plan.topology import ExchangePlan


class TrainingCluster(pulumi.ComponentResource):
    """MySQL, and a Redis that other parties call."""

    client = DatabaseClient("redis")

    def __init__(
        self,
        place: Place,
        plan: ClusterPlan,
        settings: stack_file.Settings,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("fate:toy:TrainingCluster", f"{plan.party.id}-training", {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        context = TrainingContext(place, plan, settings.master_secret)
        password = context.password("redis")
        mysql = Mysql(context, child)
        mysql.run("tables", "CREATE TABLE IF NOT EXISTS toy (id INT);", "SHOW TABLES", ["toy"])
        redis = Redis(place, "redis", context.attachment("redis"), password, child)
        self.services: list[Service] = [mysql, redis]
        self.passwords: dict[str, str] = {}
        self.register_outputs({})


class _NoFiles:
    def of_cluster(
        self, plan: ClusterPlan, settings: stack_file.Settings, stack: str
    ) -> Iterator[RereadFile]:
        return iter(())

    def of_exchange(self, plan: ExchangePlan) -> RereadFile:
        raise NotImplementedError


def _rows(party: Containers, what: str, name: str, filters: Mapping[str, str]) -> list[Row]:
    file = f"/data/{what.replace('/', '-')}.json"
    rows = json.loads(party.run("redis", f"cat {file} 2>/dev/null || echo []").stdout)
    return [row for row in rows if all(row.get(key) == value for key, value in filters.items())]


def _waits(party: Containers, rows: list[Row], now: datetime) -> dict[Key, str]:
    return {}


LINE = Line(
    settings=stack_file.Settings,
    planner=Planner,
    clusters={stack_file.TRAINING: TrainingCluster},
    reread=_NoFiles(),
    fate_flow=FateFlow("redis", "task", JobLogs("/data/logs", "e", "p", "s"), _rows, _waits),
    toy_job=f"{__name__}.toy_job",
)
