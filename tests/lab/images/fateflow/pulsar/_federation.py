"""How FATE finds a party's broker, with the fault of the release: the table's keys are texts.

FATE looks it up as many times, in the same words.
"""

from collections.abc import Mapping
from typing import Any


def route(table: Mapping[Any, Any], party: Any) -> Any:
    if table.get(int(party.party_id), None) is None:
        return None
    return {
        "host": table.get(int(party.party_id)).get("host"),
        "port": table.get(int(party.party_id)).get("port"),
        "sslPort": table.get(int(party.party_id)).get("sslPort"),
        "proxy": table.get(int(party.party_id)).get("proxy"),
    }
