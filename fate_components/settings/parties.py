"""The keys of parties: those that the stack runs, and those that others run."""

from collections.abc import Mapping
from typing import Any

from pydantic import (
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from .clusters import Training
from .errors import Location, shown
from .keys import Keys
from .tls import Certificate, PeerTls
from .values import Address, PartyId


def _host_or_hosts(schema: dict[str, Any]) -> None:
    schema["required"].remove("host")
    schema["oneOf"] = [{"required": ["host"]}, {"required": ["hosts"]}]


class Party(Keys):
    """A party of the federation that this stack runs."""

    id: PartyId = Field(description="the party's id in the federation, a whole number like 9999")
    host: str = Field(description="the Docker host it runs on, a name under fate:hosts")
    hosts: tuple[str, ...] = Field(
        (), description="instead of `host`: the Docker hosts it runs on, names under fate:hosts"
    )
    training: Training | None = Field(
        Training(), description="its training cluster: {publish, mysql, …}"
    )
    tls: Certificate | None = Field(
        None,
        description="its certificate, with fate:tls: {certificate, key, authority}; issued by the "
        "stack if not given. See [tls.md](tls.md)",
    )

    model_config = ConfigDict(json_schema_extra=_host_or_hosts)

    @model_validator(mode="before")
    @classmethod
    def _first_host(cls, value: object) -> object:
        """The first of several Docker hosts is the one that the party runs on."""
        if not isinstance(value, Mapping) or value.get("hosts") is None:
            return value
        if "host" in value:
            raise ValueError("has both host and hosts: remove one of the two")
        hosts = value["hosts"]
        # Anything else is reported as what hosts is.
        first = hosts[0] if isinstance(hosts, list | tuple) and hosts else ""
        return {**value, "host": first if isinstance(first, str) else ""}

    @field_validator("hosts")
    @classmethod
    def _some_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("is empty")
        if twice := [name for name in value if value.count(name) > 1]:
            raise ValueError(f"names {shown(twice[0])} twice")
        return value

    @property
    def all_hosts(self) -> tuple[str, ...]:
        """The Docker hosts it may use, the one it runs on first."""
        return self.hosts or (self.host,)

    @property
    def host_key(self) -> Location:
        """The key that sets the Docker host it runs on."""
        return ("hosts", 0) if self.hosts else ("host",)


class Peer(Keys):
    """A party that somebody else runs: it gets routes and nothing else."""

    id: PartyId = Field(description="the party's id in the federation, a whole number like 10000")
    address: Address = Field(description="the host name or IPv4 address of its gateways")
    tls: PeerTls | None = Field(
        None, description="how to verify its certificate, with fate:tls: {authority, name}"
    )

    @property
    def addresses(self) -> dict[tuple[str, ...], str]:
        """Its addresses, by the path of the key that sets each."""
        return {("address",): self.address}

    def reached_at(self, port: str, usual: int) -> tuple[str, int]:
        """The address and the port number of one of its gateways.

        Args:
            port: the port's name.
            usual: FATE's usual number.
        """
        return self.address, usual
