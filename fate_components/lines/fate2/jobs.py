"""FATE Flow of FATE 2, as it is asked for jobs."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from ...docker.client.containers import Containers
from ...jobs import waits
from ...jobs.fate_flow import FateFlow, JobLogs, JobsError, Row
from ...party.files import ROOT
from . import flow_client


def _rows(party: Containers, what: str, name: str, filters: Mapping[str, str]) -> list[Row]:
    try:
        answer = flow_client.request(party, "GET", f"/v2/{what}/query?{urlencode(filters)}")
    except flow_client.HopError as error:
        raise JobsError(str(error)) from None
    # What is not found is no error.
    return list(answer.get("data") or [])


def _waits(party: Containers, rows: list[Row], now: datetime) -> dict[waits.Key, str]:
    try:
        return waits.for_cores(rows, flow_client.cores(party))
    except flow_client.HopError as error:
        raise JobsError(str(error)) from None


# The logs: manager/outputs/log.py and manager/service/worker_manager.py of FATE Flow 2.2.0.
FATE_FLOW = FateFlow(
    service="fateflow",
    task="task_name",
    logs=JobLogs(
        f"{ROOT}/fate_flow/logs", "root/ERROR", "stdout/*", "fate_flow_schedule_error.log"
    ),
    rows=_rows,
    waits=_waits,
)
