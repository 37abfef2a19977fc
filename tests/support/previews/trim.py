"""Makes a small fixture of what `pulumi preview --json` printed.

    python -m tests.support.previews.trim < preview.json > tests/support/previews/NAME.json

The files here were recorded on the deployment of tests/integration/test_changes.py: parties 9999
and 10000 of FATE 1.3.0 on one Docker host. What a reader of the preview has no use for is left
out, like traces, and steps that change nothing.
"""

import json
import sys
from typing import Any

_CONFIG = ("fate:keepData", "fate:release")
_STATE = ("custom", "type", "provider", "retainOnDelete")
_STEP = ("op", "urn", "provider", "diffReasons", "replaceReasons", "detailedDiff")
_INPUTS = ("name", "labels", "ports", "memory", "cpuQuota", "cpuPeriod", "volumes", "uploads")
_OF_ROUTES = ("OUTDATED", "REPAIRS")  # the environment of commands that restart proxies


def trimmed(found: dict[str, Any]) -> dict[str, Any]:
    """The output with the parts that matter.

    Args:
        found: the whole output.
    """
    changed = any(step["op"] not in ("same", "refresh") for step in found["steps"])
    steps = [
        {
            **{key: step[key] for key in _STEP if key in step},
            **{key: _state(step[key]) for key in ("oldState", "newState") if step.get(key)},
        }
        for step in found["steps"]
        if step["op"] not in ("same", "refresh")
        or (
            not changed
            and step["op"] == "refresh"
            and step["urn"].split("::")[-2].endswith(":Volume")
        )
    ]
    return {
        "config": {key: found["config"][key] for key in _CONFIG},
        "steps": steps,
        "diagnostics": found.get("diagnostics") or [],
        "changeSummary": found.get("changeSummary") or {},
    }


def _state(state: dict[str, Any]) -> dict[str, Any]:
    found = {key: state[key] for key in _STATE if key in state}
    inputs = {key: one for key, one in (state.get("inputs") or {}).items() if key in _INPUTS}
    environment = (state.get("inputs") or {}).get("environment") or {}
    if "OUTDATED" in environment:
        kept = {key: environment[key] for key in _OF_ROUTES if key in environment}
        found |= {"parent": state["parent"]}
        inputs |= {"environment": kept, "stdin": state["inputs"]["stdin"]}
    image = (state.get("propertyDependencies") or {}).get("image")
    return {
        **found,
        **({"inputs": inputs} if inputs else {}),
        **({"propertyDependencies": {"image": image}} if image else {}),
    }


if __name__ == "__main__":
    json.dump(trimmed(json.load(sys.stdin)), sys.stdout, indent=1)
    print()
