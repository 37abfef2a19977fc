"""FATE Flow of FATE 1.3, as it is asked for jobs."""

import re
from collections.abc import Mapping
from datetime import datetime

from ...docker.client.containers import Containers
from ...jobs import waits
from ...jobs.fate_flow import FateFlow, JobLogs, Row
from ...party.files import ROOT
from .flow_client import FLOW

_FIELDS = (
    "status", "role", "party_id", "create_time", "start_time", "end_time", "elapsed", "roles",
    "is_initiator",
)  # fmt: skip
# How many of a party's jobs run at a time; the last assignment in the file counts.
_AT_ONCE = (
    f"sed -n 's/^MAX_CONCURRENT_JOB_RUN *= *\\([0-9][0-9]*\\).*/\\1/p' "
    f"{ROOT}/python/fate_flow/settings.py | tail -n 1"
)


def _rows(party: Containers, what: str, name: str, filters: Mapping[str, str]) -> list[Row]:
    return FLOW.rows(party, what, (name, *_FIELDS), filters)


def _waits(party: Containers, rows: list[Row], now: datetime) -> dict[waits.Key, str]:
    at_once = party.run("python", _AT_ONCE).stdout.strip()
    if not re.fullmatch(r"\d+", at_once):
        return {}
    return waits.for_turn(rows, int(at_once), round(now.timestamp() * 1000))


# The logs: arch/api/utils/log_utils.py and fate_flow/driver/task_executor.py of FATE 1.3.0.
FATE_FLOW = FateFlow(
    service="python",
    task="component_name",
    logs=JobLogs(f"{ROOT}/python/logs", "ERROR.log", "std.log", "error.log"),
    rows=_rows,
    waits=_waits,
)
