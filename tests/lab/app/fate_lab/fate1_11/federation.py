"""How a FATE Flow of FATE 1.11 asks others: always through its own rollsite, itself as well."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ..protocol import ANY, HopError, call

_TRIES, _PAUSE = 3, 0.3  # the real one waits 2 and 4 s


class Federation:
    """Asks FATE Flows.

    Args:
        party: the party that asks.
        site: the host and port of its rollsite.
    """

    def __init__(self, party: str, site: tuple[str, int]) -> None:
        self.party, self.site = party, site

    def ask(self, party: str | int, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of a party's FATE Flow, or what FATE Flow makes of none: retcode 104."""
        host, port = self.site
        target = f"fateflow {self.party}: rollsite {host}:{port}"
        asked = {"method": "POST", "path": path, "body": body}
        packet = {
            "from": self.party,
            "to": str(party),
            "role": "fateflow",
            "hops": 6,
            "body": asked,
        }
        for left in reversed(range(_TRIES)):
            try:
                at = host, port, "transfer", ANY, "unary"
                return dict(call(f"fateflow {self.party}", *at, packet, target))
            except HopError as error:
                if not left:
                    text = f"Federated schedule error, [Roll Site Error TransInfo] {error}"
                    return {"retcode": 104, "retmsg": text}
                time.sleep(_PAUSE)
        raise AssertionError
