"""The route table of rollsite (Router of Eggroll 2.5.1): lenient when read, strict when used."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

_JAVA = {str: "java.lang.String", int: "java.lang.Integer", bool: "java.lang.Boolean"}
_JAVA |= {dict: "org.json.JSONObject", list: "org.json.JSONArray", float: "java.lang.Double"}


class RouteError(Exception):
    """A packet cannot be routed, or a table cannot be read; the text is what rollsite says."""


@dataclass(frozen=True)
class Route:
    host: str
    port: int
    secure: bool = False


class Routes:
    """A route table.

    Args:
        path: the file.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.table: Any = None
        self.allowed = True

    def read(self) -> None:
        """Reads it, and keeps what it has if that fails.

        Raises:
            RouteError: there is no such file, or it is not a table.
        """
        try:
            with open(self.path, encoding="utf-8") as file:
                found = json.load(file)
        except OSError as error:
            text = f"{self.path} ({error.strerror})"
            raise RouteError(f"java.io.FileNotFoundException: {text}") from None
        except ValueError as error:
            raise RouteError(f"org.json.JSONException: {self.path}: {error}") from None
        self.table = _get(found, "route_table", dict)
        permission = found.get("permission")
        allowed = permission.get("default_allow") if isinstance(permission, dict) else None
        self.allowed = allowed if isinstance(allowed, bool) else True

    def query(self, party: str, role: str = "default") -> Route:
        """The way to a role of a party. Only the first of several endpoints counts.

        Raises:
            RouteError: there is none, or it is no endpoint.
        """
        table = "The routing table not have current"
        if party not in self.table:
            if "default" not in self.table:
                raise RouteError(f"{table} party={party} and default party")
            if not self.allowed:
                raise RouteError(f"{table} party={party} and disable default party")
            party = "default"
        roles = _get(self.table, party, dict)
        if role not in roles:
            if "default" not in roles:
                raise RouteError(f"{table} role={role}")
            if not self.allowed:
                raise RouteError(f"{table} role={role} and disable default role")
            role = "default"
        endpoints = _get(roles, role, list)
        if not endpoints:
            raise RouteError("org.json.JSONException: JSONArray[0] not found.")
        first = _cast(endpoints[0], dict)
        if "is_polling" in first and _cast(first["is_polling"], bool):
            raise RouteError("is_polling: the lab has no polling")
        secure = bool("is_secure" in first and _cast(first["is_secure"], bool))
        return Route(_get(first, "ip", str), _get(first, "port", int), secure)


def _get(found: Any, key: str, kind: type) -> Any:
    if not isinstance(found, dict) or key not in found:
        raise RouteError(f'org.json.JSONException: JSONObject["{key}"] not found.')
    return _cast(found[key], kind)


def _cast(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        found = _JAVA.get(type(value), "org.json.JSONObject$Null")
        raise RouteError(f"class {found} cannot be cast to class {_JAVA[kind]}")
    return value
