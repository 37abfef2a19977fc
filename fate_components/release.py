"""The catalogue of FATE releases: what each release's images are and what they are like inside."""

from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

RELEASES = Path(__file__).parent.parent / "config" / "releases"


class _Fact(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HttpProbe(_Fact):
    """A request a working service answers in a known way.

    Args:
        port: the TCP port inside the container.
        path: the path of the URL.
        post: the JSON body to POST; a GET is sent without one.
        answers: a basic regular expression that the body of the answer matches.
    """

    port: int
    path: str
    post: str | None = None
    answers: str


class Probe(_Fact):
    """When a service works: it listens on all of these ports, or answers this request."""

    listens: tuple[int, ...] = ()
    http: HttpProbe | None = None


class Service(_Fact):
    """One service of a release; config/releases/*.yaml tell what each field means."""

    image: str
    address: int
    ports: dict[str, int]
    publish: bool = False
    environment: dict[str, str] = {}
    probe: Probe = Probe()

    @property
    def port(self) -> int:
        """The port of a service that has only one, or its first."""
        return next(iter(self.ports.values()))


class ExchangeFacts(_Fact):
    """The service an exchange is run from, and the port it is published on by default."""

    service: str
    publish: int


class Release(_Fact):
    """One FATE release.

    Args:
        name: its version, like 1.3.0.
        line: the release line, a package of fate_components that knows how to deploy it.
        services: its services by the names of FATE's documentation.
    """

    name: str
    line: Literal["fate1"]
    services: dict[str, Service]
    exchange: ExchangeFacts

    @model_validator(mode="after")
    def _exchange_is_a_service(self) -> Self:
        if self.exchange.service not in self.services:
            raise ValueError(f"exchange: no service {self.exchange.service}")
        return self

    @property
    def published(self) -> dict[str, int]:
        """The ports a party offers on its Docker host, by name, with FATE's usual numbers."""
        return {
            name: port
            for service in self.services.values()
            if service.publish
            for name, port in service.ports.items()
        }


def known() -> list[str]:
    """The releases that can be deployed, oldest first."""
    return sorted(
        (path.stem for path in RELEASES.glob("*.yaml")),
        key=lambda name: [int(part) for part in name.split(".")],
    )


def load(name: str) -> Release:
    """Read the facts of one of the known releases.

    Raises:
        KeyError: there is no such release.
    """
    if name not in known():
        raise KeyError(name)
    facts = yaml.safe_load((RELEASES / f"{name}.yaml").read_text())
    return Release(name=name, **facts)
