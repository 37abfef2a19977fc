"""The last results of the checks that an `up` with fate:verify runs, from the stack's state."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_COMMAND = "command:local:Command"
# As the program names them.
_NAME = re.compile(r"::verify-(?:serving-(?P<serving>\d+)|(?P<guest>\d+)-(?P<host>\d+))$")


@dataclass(frozen=True)
class Check:
    """A check that succeeded; the state keeps no others.

    Args:
        title: what was checked.
        said: the last line that it printed.
        when: when it was run, if the state says so.
        containers: the ids of the containers that took part.
    """

    title: str
    said: str
    when: datetime | None
    containers: frozenset[str]


def checks(resources: Iterable[Mapping[str, Any]]) -> list[Check]:
    """The checks among the resources of a stack's state."""
    succeeded = []
    for resource in resources:
        name = _NAME.search(resource["urn"])
        if resource["type"] != _COMMAND or not name or resource.get("delete"):
            continue
        lines = str(resource.get("outputs", {}).get("stdout") or "").strip().splitlines()
        when = resource.get("modified") or resource.get("created")
        succeeded.append(
            Check(
                f"Serving of party {name['serving']}"
                if name["serving"]
                else f"Toy job of party {name['guest']} with party {name['host']}",
                lines[-1] if lines else "",
                datetime.fromisoformat(when) if when else None,
                frozenset(map(str, resource.get("inputs", {}).get("triggers") or ())),
            )
        )
    return succeeded
