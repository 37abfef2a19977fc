"""A deployment that fatectl doctor examines."""

from datetime import UTC, datetime
from typing import Any

from fate_components import lines
from fate_components.checks import doctor
from fate_components.stack_file import parse
from tests.support.bad_stack_files import GOOD
from tests.support.stack_files import as_engine

NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
INFO = {"ServerVersion": "20.10.24", "MemTotal": 64 << 30, "NCPU": 8, "DockerRootDir": "/d"}


def stack(**change: Any) -> doctor.Stack:
    settings, release = parse(as_engine({**GOOD, **change}), {"fate:masterSecret"}, "dev")
    return doctor.Stack("dev", settings, lines.of(release), lines.plan(settings, release, "dev"))


def running(*names: str) -> dict[str, Any]:
    state = {"Status": "running", "StartedAt": NOW.isoformat()}
    return {name: {"Id": name, "Config": {}, "State": state} for name in names}
