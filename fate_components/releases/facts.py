"""The catalogue of FATE releases: each release's images and what they are like inside."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ..docker.software import Fact, Image, PortNumber, Probe, Software

Protocol = Literal["grpc", "http", "tcp"]
"""What a gateway speaks with other parties: gRPC or HTTP, or anything else on TCP."""

Interrupts = Literal["jobs", "inference", "pages"]
"""What fails while a service is stopped: running jobs, requests for inference, or only pages in a
browser, like those of notebooks."""


class ServiceFacts(Software):
    """One service of a release; config/releases/*.yaml explain each field."""

    address: Annotated[int, Field(ge=2, le=254)]
    publish: bool | tuple[str, ...] = False
    gateway: dict[str, Protocol] = Field(default_factory=dict)
    edge: bool = False
    interrupts: Interrupts = "jobs"
    no_login: bool = False
    uses_memory: Annotated[int, Field(ge=0)] = 0
    cpu_flags: tuple[str, ...] = ()
    folder: str = ""
    computing: tuple[str, ...] = ()
    federation: tuple[str, ...] = ()
    with_computing: dict[str, Image] = Field(default_factory=dict)
    storage: tuple[str, ...] = ()
    with_storage: dict[str, Image] = Field(default_factory=dict)
    indexes: str = ""
    registers: bool = False

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        for key, names in (("publish", self.publish), ("gateway", self.gateway)):
            for name in () if isinstance(names, bool) else names:
                if name not in self.ports:
                    raise ValueError(f"{key}: {name} is not one of the ports")
        if not self.ports and not self.edge:
            raise ValueError("ports: is missing")
        return self

    @property
    def published_ports(self) -> dict[str, int]:
        """The ports that it publishes on its Docker host, by name."""
        names = self.ports if self.publish is True else self.publish or ()
        return {name: self.ports[name] for name in names}


class ExchangeFacts(Fact):
    """The service that an exchange runs, and the port it is published on by default."""

    service: str
    publish: PortNumber


class SupportedEngines(Fact):
    """The engines a release can be deployed with.

    Args:
        computing: the storage engines that each computing engine works with, the usual one first.
        federation: the computing engines that each federation engine works with, the usual
            federation engine first.
    """

    computing: dict[str, tuple[str, ...]]
    federation: dict[str, tuple[str, ...]]


class Release(Fact):
    """One FATE release.

    Args:
        name: its version, like 1.3.0.
        line: the release line that deploys it: a package of fate_components.lines, or the full name
            of a module elsewhere.
        services: the services of a training cluster, by their names in FATE's documentation.
        serving: the services of a serving cluster, if the release has any.
        exchange: how to run an exchange, if the release has one.
        engines: the engines to choose from, if there is a choice.
        outputs: the stack's outputs for each party: texts with the names of published ports.
        federation_slot: the federation engine whose services it has, and its place among all of
            them, if that is not the usual one.
    """

    name: str
    line: Annotated[str, Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")]
    services: dict[str, ServiceFacts]
    serving: dict[str, ServiceFacts] = Field(default_factory=dict)
    exchange: ExchangeFacts | None = None
    engines: SupportedEngines | None = None
    outputs: dict[str, Annotated[str, Field(pattern=r"^([^{}]|\{[a-z-]+\})*$")]]
    federation_slot: tuple[str, int] | None = None

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        if self.exchange and self.exchange.service not in self.services:
            raise ValueError(f"exchange.service: there is no service {self.exchange.service}")
        published = self.published | self.serving_cluster.published
        for name, text in self.outputs.items():
            for port in re.findall("{(.*?)}", text):
                if port not in published:
                    raise ValueError(f"outputs.{name}: no service publishes a port {port}")
        return self

    def publisher(self, port: str) -> str:
        """The service that publishes a port, which is given by name."""
        services = self.services.items()
        return next(name for name, service in services if port in service.published_ports)

    @property
    def published(self) -> dict[str, int]:
        """The ports a party publishes on its Docker host, by name, with FATE's usual numbers."""
        return {
            name: port
            for service in self.services.values()
            for name, port in service.published_ports.items()
        }

    @property
    def gateways(self) -> dict[str, ServiceFacts]:
        """The services that other parties call."""
        return {name: service for name, service in self.services.items() if service.gateway}

    @property
    def gateway_protocols(self) -> dict[str, Protocol]:
        """What the ports that other parties call speak, by name."""
        return {
            name: protocol
            for service in self.gateways.values()
            for name, protocol in service.gateway.items()
        }

    @property
    def gateway_ports(self) -> dict[str, int]:
        """The ports that other parties call, by name."""
        return {
            name: service.ports[name]
            for service in self.gateways.values()
            for name in service.gateway
        }

    @property
    def edge(self) -> str | None:
        """The service that encrypts connections to other parties, unless they are not encrypted."""
        return next((name for name, service in self.services.items() if service.edge), None)

    @property
    def in_plain_text(self) -> Self:
        """The release without the services that encrypt connections to other parties."""

        def others(services: dict[str, ServiceFacts]) -> dict[str, ServiceFacts]:
            return {name: service for name, service in services.items() if not service.edge}

        update = {"services": others(self.services), "serving": others(self.serving)}
        return self.model_copy(update=update)

    def without(self, service: str) -> Self:
        """The release without one of the services of a training cluster."""
        return self._with({name: facts for name, facts in self.services.items() if name != service})

    @property
    def serving_cluster(self) -> Self:
        """The release with the services of a serving cluster instead of a training cluster."""
        return self._with(self.serving)

    @property
    def from_packages(self) -> Self:
        """The release without the services that can't be built from packages."""
        return self._with(
            {name: service for name, service in self.services.items() if service.package}
        )

    def changed(self, changes: Mapping[str, Mapping[str, object]]) -> Self:
        """The release with other facts about some services, of any kind of cluster.

        Args:
            changes: the changed fields of each service; other names are ignored.
        """

        def with_changes(services: dict[str, ServiceFacts]) -> dict[str, ServiceFacts]:
            return {
                name: service.model_copy(update=dict(changes.get(name, {})))
                for name, service in services.items()
            }

        update = {
            "services": with_changes(self.services), "serving": with_changes(self.serving)
        }  # fmt: skip
        return self.model_copy(update=update)

    def listening(self, gateway: str, port: int) -> Self:
        """The release with another number for the only port of a gateway, in its container.

        An edge listens at that number, too.

        Args:
            gateway: the gateway's name.
            port: the number.
        """
        (name, usual), *_ = self.services[gateway].ports.items()

        def moved(probe: Probe) -> Probe:
            listens = tuple(port if listen == usual else listen for listen in probe.listens)
            return probe.model_copy(update={"listens": listens})

        probes = {
            name: {"probe": moved(service.probe)}
            for name, service in self.services.items()
            if service.edge or name == gateway
        }
        return self.changed(probes | {gateway: {**probes[gateway], "ports": {name: port}}})

    def with_services_for(self, engines: Iterable[str], storages: Iterable[str | None]) -> Self:
        """The release with the services that any of some engines needs.

        Args:
            engines: computing engines.
            storages: storage engines; None is the usual one.
        """
        chosen, stored = set(engines), set(storages)
        return self._with(
            {
                name: service
                for name, service in self.services.items()
                if not service.computing or chosen & {*service.computing}
                if not service.storage or stored & {*service.storage}
            }
        )

    def computing_with(self, engine: str, storage: str | None = None) -> Self:
        """The release with the services and the images that engines need.

        Args:
            engine: the computing engine.
            storage: the storage engine, if it is not the usual one.
        """
        return self._with(
            {
                name: service.model_copy(
                    update=dict(service.with_computing.get(engine, {}))
                    | dict(service.with_storage.get(storage or "", {}))
                )
                for name, service in self.services.items()
                if not service.computing or engine in service.computing
                if not service.storage or storage in service.storage
            }
        )

    def federated_by(self, engine: str) -> Self:
        """The release with the services that a federation engine needs. An edge listens at the
        ports of the gateways among them.
        """
        release = self._with(
            {
                name: service
                for name, service in self.services.items()
                if not service.federation or engine in service.federation
            }
        )
        ports = release.gateway_ports.values()
        edges = {
            name: {
                "probe": Probe(listens=[port for port in service.probe.listens if port in ports])
            }
            for name, service in release.services.items()
            if service.edge
        }
        known = list(self.engines.federation) if self.engines else []
        place = known.index(engine) if engine in known else 0
        federation_slot = (engine, place) if place else None
        return release.changed(edges).model_copy(update={"federation_slot": federation_slot})

    def _with(self, services: dict[str, ServiceFacts]) -> Self:
        return self.model_copy(update={"services": services})
