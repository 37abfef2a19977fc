"""The tables of FATE Flow 1.11: it creates them itself. The lab uses those of jobs and of tasks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ..database import Database

Row = dict[str, Any]
_TEXT, _LONG, _BIG, _FLAG, _JSON = "VARCHAR(500)", "LONGTEXT", "BIGINT", "BOOL", "JSON"
_DATES = {f"f_{name}_time": _BIG for name in ("create", "update", "start", "end")}
_DATES |= {f"f_{name}_date": "DATETIME" for name in ("create", "update", "start", "end")}
_KEY = "VARCHAR(100) NOT NULL"
JOB: Mapping[str, str] = {
    **_DATES,
    "f_user_id": _TEXT, "f_job_id": _KEY, "f_name": _TEXT, "f_description": _LONG,
    "f_tag": _TEXT, "f_dsl": _JSON, "f_runtime_conf": _JSON, "f_runtime_conf_on_party": _JSON,
    "f_train_runtime_conf": _JSON, "f_roles": _JSON, "f_initiator_role": _TEXT,
    "f_initiator_party_id": _TEXT, "f_status": _TEXT, "f_status_code": "INTEGER", "f_user": _JSON,
    "f_role": _KEY, "f_party_id": _KEY, "f_is_initiator": _FLAG,
    "f_progress": "INTEGER", "f_ready_signal": _FLAG, "f_ready_time": _BIG,
    "f_cancel_signal": _FLAG, "f_cancel_time": _BIG, "f_rerun_signal": _FLAG,
    "f_end_scheduling_updates": "INTEGER", "f_engine_name": _TEXT, "f_engine_type": _TEXT,
    "f_cores": "INTEGER", "f_memory": "INTEGER", "f_remaining_cores": "INTEGER",
    "f_remaining_memory": "INTEGER", "f_resource_in_use": _FLAG, "f_apply_resource_time": _BIG,
    "f_return_resource_time": _BIG, "f_inheritance_info": _JSON, "f_inheritance_status": _TEXT,
    "f_elapsed": _BIG,
}  # fmt: skip
TASK: Mapping[str, str] = {
    **_DATES,
    "f_job_id": _KEY, "f_component_name": _LONG, "f_component_module": _TEXT,
    "f_task_id": _KEY, "f_task_version": "BIGINT NOT NULL", "f_initiator_role": _TEXT,
    "f_initiator_party_id": _TEXT, "f_federated_mode": _TEXT,
    "f_federated_status_collect_type": _TEXT, "f_status": _TEXT, "f_status_code": "INTEGER",
    "f_auto_retries": "INTEGER", "f_auto_retry_delay": "INTEGER", "f_role": _KEY,
    "f_party_id": _KEY, "f_run_on_this_party": _FLAG, "f_worker_id": _TEXT, "f_cmd": _JSON,
    "f_run_ip": _TEXT, "f_run_port": "INTEGER", "f_run_pid": "INTEGER", "f_party_status": _TEXT,
    "f_provider_info": _JSON, "f_component_parameters": _JSON, "f_engine_conf": _JSON,
    "f_kill_status": _FLAG, "f_error_report": _LONG, "f_is_deepspeed": _FLAG,
    "f_deepspeed_id": _TEXT, "f_elapsed": _BIG,
}  # fmt: skip
_OTHERS = (
    "t_cache_record", "t_component_info", "t_component_provider_info", "t_component_registry",
    "t_data_table_tracking", "t_dependencies_storage_meta", "t_engine_registry",
    "t_machine_learning_model_info", "t_model_tag", "t_pipeline_component_meta",
    "t_server_registry_info", "t_service_registry_info", "t_session_record", "t_site_key_info",
    "t_storage_connector", "t_storage_table_meta", "t_tags", "t_worker", "trackingmetric",
    "trackingoutputdatainfo", "componentsummary",
)  # fmt: skip
_SQL = {_JSON: "LONGTEXT"}
_KEYS = {"t_job": "f_job_id, f_role, f_party_id"}
_KEYS["t_task"] = "f_job_id, f_task_id, f_task_version, f_role, f_party_id"


class Tables:
    """FATE Flow's tables.

    Args:
        database: where they are.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def create(self) -> None:
        """Creates those that are missing."""
        for name, columns in {"t_job": JOB, "t_task": TASK}.items():
            types = {column: _SQL.get(kind, kind) for column, kind in columns.items()}
            inside = "".join(f"{column} {kind}, " for column, kind in types.items())
            key = f"PRIMARY KEY ({_KEYS[name]})"
            self.database.run((f"CREATE TABLE IF NOT EXISTS {name} ({inside}{key})", ()))
        for name in _OTHERS:
            self.database.run((f"CREATE TABLE IF NOT EXISTS {name} (f_id BIGINT PRIMARY KEY)", ()))

    def insert(self, name: str, row: Mapping[str, Any]) -> None:
        """Adds a row, unless it is there: a party that is guest and host creates it twice."""
        row = _with_dates(row)
        values = [_stored(value) for value in row.values()]
        marks = ", ".join(["%s"] * len(row))
        query = f"INSERT IGNORE INTO {name} ({', '.join(row)}) VALUES ({marks})"
        self.database.run((query, values))

    def update(self, name: str, where: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        values = _with_dates(values)
        change = ", ".join(f"{column} = %s" for column in values)
        found = " AND ".join(f"{column} = %s" for column in where)
        stored = [_stored(value) for value in values.values()]
        query = f"UPDATE {name} SET {change} WHERE {found}"
        self.database.run((query, (*stored, *where.values())))

    def query(self, name: str, filters: Mapping[str, Any]) -> list[Row]:
        """The rows that have these values, by names without f_. What is no column is ignored;
        without any that is one, there are none."""
        columns = JOB if name == "t_job" else TASK
        known: list[str] = []
        values: list[Any] = []
        for key, value in filters.items():
            if f"f_{key}" not in columns or value is None:
                continue
            several = list(value) if isinstance(value, list | set) else [value]
            marks = ", ".join(["%s"] * len(several))
            known.append(f"f_{key} IN ({marks})")
            values += several
        return self.select(name, " AND ".join(known) or "FALSE", values)

    def select(self, name: str, where: str, values: Sequence[Any], more: str = "") -> list[Row]:
        columns = JOB if name == "t_job" else TASK
        query = f"SELECT {', '.join(columns)} FROM {name} WHERE {where} {more}"
        rows = self.database.run((query, values))
        return [{key: _loaded(columns[key], value) for key, value in row.items()} for row in rows]


def _with_dates(values: Mapping[str, Any]) -> Row:
    """The values, and each time in milliseconds as a date, too."""
    dates = {
        f"{name.removesuffix('_time')}_date": datetime.fromtimestamp(value / 1000)
        for name, value in values.items()
        if name in _DATES and value is not None
    }
    return {**values, **dates}


def _stored(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value


def _loaded(kind: str, value: Any) -> Any:
    if kind == _FLAG and value is not None:
        return bool(value)
    if kind == "DATETIME" and value is not None:
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if kind == _JSON and isinstance(value, str) and value[:1] in ("{", "["):
        return json.loads(value)
    return value


def without_prefix(row: Row) -> Row:
    """A row as the lists of FATE Flow have it."""
    return {key.lstrip("f").lstrip("_"): value for key, value in row.items()}
