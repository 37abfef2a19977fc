"""FATE Flow of FATE 1.7 to 1.11, as it is asked for jobs."""

from collections.abc import Mapping
from datetime import datetime

import yaml

from ...docker.client.containers import Containers
from ...jobs import waits
from ...jobs.fate_flow import FateFlow, JobLogs, Row
from ...jobs.flow_v1 import FlowClient
from ...party.files import ROOT
from .fate_flow import FLOW as FOLDER

FLOW = FlowClient("fateflow")
_FIELDS = (
    "status", "role", "party_id", "create_time", "start_time", "end_time", "elapsed", "roles",
    "cores", "resource_in_use", "initiator_party_id",
)  # fmt: skip


def _rows(party: Containers, what: str, name: str, filters: Mapping[str, str]) -> list[Row]:
    return FLOW.rows(party, what, (name, *_FIELDS), filters)


def _waits(party: Containers, rows: list[Row], now: datetime) -> dict[waits.Key, str]:
    text = party.run("fateflow", f"cat {ROOT}/conf/service_conf.yaml").stdout
    try:
        manager = yaml.safe_load(text)["fate_on_eggroll"]["clustermanager"]
        cores = int(manager["cores_per_node"]) * int(manager["nodes"])
    except (KeyError, TypeError, ValueError, yaml.YAMLError):
        return {}
    # The initiator schedules its oldest waiting job only (DAGScheduler.run_do of FATE Flow 1.11.1).
    scheduled = [{**row, "scheduler_party_id": row.get("initiator_party_id")} for row in rows]
    return waits.for_cores(scheduled, cores)


# The logs: fate_flow/utils/log_utils.py and manager/worker_manager.py of FATE Flow 1.11.1.
FATE_FLOW = FateFlow(
    service="fateflow",
    task="component_name",
    logs=JobLogs(f"{FOLDER}/logs", "ERROR.log", "*std.log", "fate_flow_schedule_error.log"),
    rows=_rows,
    waits=_waits,
)
