"""The keys of Docker hosts."""

import re
from collections.abc import Mapping
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    Field,
    PrivateAttr,
)

from ..docker.ports import ANYWHERE
from . import addresses
from .errors import shown
from .keys import Keys, Text
from .tls import DockerTls
from .values import Address, Count, folder


def _bind(value: str) -> str:
    address = addresses.ipv4(value)
    if not address:
        raise ValueError(f"{shown(value)} is not an IPv4 address")
    if address.is_loopback:
        raise ValueError(f"{value} is not reachable from other machines; use publish for one port")
    return value


def _size(value: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]{0,5}[kmgKMG]", value):
        raise ValueError(f"{shown(value)} is not a size like 500k, 10m or 1g")
    # One spelling, because Docker keeps the text, and another one would replace the container.
    return value.lower()


class Logs(Keys):
    """How much of a container's log Docker keeps."""

    max_size: Annotated[str, AfterValidator(_size)] = Field(
        "10m",
        description="the size at which Docker rotates a container's log, like `500k`, `10m` or "
        "`1g`",
        json_schema_extra={"pattern": "^[1-9][0-9]{0,5}[kmgKMG]$"},
    )
    max_file: Annotated[Count, Field(le=1000)] = Field(
        3, description="how many log files Docker keeps per container"
    )


class DockerHost(Keys):
    """A machine with a Docker daemon that runs containers."""

    docker: Annotated[str, AfterValidator(addresses.docker_url)] = Field(
        description="how to reach the daemon: `unix:///var/run/docker.sock`, "
        "`ssh://user@machine:22`, or `tcp://machine:2376` with `tls`. SSH uses your agent, "
        "`~/.ssh/config` and known hosts; a password in the URL is not accepted",
        json_schema_extra={"pattern": "^(unix:///|ssh://|tcp://)."},
    )
    tls: DockerTls | None = Field(
        None,
        description="for tcp://: how to verify the daemon, and its client certificate, each in PEM "
        "format: {authority, certificate, key}. Required with `tcp://`",
    )
    address: Address | None = Field(
        None,
        description="the host name or IPv4 address at which other machines reach its published "
        "ports; the one in the URL of a `tcp://` host, or that OpenSSH connects to for an `ssh://` "
        "host, if not given. For an `ssh://` host that is `HostName` in OpenSSH's configuration "
        "(`ssh -G`), else the host in the URL. Required for a `unix://` host that other hosts must "
        "reach",
    )
    bind: Annotated[str, Text, AfterValidator(_bind)] = Field(
        ANYWHERE,
        description="the host's IPv4 address that the ports for other parties and for the exchange "
        "are bound to, unless `publish` sets another; all addresses, `0.0.0.0`, if not given. A "
        "change replaces their containers",
    )
    subnet: Annotated[str, AfterValidator(addresses.subnet)] | None = Field(
        None,
        description="a private IPv4 /16 like 10.200.0.0/16 that is free on this host; one of "
        "10.192.0.0/16 to 10.239.0.0/16, depending on the stack's name, if not given. The stack's "
        "Docker networks get their addresses from it",
    )
    data: Annotated[str, AfterValidator(folder)] | None = Field(
        None,
        description="the folder on the host that data is kept in, like /srv/fate; Docker's "
        "own folder if not given. See [Data in a folder](#data-in-a-folder)",
    )
    logs: Logs = Field(
        Logs(), description="how much of each container's log Docker keeps: {maxSize, maxFile}"
    )

    _host_name: str | None = PrivateAttr(None)

    def with_host_name(self, host_name: str) -> Self:
        """The same Docker host, whose ssh:// URL leads to this host name or address.

        OpenSSH's configuration may give a machine a name that nobody else knows.
        """
        host = self.model_copy()
        host._host_name = host_name
        return host

    @property
    def reachable_at(self) -> str | None:
        """The address that other machines use, if one is known."""
        return self.address or self._host_name or urlsplit(self.docker).hostname


def certificates(hosts: Mapping[str, DockerHost]) -> dict[str, DockerTls]:
    """What daemons are verified with, by their URLs, for those that have certificates."""
    return {host.docker: host.tls for host in hosts.values() if host.tls}
