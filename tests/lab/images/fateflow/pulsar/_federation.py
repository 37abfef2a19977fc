"""How FATE finds a party's broker, with the fault of the release: the table's keys are texts."""

from collections.abc import Mapping
from typing import Any


def route(table: Mapping[Any, Any], party: Any) -> Any:
    return table.get(int(party.party_id))
