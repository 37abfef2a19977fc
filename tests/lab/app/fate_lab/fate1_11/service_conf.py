"""service_conf.yaml of FATE Flow 1.11: which keys it must have, and of what kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import strictconf, yaml_file
from ..strictconf import PROJECT, Check, ConfError

PATH = f"{PROJECT}/conf/service_conf.yaml"
_UNUSABLE = ("127.0.0.1", "0.0.0.0", "localhost")


def _is(wanted: object) -> Check:
    return lambda value: None if value is wanted else f"must be {wanted}"


def _number(value: Any) -> str | None:
    return None if type(value) is int and value > 0 else f"not a number above 0: {value!r}"


def _own(value: Any) -> str | None:
    if value in _UNUSABLE:
        return f"is {value}, where others do not reach it"
    return strictconf.host(value)


def _addresses(value: Any) -> str | None:
    if not isinstance(value, list):
        return "not a list"
    return next(filter(None, map(strictconf.host_and_port, value)), None)


def _party(value: Any) -> str | None:
    # A text would do for FATE Flow, which compares texts.
    return strictconf.party_id(value) if value else "is missing"


_ADDRESS: Mapping[str, Check] = {"host": strictconf.host, "port": strictconf.json_port}
_CHECKS: Mapping[str, Check] = {
    "party_id": _party,
    "use_registry": strictconf.anything,
    "fateflow.host": _own,
    "fateflow.http_port": strictconf.json_port,
    "fateflow.grpc_port": strictconf.json_port,
    "fateflow.proxy": strictconf.exactly("rollsite"),
    "fateflow.protocol": strictconf.exactly("default"),
    "database.name": strictconf.filled,
    "database.user": strictconf.filled,
    "database.passwd": strictconf.filled,
    "database.host": strictconf.host,
    "database.port": strictconf.json_port,
    "database.max_connections": _number,
    "database.stale_timeout": _number,
    "default_engines.computing": strictconf.exactly("eggroll"),
    "default_engines.federation": strictconf.exactly("eggroll"),
    "default_engines.storage": strictconf.exactly("eggroll"),
    "fate_on_eggroll.clustermanager.cores_per_node": _number,
    "fate_on_eggroll.clustermanager.nodes": _number,
    "fate_on_eggroll.rollsite.host": strictconf.host,
    "fate_on_eggroll.rollsite.port": strictconf.json_port,
    "fateboard.host": strictconf.host,
    "fateboard.port": strictconf.json_port,
}
_OPTIONAL: Mapping[str, Check] = {
    "servings.hosts": _addresses,
    "zookeeper.hosts": _addresses,
    "encrypt_password": _is(False),
}
_DEFAULTS = {"fateflow.protocol": "default", "use_registry": False}


def read(path: str = PATH) -> dict[str, Any]:
    """The checked file."""
    return check(path, yaml_file.read(path))


def check(path: str, found: dict[str, Any]) -> dict[str, Any]:
    """The same of what a file has."""
    for key, wrong_if in {**_CHECKS, **_OPTIONAL}.items():
        value = get(found, key, _DEFAULTS.get(key))
        if value is None and key not in _CHECKS:
            continue
        if value is None or value == {}:
            raise ConfError(path, key, "is missing")
        if wrong := wrong_if(value):
            raise ConfError(path, key, wrong)
    return found


def get(found: Mapping[str, Any], key: str, default: Any = None) -> Any:
    """A value by the names on the way to it."""
    inside: Any = found
    for name in key.split("."):
        if not isinstance(inside, dict) or name not in inside:
            return default
        inside = inside[name]
    return inside
