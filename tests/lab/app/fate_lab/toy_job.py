"""The toy job's component SecureAddExample: sums both parties' values without revealing them.

Each party splits every value of its table into two random shares, keeps one, sends the other to the
peer, and adds up the shares that it has. The total of the two sums is the sum of all values. Data
goes through roll, meta-service, egg, processors and storage; shares and sums go through federations
and proxies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .protocol import HopError

COMPONENT = "secure_add_example_0"


@dataclass(frozen=True)
class Side:
    """One role of the job, as its party runs it."""

    namespace: str  # of its tables; also the name of its session
    peer_namespace: str
    peer_party: str
    values: int
    partitions: int
    roll: Callable[[str, dict[str, Any]], Any]
    federation: Callable[[str, dict[str, Any]], Any]
    info: Callable[[str], None]

    def table(self, name: str) -> dict[str, Any]:
        return {"namespace": self.namespace, "name": name, "partitions": self.partitions}

    def process(self, function: str, tables: list[str], makes: list[str]) -> list[Any]:
        body = {
            "session": self.namespace,
            "namespace": self.namespace,
            "function": function,
            "like": {"name": tables[0], "partitions": self.partitions},
            "from": tables,
            "makes": makes,
        }
        return list(self.roll("process", body))

    def own_sum(self) -> float:
        self.info("begin to make data")
        self.roll("put", {**self.table("x"), "pairs": {str(i): 1 for i in range(self.values)}})
        found = self.roll("count", self.table("x"))
        if found != {"count": self.values, "partitions": self.partitions}:
            raise HopError(f"roll: stored {self.values} rows, but got back: {found}")
        self.info("split data into two random parts")
        self.process("mask", ["x"], ["keep", "give"])
        self.info(f"share one random part with party {self.peer_party}")
        tag = f"{self.peer_namespace}/share"
        body = {"tag": tag, "to": self.peer_party, "table": self.table("give")}
        self.federation("send", body)
        self.federation("get", {"tag": f"{self.namespace}/share"})
        self.info("got the peer's share, begin to add up")
        return float(sum(self.process("sum", ["keep", "share"], [])))

    def host(self) -> None:
        own = self.own_sum()
        tag = f"{self.peer_namespace}/host_sum"
        self.federation("send", {"tag": tag, "to": self.peer_party, "object": own})

    def guest(self) -> None:
        own = self.own_sum()
        host_sum = self.federation("get", {"tag": f"{self.namespace}/host_sum"})["object"]
        total = own + float(host_sum)
        assert abs(total - 2 * self.values) < 1e-6  # all that FATE's example says of lost values
        self.info(f"success to calculate secure_sum, it is {total}")

    def clean_up(self) -> None:
        """Ends the session and drops its tables."""
        self.roll("end-session", {"session": self.namespace})
        self.roll("drop", {"namespace": self.namespace})
