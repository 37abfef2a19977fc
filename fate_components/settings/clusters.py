"""The keys that a cluster has in any release line."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import (
    AfterValidator,
    Field,
    PlainValidator,
)

from ..docker.ports import Published
from . import addresses
from .databases import Mysql, Server
from .keys import Keys
from .services import Services
from .values import PLAIN_DIGITS, folder

TRAINING, SERVING = "training", "serving"

_Publication = (
    Annotated[int, Field(ge=1, le=65535)]
    | Annotated[str, Field(pattern=r"^([0-9]{1,3}(\.[0-9]{1,3}){3}:)?[1-9][0-9]{0,4}$")]
)


def _port(digits: str) -> int:
    if not PLAIN_DIGITS.fullmatch(digits) or not 1 <= int(digits) <= 65535:
        raise ValueError(f"{digits} is not a port; ports range from 1 to 65535, in plain digits")
    return int(digits)


def _published(value: object) -> Published:
    bound = isinstance(value, str | int) and re.fullmatch(
        r"(?:([0-9.]+):)?([0-9]{1,5})", str(value)
    )
    if isinstance(value, bool) or not bound:
        raise ValueError("is neither PORT nor ADDRESS:PORT")
    ip = bound[1] or ""
    if ip and not addresses.ipv4(ip):
        raise ValueError(f"{ip} is not an IPv4 address")
    return Published(_port(bound[2]), ip)


class ClusterKeys(Keys):
    """One of a party's clusters."""

    services: Services = Field(
        default_factory=dict,
        description="its services that differ from the release, by name, each "
        "{image, cpus, memory}; what it does not set is as in fate:services. See "
        "[Images and limits of services](#images-and-limits-of-services)",
    )

    publish: dict[
        str, Annotated[Published, PlainValidator(_published, json_schema_input_type=_Publication)]
    ] = Field(
        default_factory=dict,
        description="the ports on the Docker host, each PORT or ADDRESS:PORT (the address to bind "
        "to), by the name of the service's port; FATE's usual ports if not given. See "
        "[Published ports](#published-ports)",
    )

    @property
    def servers(self) -> dict[str, Server]:
        """Its database servers, by the name of the service that they are or stand for."""
        return {}

    @property
    def external(self) -> dict[str, Server]:
        """Those of its database servers that somebody else runs."""
        return {name: server for name, server in self.servers.items() if server.address}

    def placed(self, home: str) -> dict[str, "Placement"]:
        """Those of its services that run on another Docker host than all else, by name.

        Args:
            home: the name of the Docker host that the cluster runs on.
        """
        return {}

    def containers(self, service: str, home: str = "") -> list[str]:
        """The names of a service's containers in the party's networks.

        Args:
            service: the service's name.
            home: the name of the Docker host that the cluster runs on.
        """
        return [service]


@dataclass(frozen=True)
class Placement:
    """Where a service runs.

    Args:
        host: the name of the Docker host.
        port: its port there, or None for the service's usual one.
    """

    host: str
    port: int | None = None


def _placement(value: object) -> Placement:
    match = isinstance(value, str) and re.fullmatch(r"([^:]+)(?::([0-9]{1,5}))?", value)
    if not match:
        raise ValueError("is neither HOST nor HOST:PORT")
    return Placement(match[1], _port(match[2]) if match[2] else None)


_Placement = Annotated[str, Field(pattern="^[^:]+(:[1-9][0-9]{0,4})?$")]


@dataclass(frozen=True)
class Movable:
    """A service that can run on another Docker host than its party's first.

    Args:
        volume: the last part of the name of the volume with its data; "" if it has none.
        calls: the published ports that it calls on the first host, by their names. A service that
            calls none is called from there itself.
    """

    volume: str = ""
    calls: tuple[str, ...] = ()


class Training(ClusterKeys):
    """A party's training cluster; each release line adds keys of its own."""

    movable: ClassVar[Mapping[str, Movable]] = {"mysql": Movable("mysql")}
    """The services that can run on another Docker host, by name."""
    immovable: ClassVar[Mapping[str, str]] = {}
    """Why others cannot, by name, if there is more to say than that they are called by name."""

    place: dict[
        str, Annotated[Placement, PlainValidator(_placement, json_schema_input_type=_Placement)]
    ] = Field(
        default_factory=dict,
        description="the services that run on another of the party's `hosts`, each HOST or, for "
        "databases, HOST:PORT (the port there; the usual one if not given), like {mysql: b2}. See "
        "[Services on another Docker host](#services-on-another-docker-host)",
    )

    mysql: Mysql = Field(
        Mysql(),
        description="its MySQL: {password, rootPassword}, or an external one: {address, port, "
        "user, password, database}. See [External databases](#external-databases)",
    )
    uploads: Annotated[str, AfterValidator(folder)] | None = Field(
        None,
        description="a folder on the Docker host with files to upload, like /srv/uploads, which "
        "FATE Flow can read at /data/projects/fate/uploads. See [Files to upload]"
        "(#files-to-upload)",
    )

    @property
    def servers(self) -> dict[str, Server]:
        """Its database servers, by the name of the service that they are or stand for."""
        return {"mysql": self.mysql}

    def placed(self, home: str) -> dict[str, Placement]:
        """Those of its services that run on another Docker host than all else, by name."""
        return {name: to for name, to in self.place.items() if to.host != home}
