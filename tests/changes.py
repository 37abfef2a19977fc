"""What each change that an operator can make touches.

The tests hold the engine to this table, and docs/operations.md shows it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Config = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """A change to the stack file of parties 9999 and 10000 of FATE 1.3.0 on one Docker host.

    Args:
        name: what the operator does.
        change: the change, on top of those before it.
        touched: the operation on each resource, by the logical name.
    """

    name: str
    change: Callable[[Config], object]
    touched: dict[str, str]

    def row(self) -> str:
        """Its row in the table of the documentation."""
        cells = [self.name]
        for operation in ("replace", "create", "update", "delete"):
            names = sorted(name for name, what in self.touched.items() if what == operation)
            cells.append(", ".join(f"`{name}`" for name in names))
        return f"| {' | '.join(cells)} |"


def _training(**values: object) -> Callable[[Config], object]:
    return lambda config: config["fate:parties"][0]["training"].update(values)


def _peers(*addresses: str) -> Callable[[Config], object]:
    peers = [{"id": 10005, "address": address} for address in addresses]
    return lambda config: config.update({"fate:peers": peers})


def _serving(**values: object) -> Callable[[Config], object]:
    publish = {"serving-server": 9200, "serving-http": 9201, "serving-grpc": 9202}
    return lambda config: config["fate:parties"][0].update(serving={"publish": publish, **values})


_ROUTES = {"9999-proxy-routes": "update", "10000-proxy-routes": "update"}
_IMAGES = [f"lab-federatedai/serving-{name}:1.2.2-release" for name in ("server", "proxy")]
_SERVING = [
    "9999-serving", "9999-serving-health", "9999-serving-proxy", "9999-serving-redis",
    "9999-serving-routes", "9999-serving-server", "lab-shared-serving", *_IMAGES,
]  # fmt: skip

OWN_IMAGE = "registry.example.org/fateboard:1"
"""An image that only the stack file names; the tests make it on the Docker host."""

CHANGES = [
    Change("nothing", lambda config: None, {}),
    Change(
        "`eggs` from 1 to 2",
        _training(eggs=2),
        {"9999-egg-2": "create", "9999-nodes": "update", "9999-health": "update"},
    ),
    Change(
        "`eggs` from 2 to 1",
        _training(eggs=1),
        {"9999-egg-2": "delete", "9999-nodes": "update", "9999-health": "update"},
    ),
    Change(
        "`processors`",
        _training(processors=2),
        {"9999-egg": "replace", "9999-health": "update"},
    ),
    Change(
        "`publish.fateboard`",
        lambda config: config["fate:parties"][0]["training"]["publish"].update(fateboard=9050),
        {"9999-fateboard": "replace", "9999-health": "update"},
    ),
    Change(
        "`services.fateboard` with `cpus` and `memory`",
        _training(services={"fateboard": {"cpus": 1, "memory": "1g"}}),
        {"9999-fateboard": "replace", "9999-health": "update"},
    ),
    Change(
        "`services.fateboard.memory`",
        _training(services={"fateboard": {"cpus": 1, "memory": "900m"}}),
        {"9999-fateboard": "replace", "9999-health": "update"},
    ),
    Change(
        "`services.fateboard` with `image` instead",
        _training(services={"fateboard": {"image": OWN_IMAGE}}),
        {
            "9999-fateboard": "replace", "9999-health": "update",
            f"lab-own-{OWN_IMAGE}": "create",
        },
    ),
    Change(
        "`services` removed",
        _training(services={}),
        {
            "9999-fateboard": "replace", "9999-health": "update",
            f"lab-own-{OWN_IMAGE}": "delete",
        },
    ),
    Change("a new peer", _peers("192.0.2.1"), _ROUTES),
    Change("a peer's `address`", _peers("192.0.2.2"), _ROUTES),
    Change("a peer removed", _peers(), _ROUTES),
    Change(
        "a new exchange",
        lambda config: config.update({"fate:exchange": {"host": "lab", "port": 9399}}),
        {
            "exchange": "create", "exchange-health": "create", "exchange-routes": "create",
            **_ROUTES,
        },
    ),
    Change(
        "the exchange removed",
        lambda config: config.pop("fate:exchange"),
        {
            "exchange": "delete", "exchange-health": "delete", "exchange-routes": "delete",
            **_ROUTES,
        },
    ),
    Change(
        "a new serving cluster",
        _serving(),
        {
            **dict.fromkeys(_SERVING, "create"), "9999-python": "replace", "9999-health": "update",
        },
    ),
    Change(
        "`serving.adapter`",
        _serving(adapter="TestFilePick"),
        {"9999-serving-server": "replace", "9999-serving-health": "update"},
    ),
    Change(
        "the serving cluster removed",
        lambda config: config["fate:parties"][0].pop("serving"),
        {
            **dict.fromkeys(_SERVING, "delete"), "9999-python": "replace", "9999-health": "update",
        },
    ),
]  # fmt: skip


def table() -> str:
    """The table as the documentation shows it."""
    head = ["| change | replaced | created | updated in place | removed |", f"|{' --- |' * 5}"]
    return "\n".join([*head, *(change.row() for change in CHANGES)])
