"""The keys that every stack file has, in any release line.

Each key is documented once, where its value is checked: here, or in its release line's settings.py.
docs/configuration.md, the schema for editors and the errors take its description from there.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
)

from ..releases.facts import Release
from . import addresses
from .errors import Mistake, shown
from .exchange import Exchange
from .hosts import DockerHost
from .images import RegistryLogin, registry_prefix
from .keys import Keys, Secret, Text
from .parties import Party, Peer
from .services import Services
from .tls import Tls

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_MIN_SECRET = 16


def _secret(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < _MIN_SECRET:
        raise ValueError(f"has fewer than {_MIN_SECRET} characters")
    return value


def _path(value: str) -> str:
    if not value.strip() or not value.isprintable() or value.startswith(("[", "{")):
        raise ValueError(f"{shown(value)} is not the path of a file")
    return value


class Settings(Keys):
    """All settings of a stack file; each release line has a subclass with its own keys."""

    release: Annotated[str, Text] = Field(
        description="the FATE release to deploy: `2.2.0`, `2.0.0`, `1.11.2`, `1.11.1`, `1.10.0`, "
        "`1.9.2`, `1.9.0` or `1.3.0`. It decides which other keys exist"
    )
    hosts: dict[str, DockerHost] = Field(
        description="the Docker hosts by name, each {docker, tls, address, bind, subnet, data, "
        "logs}",
        min_length=1,
    )
    parties: tuple[Party, ...] = Field(
        description="the parties this stack runs, each {id, host, training}", min_length=1
    )
    peers: tuple[Peer, ...] = Field((), description="the parties that others run")
    exchange: Exchange | None = Field(
        None,
        description="the exchange that all traffic between parties goes through: {host, port, tls} "
        "or {address, port, tls}; parties call each other directly if not given. FATE 2 has one "
        "only with the federation engine OSX",
    )
    images: Literal["registry", "packages", "archive"] = Field(
        "registry", description="where images come from"
    )
    archive: Annotated[str, Text, AfterValidator(_path)] | None = Field(
        None,
        description="with fate:images archive: the file with the images, as `fatectl images save` "
        "writes it. Required with `archive`; see "
        "[Images from an archive](#images-from-an-archive)",
    )
    registry: Annotated[str, AfterValidator(registry_prefix)] = Field(
        "",
        description="the registry that all images come from, including mysql and redis, like "
        "registry.example.org:5000; the official registries if not given. With `images: packages` "
        "only for the base image",
    )
    registries: tuple[RegistryLogin, ...] = Field(
        (),
        description="how to log in to registries, each {address, user, password}. See "
        "[Registries with a login](#registries-with-a-login)",
    )
    services: Services = Field(
        default_factory=dict,
        description="the services that differ from the release in the whole stack, by name, each "
        "{image, cpus, memory}. See "
        "[Images and limits of services](#images-and-limits-of-services)",
    )
    tls: Tls = Field(
        Tls(), description="whether connections between parties are encrypted: {enabled}"
    )
    master_secret: Annotated[Secret, Text, AfterValidator(_secret)] = Field(
        description="the secret that every password is derived from; create one with "
        "`pulumi config set --secret fate:masterSecret $(openssl rand -hex 32)`. It must be "
        "encrypted"
    )
    keep_data: bool = Field(
        True,
        description="whether `pulumi destroy` leaves the volumes with data on the hosts: true, "
        "false. Files [in a folder](#data-in-a-folder) stay in any case",
    )
    verify: bool = Field(
        False,
        description="whether every up that created or replaced a container ends with a toy job "
        "between the parties: true, false. If the job fails, the `up` fails",
    )

    def chosen_engines(self, party: Party) -> dict[str, str]:
        """The engines of a party that other parties should know of, by kind; none if its release
        has no choice.

        Args:
            party: one of the parties.
        """
        return {}

    @property
    def warnings(self) -> list[str]:
        """What may keep parties from working together, although they can be deployed."""
        return []

    def peer_keys(self, gateways: Mapping[str, tuple[str, int]]) -> dict[str, Any]:
        """What fate:peers has for a party that others run, but for its id and its certificate.

        Args:
            gateways: the address and the port of each of its gateways, by the name of the port.

        Raises:
            ValueError: the release line cannot call a party with such gateways.
        """
        raise NotImplementedError

    def chosen(self, release: Release) -> Release:
        """The facts of the release to deploy, with the images that these settings choose."""
        return release

    def can_call(self, host: str) -> bool:
        """Whether the release line's services can call a host by this name or address."""
        return addresses.is_address(host)

    def mistakes(self, release: Release) -> Iterator[Mistake]:
        """Mistakes that no single key of the release line reveals."""
        return iter(())
