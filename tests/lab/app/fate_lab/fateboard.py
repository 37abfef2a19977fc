"""Stands for FATE Board: a page with the party's jobs, from FATE Flow's table and its logs."""

from __future__ import annotations

import html
import json
import os
from urllib.parse import SplitResult, urlsplit

from . import strictconf
from .database import Database
from .protocol import ANY, HopError, Listener, greet, log
from .strictconf import PROJECT

LOGS = f"{PROJECT}/python/logs"
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>FATE Board (lab)</title>
<style>
body {{ font: 16px sans-serif; margin: 2em }}
td, th {{ padding: .3em 1em; text-align: left }}
</style>
<h1>FATE Board (lab)</h1>
<table><tr><th>Job<th>Role<th>Party<th>Status<th>Log files</tr>
{rows}</table>
<p>{count} jobs. A stand-in for tests, not FATE Board.</p></html>
"""


def main(settings: str) -> None:
    conf = strictconf.properties(
        settings,
        {
            "server.port": strictconf.port,
            "fateflow.url": strictconf.url,
            "spring.datasource.driver-Class-Name": strictconf.exactly("com.mysql.cj.jdbc.Driver"),
            "spring.datasource.url": strictconf.jdbc_url,
            "spring.datasource.username": strictconf.filled,
            "spring.datasource.password": strictconf.filled,
        },
        {
            "management.endpoints.web.exposure.include": strictconf.filled,
            "spring.http.encoding.charset": strictconf.filled,
            "spring.http.encoding.enabled": strictconf.filled,
            "server.tomcat.uri-encoding": strictconf.filled,
            "server.tomcat.max-threads": strictconf.count,
            "server.tomcat.max-connections": strictconf.count,
        },
    )
    host, port, name = strictconf.jdbc_parts(conf["spring.datasource.url"])
    user, password = conf["spring.datasource.username"], conf["spring.datasource.password"]
    database = Database("fateboard", host, port, name, user, password)
    flow = urlsplit(conf["fateflow.url"])

    def page(method: str, path: str, _: bytes) -> tuple[int, str, bytes] | None:
        if path == "/actuator/health":
            return _health(database, flow)
        if method == "GET" and path in ("/", "/index.html"):
            return 200, "text/html; charset=utf-8", _jobs(database).encode()
        return None

    Listener("fateboard", ANY, {}, page).serve("0.0.0.0", int(conf["server.port"]))


def _health(database: Database, flow: SplitResult) -> tuple[int, str, bytes]:
    """Stricter than FATE Board's, which asks its database alone: a wrong fateflow.url shows too."""
    try:
        database.run(("SELECT 1", ()))
        greet("fateboard", flow.hostname or "", flow.port or 80, "fateflow-http", ANY)
        status, code = 200, "UP"
    except HopError as error:
        log(f"fateboard: {error}")
        status, code = 503, "DOWN"
    body = {"status": {"code": code, "description": ""}, "details": {}}
    return status, "application/json", json.dumps(body, separators=(",", ":")).encode()


def _jobs(database: Database) -> str:
    query = (
        "SELECT f_job_id, f_role, f_party_id, f_status FROM t_job"
        " ORDER BY f_create_time DESC LIMIT 100"
    )
    jobs = database.run((query, ()))
    rows = []
    for job in jobs:
        files = sum(len(names) for _, _, names in os.walk(os.path.join(LOGS, job["f_job_id"])))
        cells = [*job.values(), files or "none here"]
        rows.append("<tr>" + "".join(f"<td>{html.escape(str(cell))}" for cell in cells) + "</tr>\n")
    return _PAGE.format(rows="".join(rows), count=len(jobs))
