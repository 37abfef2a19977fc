"""Reads a service's files strictly: an unknown, missing or invalid key stops the service.

The real services are lenient: for a misspelt key they use a default that is wrong for containers.
The lab is strict, so that a test sees a deployer's mistake in the container that received it.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
from collections.abc import Callable, Mapping
from typing import Any

PROJECT = "/data/projects/fate"

Check = Callable[[Any], "str | None"]  # the problem with a value, or None


class ConfError(Exception):
    """A file is not valid for the service; the text is "FILE: KEY: problem"."""

    def __init__(self, file: str, key: str, wrong: str) -> None:
        super().__init__(f"{file}: {key}: {wrong}" if key else f"{file}: {wrong}")


# Checks of one value


def party_id(value: Any) -> str | None:
    return None if re.fullmatch(r"[0-9]+", str(value)) else f"not a party id: {value!r}"


def port(value: Any) -> str | None:
    ok = re.fullmatch(r"[0-9]{1,5}", str(value)) and 0 < int(value) < 65536
    return None if ok else f"not a port: {value!r}"


def json_port(value: Any) -> str | None:
    return port(value) if type(value) is int else f"not a number: {value!r}"


def host(value: Any) -> str | None:
    ok = isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?", value)
    return None if ok else f"not a host: {value!r}"


def ip_address(value: Any) -> str | None:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return f"not an IP address: {value!r}"
    return None


def filled(value: Any) -> str | None:
    return None if value else "is empty"


def anything(value: Any) -> str | None:
    return None


def absolute_path(value: Any) -> str | None:
    return None if os.path.isabs(value) else f"not an absolute path: {value!r}"


def file_there(value: Any) -> str | None:
    return None if os.path.isfile(value) else f"no such file: {value!r}"


def file_or_empty(value: Any) -> str | None:
    return file_there(value) if value else None


def exactly(wanted: str) -> Check:
    return lambda value: None if value == wanted else f"must be {wanted!r}, is {value!r}"


def true_or_false(value: Any) -> str | None:
    return None if value in ("true", "false") else f"neither true nor false: {value!r}"


def one_of(*wanted: str) -> Check:
    return lambda value: None if value in wanted else f"must be {' or '.join(wanted)}: {value!r}"


def host_and_port(value: Any) -> str | None:
    name, _, number = str(value).rpartition(":")
    return f"not HOST:PORT: {value!r}" if host(name) or port(number) else None


def count(value: Any) -> str | None:
    ok = re.fullmatch(r"[0-9]+", value) and int(value) >= 1
    return None if ok else f"not a number >= 1: {value!r}"


def url(value: Any) -> str | None:
    ok = re.fullmatch(r"https?://[A-Za-z0-9_.-]+:[0-9]{1,5}/?", value)
    return None if ok else f"not http://HOST:PORT: {value!r}"


def transfer_url(value: Any) -> str | None:
    """The address of FATE Flow's page that hands out models."""
    base = value.removesuffix("/v1/model/transfer")
    ok = base != value and not base.endswith("/") and url(base) is None
    return None if ok else f"not http://HOST:PORT/v1/model/transfer: {value!r}"


_JDBC = re.compile(r"jdbc:mysql://([A-Za-z0-9_.-]+):([0-9]{1,5})/([A-Za-z0-9_]+)\?(.*)")
_JDBC_OPTIONS = {  # the Connector/J options that deployers of FATE use
    "useSSL", "serverTimezone", "characterEncoding", "allowPublicKeyRetrieval", "autoReconnect",
    "characterSetResults", "failOverReadOnly", "useUnicode", "sslMode", "connectTimeout",
    "socketTimeout", "zeroDateTimeBehavior", "allowMultiQueries", "rewriteBatchedStatements",
}  # fmt: skip


def jdbc_url(value: Any) -> str | None:
    match = _JDBC.fullmatch(value)
    if not match or port(match[2]):
        return f"not jdbc:mysql://HOST:PORT/DATABASE?OPTIONS: {value!r}"
    options: dict[str, str] = {}
    for item in match[4].split("&"):
        name, equals, text = item.partition("=")
        if not (equals and text) or name not in _JDBC_OPTIONS or name in options:
            return f"unknown, empty or repeated option {item!r} in {value!r}"
        options[name] = text
    if options.get("useSSL") == "false" and options.get("allowPublicKeyRetrieval") != "true":
        return "MySQL 8 with useSSL=false requires allowPublicKeyRetrieval=true"
    return None


def jdbc_parts(value: str) -> tuple[str, int, str]:
    """Host, port and database of a checked JDBC URL."""
    match = _JDBC.fullmatch(value)
    assert match
    return match[1], int(match[2]), match[3]


# Whole files


def read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfError(path, "", f"cannot be read: {error}") from None


def properties(
    path: str, required: Mapping[str, Check], optional: Mapping[str, Check]
) -> dict[str, str]:
    """A Java .properties file with all of `required`, some of `optional`, and nothing else."""
    return properties_of(path, read(path), required, optional)


def properties_of(
    path: str, content: str, required: Mapping[str, Check], optional: Mapping[str, Check]
) -> dict[str, str]:
    """The same of a file's content; `path` is for errors."""
    found: dict[str, str] = {}
    for number, line in enumerate(content.splitlines(), start=1):
        text = line.lstrip()
        if not text or text[0] in "#!":
            continue
        key, equals, value = text.partition("=")
        if not equals:
            raise ConfError(path, f"line {number}", f"not key=value: {line!r}")
        if key.strip() in found:
            raise ConfError(path, key, "duplicate key")
        if value != value.rstrip():  # java.util.Properties keeps it, which breaks numbers and names
            raise ConfError(path, key, f"trailing white space in the value {value!r}")
        found[key.strip()] = value.lstrip()
    keys(path, "", found, required, optional)
    return found


def keys(
    path: str,
    where: str,
    found: Mapping[str, Any],
    required: Mapping[str, Check],
    optional: Mapping[str, Check],
) -> None:
    known = {**required, **optional}
    for key in found:  # before missing keys: a misspelt key is both unknown and missing
        if key not in known:
            raise ConfError(path, where + key, f"unknown key (known: {', '.join(known)})")
    for key in required:
        if key not in found:
            raise ConfError(path, where + key, "is missing")
    for key, value in found.items():
        if wrong := known[key](value):
            raise ConfError(path, where + key, wrong)


def json_object(path: str) -> dict[str, Any]:
    """A JSON file with an object at its top level; duplicate keys are errors."""

    def no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in pairs:
            if key in result:
                raise ConfError(path, key, "duplicate key")
            result[key] = value
        return result

    try:
        found = json.loads(read(path), object_pairs_hook=no_duplicates)
    except json.JSONDecodeError as error:
        raise ConfError(path, "", f"not JSON: {error}") from None
    if not isinstance(found, dict):
        raise ConfError(path, "", "not a JSON object")
    return found


_PLAIN: Mapping[str, Check] = {"host": host, "port": json_port}
_SERVERS: Mapping[str, Mapping[str, Check]] = {
    "proxy": _PLAIN,
    "fateboard": _PLAIN,
    "roll": _PLAIN,
    "federation": _PLAIN,
    "clustercomm": _PLAIN,
    "fatemanager": _PLAIN,
    "fateflow": {"host": host, "grpc.port": json_port, "http.port": json_port},
}


def server_conf(path: str, required: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """The "servers" of a server_conf.json: `required`, and optionally others that FATE knows."""
    top = json_object(path)
    keys(path, "", top, {"servers": filled}, {})
    servers = top["servers"]
    if not isinstance(servers, dict):
        raise ConfError(path, "servers", "not a JSON object")
    for name in required:
        if name not in servers:
            raise ConfError(path, f"servers.{name}", "is missing")
    for name, server in servers.items():
        if name == "servings":
            _servings(path, server)
        elif name not in _SERVERS:
            raise ConfError(path, f"servers.{name}", "unknown key")
        elif not isinstance(server, dict):
            raise ConfError(path, f"servers.{name}", "not a JSON object")
        else:
            keys(path, f"servers.{name}.", server, _SERVERS[name], {})
    # clustercomm is federation's old name
    if servers.get("clustercomm", servers.get("federation")) != servers.get("federation"):
        raise ConfError(path, "servers.clustercomm", "differs from servers.federation")
    return servers


def _servings(path: str, value: Any) -> None:
    if not isinstance(value, list):
        raise ConfError(path, "servers.servings", "not a list")
    for item in value:
        if wrong := host_and_port(item):
            raise ConfError(path, "servers.servings", wrong)
