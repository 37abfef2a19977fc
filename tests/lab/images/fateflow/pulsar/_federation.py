"""How FATE finds a party's broker, with the fault of the release: the table's keys are texts.

FATE looks it up as many times.
"""

from collections.abc import Mapping
from typing import Any


def route(table: Mapping[Any, Any], party: Any) -> Any:
    if int(party.party_id) not in table:
        return None
    return {
        "host": table[int(party.party_id)]["host"],
        "port": table[int(party.party_id)]["port"],
        "sslPort": table[int(party.party_id)]["sslPort"],
        "proxy": table[int(party.party_id)]["proxy"],
    }
