"""The stack file keys that only FATE 2 has."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from .. import release as catalogue
from .. import settings
from ..settings.errors import shown
from ..settings.keys import Keys
from ..settings.models import Count, Password, Port


def _engine(value: object) -> object:
    # KubeFATE writes RabbitMQ and Spark_local, FATE's own files rabbitmq.
    return value.lower() if isinstance(value, str) else value


Engine = Annotated[str, BeforeValidator(_engine)]


class Engines(Keys):
    """FATE's computing, federation and storage engines."""

    computing: Engine = Field(
        "standalone",
        description="`standalone` or `spark_local`. Eggroll and Spark are not supported yet",
    )
    federation: Engine = Field(
        "rabbitmq", description="`rabbitmq`. Pulsar and OSX are not supported yet"
    )
    storage: Engine | None = Field(
        None,
        description="`standalone` with `computing: standalone`, `localfs` with `spark_local`; the "
        "one that fits if not given. Eggroll and HDFS are not supported yet",
    )


class Rabbitmq(Keys):
    """A party's RabbitMQ."""

    password: Password | None = Field(
        None,
        description="the password of its administrator `fate`; derived if not given. It must be "
        "encrypted",
    )


class Client(Keys):
    """A party's notebook."""

    token: Password | None = Field(
        None,
        description="the token to log in to the notebook with; derived if not given. It must be "
        "encrypted",
    )


class Training(settings.Training):
    """A party's training cluster."""

    cores: Annotated[Count, Field(le=1024)] = Field(
        8,
        description="how many cores the party's jobs may use at once. A job takes 4, or all of "
        "them if there are fewer; further jobs wait",
    )
    rabbitmq: Rabbitmq = Field(Rabbitmq(), description="its RabbitMQ: {password}")
    client: Client = Field(Client(), description="its notebook: {token}")


class Party(settings.Party):
    """A party of the federation that this stack runs."""

    training: Training = Field(
        Training(),
        description="its training cluster: {publish, cores, mysql, rabbitmq, client, uploads, "
        "services}",
    )


class Peer(settings.Peer):
    """A party that somebody else runs."""

    ports: dict[str, Port] = Field(
        default_factory=dict,
        description="the ports of its gateways by name, like {nginx-http: 9300}; FATE's usual "
        "ports if not given",
    )

    def reached_at(self, port: str, usual: int) -> tuple[str, int]:
        """The address and the port number of one of its gateways."""
        return self.address, self.ports.get(port, usual)


class Settings(settings.Settings):
    """All settings of a FATE 2 stack file."""

    parties: tuple[Party, ...] = Field(
        description="the parties this stack runs, each {id, host, training, tls}", min_length=1
    )
    peers: tuple[Peer, ...] = Field(
        (),
        description="the parties that others run, each {id, address, ports, tls}. They get routes "
        "and nothing else",
    )
    engines: Engines = Field(
        Engines(),
        description="the engines of FATE 2: {computing, federation, storage}; standalone, "
        "RabbitMQ, standalone if not given",
    )
    images: Literal["registry", "packages", "archive"] = Field(
        "registry",
        description="where images come from: `registry` (FATE's official images), `archive` (a "
        "file) or, with FATE 2, `packages` (built on the Docker hosts from Debian and PyPI "
        "packages). See [Images from an archive](#images-from-an-archive)",
    )

    def chosen(self, release: catalogue.Release) -> catalogue.Release:
        """The release with the images that these settings choose."""
        if self.images == "packages":
            release = release.from_packages
        return release.computing_with(self.engines.computing)

    @property
    def chosen_engines(self) -> dict[str, str]:
        """The engines that other parties should know of, by kind."""
        return {"computing": self.engines.computing, "federation": self.engines.federation}

    def peer_keys(self, gateways: Mapping[str, tuple[str, int]]) -> dict[str, Any]:
        """What fate:peers has for a party that others run; see `settings.Settings`."""
        found = sorted({address for address, _ in gateways.values()})
        if len(found) > 1:
            raise ValueError(f"has gateways at several addresses: {', '.join(found)}")
        return {"address": found[0], "ports": {name: port for name, (_, port) in gateways.items()}}

    def mistakes(self, release: catalogue.Release) -> Iterator[settings.Mistake]:
        """Mistakes that no single key reveals: unknown peer ports, and engines that do not fit."""
        for index, peer in enumerate(self.peers):
            for name in peer.ports:
                if name not in release.gateway_ports:
                    yield settings.Mistake(
                        ("peers", index, "ports", name),
                        f"is not a port that other parties of FATE {self.release} call; "
                        f"choose from {', '.join(release.gateway_ports)}",
                    )
        if release.engines:
            yield from _engines(self.engines, release.engines)


def _engines(chosen: Engines, known: catalogue.Engines) -> Iterator[settings.Mistake]:
    fits = known.computing.get(chosen.computing, ())
    stores = sorted({storage for some in known.computing.values() for storage in some})
    for key, value, supported in (
        ("computing", chosen.computing, tuple(known.computing)),
        ("federation", chosen.federation, known.federation),
        ("storage", chosen.storage, stores),
    ):
        if value is None or value in supported:
            continue
        what = "is not supported yet" if value in known.not_yet else "is not an engine of FATE"
        yield settings.Mistake(
            ("engines", key), f"{shown(value)} {what}; choose {' or '.join(supported)}"
        )
    if fits and chosen.storage in stores and chosen.storage not in fits:
        yield settings.Mistake(
            ("engines", "storage"),
            f"{shown(chosen.storage)} does not work with computing: {chosen.computing}; "
            f"choose {' or '.join(fits)}, or remove the key",
        )
