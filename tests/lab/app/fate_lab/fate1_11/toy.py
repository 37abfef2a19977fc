"""The toy job of FATE 1.11 at one party: SecureAddExample, in a session of Eggroll.

Each party makes a table of ones, splits each into two random parts, gives the other party the sum
of one part, and adds what it is given to what it has kept. The guest learns the sum of both.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..protocol import ANY, HopError, call
from . import conf as eggroll

MODULE = "SecureAddExample"
_READY_WITHIN = 10.0


@dataclass(frozen=True)
class Side:
    """A role of a job.

    Args:
        me: who calls, for errors.
        task: the task, and its version.
        role: the role.
        party: the party that has it.
        peer: the party that has the other role.
        cores: for the task, on all nodes together.
        nodes: the number of nodes.
        parameters: those of the component.
        site: the host and port of the party's rollsite.
        info: logs a line.
    """

    me: str
    task: str
    role: str
    party: str
    peer: str
    cores: int
    nodes: int
    parameters: Mapping[str, Any]
    site: tuple[str, int]
    info: Callable[[str], None]

    @property
    def session(self) -> str:
        return f"{self.task}_{self.role}_{self.party}"

    def run(self, manager: tuple[str, int, str]) -> None:
        """Runs the role's part.

        Args:
            manager: where the party's cluster manager is.

        Raises:
            HopError: it failed.
        """
        self.info("begin to init parameters of secure add example")
        pairs = self._start(manager)
        try:
            self._add(manager, pairs)
        finally:
            call(self.me, *manager, ANY, "stop", {"session": self.session})

    def _start(self, manager: tuple[str, int, str]) -> list[dict[str, Any]]:
        asked = {"session": self.session, "processors": math.ceil(self.cores / self.nodes)}
        deadline = time.monotonic() + _READY_WITHIN
        while True:
            try:
                return list(call(self.me, *manager, ANY, "session", asked))
            except HopError as error:
                own = f"clustermanager {manager[0]}:{manager[1]} refused"
                waits = "is not ready" in str(error) or own in str(error)
                if not waits or time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def _add(self, manager: tuple[str, int, str], pairs: list[dict[str, Any]]) -> None:
        for pair in pairs:
            self._at(pair, "greet", {"pairs": pairs})
        self.info("begin to make guest data" if self.role == "guest" else "begin to make host data")
        partitions = int(self.parameters["partition"])
        values = int(self.parameters["data_num"])
        table = {"namespace": self.session, "name": "x"}
        where = [pairs[number % len(pairs)] for number in range(partitions)]
        nodes = {"nodes": [pair["node"] for pair in where]}
        call(self.me, *manager, ANY, "store", table | nodes)
        self.info("split data into two random parts")
        kept = given = 0
        for number, pair in enumerate(where):
            count = len(range(number, values, partitions))
            asked = table | {"partition": number, "values": count}
            sums = self._at(pair, "mask", asked)
            kept, given = kept + sums[0], given + sums[1]
        self._send("share", given)
        self.info("get share of one random part data from the other party")
        own = kept + self._get(pairs[0], "share")
        if self.role == "host":
            self._send("sum", own)
            self.info("send host sum to guest")
            return
        self.info("begin to get sum of guest and host")
        total = own + self._get(pairs[0], "sum")
        if total != 2 * values:
            raise HopError(f"the sum is {total}, not {2 * values}: values were lost")
        self.info(f"success to calculate secure_sum, it is {float(total)}")

    def _at(self, pair: Mapping[str, Any], op: str, body: Mapping[str, Any]) -> Any:
        return call(self.me, pair["host"], pair["command"], "egg-pair", self.session, op, body)

    def _send(self, name: str, value: int) -> None:
        other = "host" if self.role == "guest" else "guest"
        session = f"{self.task}_{other}_{self.peer}"
        body = {"session": session, "tag": name, "value": value}
        packet = {"from": self.party, "to": self.peer, "hops": 6, "body": body}
        host, port = self.site
        target = f"{self.me}: rollsite {host}:{port}"
        call(self.me, host, port, "transfer", ANY, "push", packet, target)

    def _get(self, pair: Mapping[str, Any], name: str) -> int:
        return int(self._at(pair, "get", {"tag": name}))


def properties() -> dict[str, str]:
    """What Eggroll's Python finds in the file that FATE Flow and its jobs share."""
    return eggroll.python(f"{eggroll.HOME}/conf/eggroll.properties", "fateflow")
