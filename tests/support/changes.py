"""What each change that an operator can make touches.

The tests hold the engine, or what the program registers, to these tables, and docs/operations.md
shows them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Config = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """A change to a stack file.

    Args:
        name: what the operator does.
        change: the change.
        touched: the operation on each resource, by the logical name.
        step: changes of the same step are deployed together, in the order of the steps.
        restarted: the containers that are restarted, but not replaced, by their logical names.
    """

    name: str
    change: Callable[[Config], object]
    touched: dict[str, str]
    step: int = 0
    restarted: frozenset[str] = frozenset()

    def row(self) -> str:
        """Its row in the table of the documentation."""
        cells = [self.name]
        for operation in ("replace", "restart", "create", "update", "delete"):
            names = [name for name, what in self.touched.items() if what == operation]
            names = sorted(self.restarted if operation == "restart" else names)
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


ROUTES = {"9999-proxy-routes": "update", "10000-proxy-routes": "update"}
_PROXIES = frozenset({"9999-proxy", "10000-proxy"})
_IMAGES = [f"lab-federatedai/serving-{name}:1.2.2-release" for name in ("server", "proxy")]
_SERVING = [
    "9999-serving", "9999-serving-health", "9999-serving-proxy", "9999-serving-redis",
    "9999-serving-routes", "9999-serving-server", "lab-shared-serving", *_IMAGES,
]  # fmt: skip

OWN_IMAGE = "registry.example.org/fateboard:1"
"""An image that only the stack file names; the tests make it on the Docker host."""

# Each on top of those before it, for parties 9999 and 10000 of FATE 1.3.0 on Docker host lab. The
# changes of a step touch different resources, except for a party's health.
CHANGES = [
    Change("nothing", lambda config: None, {}),
    Change(
        "`eggs` from 1 to 2",
        _training(eggs=2),
        {"9999-egg-2": "create", "9999-nodes": "update", "9999-health": "update"},
        step=1,
    ),
    Change(
        "`eggs` from 2 to 1",
        _training(eggs=1),
        {"9999-egg-2": "delete", "9999-nodes": "update", "9999-health": "update"},
        step=2,
    ),
    Change(
        "`processors`",
        _training(processors=2),
        {"9999-egg": "replace", "9999-health": "update"},
        step=3,
    ),
    Change(
        "`publish.fateboard`",
        lambda config: config["fate:parties"][0]["training"]["publish"].update(fateboard=9050),
        {"9999-fateboard": "replace", "9999-python": "replace", "9999-health": "update"},
        step=1,
    ),
    Change(
        "`services.fateboard` with `cpus` and `memory`",
        _training(services={"fateboard": {"cpus": 1, "memory": "1g"}}),
        {"9999-fateboard": "replace", "9999-health": "update"},
        step=2,
    ),
    Change(
        "`services.fateboard.memory`",
        _training(services={"fateboard": {"cpus": 1, "memory": "900m"}}),
        {"9999-fateboard": "replace", "9999-health": "update"},
        step=3,
    ),
    Change(
        "`services.fateboard` with `image` instead",
        _training(services={"fateboard": {"image": OWN_IMAGE}}),
        {
            "9999-fateboard": "replace", "9999-health": "update",
            f"lab-own-{OWN_IMAGE}": "create",
        },
        step=4,
    ),
    Change(
        "`services` removed",
        _training(services={}),
        {
            "9999-fateboard": "replace", "9999-health": "update",
            f"lab-own-{OWN_IMAGE}": "delete",
        },
        step=5,
    ),
    Change("a new peer", _peers("192.0.2.1"), ROUTES, step=1),
    Change("a peer's `address`", _peers("192.0.2.2"), ROUTES, step=2, restarted=_PROXIES),
    Change("a peer removed", _peers(), ROUTES, step=3, restarted=_PROXIES),
    Change(
        "a new exchange",
        lambda config: config.update({"fate:exchange": {"host": "lab", "port": 9399}}),
        {
            "exchange": "create", "exchange-health": "create", "exchange-routes": "create",
            **ROUTES,
        },
        step=4,
        restarted=_PROXIES,
    ),
    Change(
        "the exchange removed",
        lambda config: config.pop("fate:exchange"),
        {
            "exchange": "delete", "exchange-health": "delete", "exchange-routes": "delete",
            **ROUTES,
        },
        step=5,
        restarted=_PROXIES,
    ),
    Change(
        "a new serving cluster",
        _serving(),
        {
            **dict.fromkeys(_SERVING, "create"), "9999-python": "replace", "9999-health": "update",
        },
        step=5,
    ),
    Change(
        "`serving.adapter`",
        _serving(adapter="TestFilePick"),
        {"9999-serving-server": "replace", "9999-serving-health": "update"},
        step=6,
    ),
    Change(
        "the serving cluster removed",
        lambda config: config["fate:parties"][0].pop("serving"),
        {
            **dict.fromkeys(_SERVING, "delete"), "9999-python": "replace", "9999-health": "update",
        },
        step=7,
    ),
]  # fmt: skip


def _party(id: int, *ports: str) -> dict[str, Any]:
    publish = {name: 10 * (id - 9000) + number for number, name in enumerate(ports)}
    return {"id": id, "host": "lab", "training": {"publish": publish}}


def _party1(id: int) -> dict[str, Any]:
    return _party(id, "proxy", "fateboard", "fateflow-grpc", "fateflow-http")


def _party2(id: int) -> dict[str, Any]:
    return _party(
        id, "nginx-http", "nginx-grpc", "fateflow-http", "fateflow-grpc", "rabbitmq",
        "rabbitmq-management", "fateboard", "notebook",
    )  # fmt: skip


def _party1_11(id: int) -> dict[str, Any]:
    return _party(id, "rollsite", "fateboard", "fateflow-grpc", "fateflow-http", "notebook")


def _stack(release: str, *parties: Config) -> Config:
    return {
        "fate:release": release,
        "fate:masterSecret": "correct-horse-battery-staple",
        "fate:hosts": {
            "lab": {"docker": "unix:///var/run/docker.sock", "address": "10.0.0.1"},
            "other": {"docker": "ssh://root@other.example.org", "address": "10.0.0.2"},
        },
        "fate:parties": list(parties),
    }


def _of(party: int, operation: str, *parts: str) -> dict[str, str]:
    return {f"{party}-{part}": operation for part in parts}


def _of_both(operation: str, *parts: str) -> dict[str, str]:
    return _of(9999, operation, *parts) | _of(10000, operation, *parts)


_DATA = ("mysql", "redis", "egg", "python", "python-jobs", "python-logs")
_CONTAINERS = (*_DATA, "meta-service", "roll", "federation", "proxy", "fateboard")
_COMMANDS = ("health", "nodes", "proxy-routes")


def whole(party: int, operation: str) -> dict[str, str]:
    """An operation on everything that belongs to a party."""
    names = ("training", *_CONTAINERS, *_COMMANDS)
    return {str(party): operation, **_of(party, operation, *names)}


START = _stack("1.3.0", _party1(9999), _party1(10000))
"""Parties 9999 and 10000 of FATE 1.3.0 on Docker host lab."""

START_2 = _stack("2.0.0", _party2(9999), _party2(10000))
"""Parties 9999 and 10000 of FATE 2.0.0 on Docker host lab."""

START_1_11 = _stack("1.11.2", _party1_11(9999), _party1_11(10000))
"""Parties 9999 and 10000 of FATE 1.11.2 on Docker host lab."""

MASTER_SECRET = Change(
    "`fate:masterSecret`",
    lambda config: config.update({"fate:masterSecret": "another-secret-altogether"}),
    {
        **_of_both("replace", "mysql", "redis", "meta-service", "python", "fateboard"),
        **_of_both("update", "nodes", "health"),
    },
)

ONE_PASSWORD = Change(
    "`training.redis.password`",
    _training(redis={"password": "a-password-of-mine"}),
    {**_of(9999, "replace", "redis", "python"), "9999-health": "update"},
)

NEW_PARTY = Change(
    "a new party 10001",
    lambda config: config["fate:parties"].append(_party1(10001)),
    {**whole(10001, "create"), **ROUTES},
)

# Each by itself, from START.
REGISTERED = [
    MASTER_SECRET,
    ONE_PASSWORD,
    NEW_PARTY,
    Change(
        "party 10000 removed",
        lambda config: config["fate:parties"].pop(),
        {**whole(10000, "delete"), "9999-proxy-routes": "update"},
        restarted=frozenset({"9999-proxy"}),
    ),
    Change(
        "the `id` of party 10000 is 10002 now",
        lambda config: config["fate:parties"][1].update(id=10002),
        {
            **whole(10000, "delete"), **whole(10002, "create"), "9999-proxy-routes": "update",
        },
        restarted=frozenset({"9999-proxy"}),
    ),
    Change(
        "the `host` of party 10000",
        lambda config: config["fate:parties"][1].update(host="other"),
        {
            "10000": "replace",
            **_of(10000, "replace", *_CONTAINERS), **_of(10000, "update", *_COMMANDS),
            "9999-proxy-routes": "update",
            "other-mysql:8": "create", "other-redis:5": "create",
            **{
                f"other-federatedai/{name}:1.3.0-release": "create"
                for name in (
                    "egg", "fateboard", "federation", "meta-service", "proxy", "python", "roll",
                )
            },
        },
        restarted=frozenset({"9999-proxy"}),
    ),
    Change(
        "`fate:tls.enabled`",
        lambda config: config.update({"fate:tls": {"enabled": True}}),
        {
            name: operation
            for party in (9999, 10000)
            for name, operation in {
                **_of(party, "create", "edge", "edge-tls", "edge-certificate"),
                **_of(party, "replace", "proxy"), **_of(party, "update", "proxy-routes", "health"),
                "lab-nginx:1.28": "create",
            }.items()
        },
    ),
]  # fmt: skip

_OLD_IMAGES = [
    f"lab-federatedai/{name}" for name in ("fateflow:2.0.0-release", "fateboard:2.0.0-release")
]
_NEW_IMAGES = [
    f"lab-federatedai/{name}" for name in ("fateflow:2.2.0-release", "fateboard:2.1.1-release")
]

# From START_2, as the next one.
UPGRADE = Change(
    "FATE 2: `fate:release` from 2.0.0 to 2.2.0",
    lambda config: config.update({"fate:release": "2.2.0"}),
    {
        **_of_both("replace", "fateflow", "fateboard"),
        **_of_both("update", "fateflow-routes", "health"),
        **dict.fromkeys(_OLD_IMAGES, "delete"),
        **dict.fromkeys(_NEW_IMAGES, "create"),
    },
)


def _to_osx(config: Config) -> None:
    config["fate:engines"] = {"federation": "osx"}
    for party in config["fate:parties"]:
        ports = party["training"]["publish"]
        ports["osx"] = ports.pop("nginx-http")
        for name in ("nginx-grpc", "rabbitmq", "rabbitmq-management"):
            del ports[name]


SWITCH = Change(
    "FATE 2: `fate:engines.federation` from `rabbitmq` to `osx`",
    _to_osx,
    {
        **_of_both("replace", "fateflow"),
        **_of_both("create", "osx", "osx-routes"),
        **_of_both("update", "health"),
        **_of_both("delete", "rabbitmq", "nginx", "nginx-routes", "fateflow-routes"),
        **dict.fromkeys(("lab-shared-osx", "other-shared-osx"), "create"),
        "lab-federatedai/osx:2.0.0-release": "create",
        **dict.fromkeys(("lab-shared", "other-shared"), "delete"),
        "lab-federatedai/nginx:2.0.0-release": "delete",
        "lab-federatedai/rabbitmq:3.8.3-management": "delete",
    },
)


_SITES = {"9999-rollsite-routes": "update", "10000-rollsite-routes": "update"}

# Each by itself, from START_1_11.
FATE_1_11 = [
    Change(
        "FATE 1.11: `nodemanagers` from 1 to 2",
        _training(nodemanagers=2),
        {"9999-nodemanager-2": "create", "9999-fateflow": "replace", "9999-health": "update"},
    ),
    Change(
        "FATE 1.11: `cores`",
        _training(cores=16),
        {"9999-fateflow": "replace", "9999-health": "update"},
    ),
    Change(
        "FATE 1.11: a new peer",
        _peers("10.0.0.9"),
        {**_SITES, **_of_both("update", "client-parties")},
    ),
    Change(
        "FATE 1.11: a new exchange",
        lambda config: config.update({"fate:exchange": {"host": "lab", "port": 9372}}),
        {**_SITES, **dict.fromkeys(("exchange", "exchange-routes", "exchange-health"), "create")},
    ),
]  # fmt: skip


def table(changes: Iterable[Change]) -> str:
    """Changes in a table as the documentation shows it."""
    head = [
        "| change | replaced | restarted | created | updated in place | removed |",
        f"|{' --- |' * 6}",
    ]
    return "\n".join([*head, *(change.row() for change in changes)])
