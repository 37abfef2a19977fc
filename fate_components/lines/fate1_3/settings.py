"""The stack file keys that only FATE 1.3 has."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from ... import settings
from ...settings import addresses
from ...settings.clusters import ClusterKeys, Movable
from ...settings.databases import Server
from ...settings.errors import shown
from ...settings.keys import Keys
from ...settings.values import Address, Count, Port, by_host, per_host

_GATEWAY = "proxy"
_SERVING_GATEWAY = "serving-grpc"
_JAVA_NAME = r"[A-Za-z_$][A-Za-z0-9_$]*"
# The ports at which the clusters of one party call each other.
_FLOW, _SERVER = "fateflow-http", "serving-server"
_MAX_EGGS = 200
EGG, LINK = "egg", "link"


def _adapter(value: str) -> str:
    if not re.fullmatch(rf"{_JAVA_NAME}(\.{_JAVA_NAME})*", value):
        raise ValueError(f"{shown(value)} is not the name of a Java class")
    return value


_REDIS = (
    "its Redis: {password}, or an external one: {address, port, password}. See "
    "[External databases](#external-databases)"
)


class Redis(Server):
    """A party's Redis. FATE's services select neither a user nor a database in it."""

    key = "redis"

    port: Port = Field(6379, description="the port of an external one; 6379 if not given")


class Training(settings.Training):
    """A party's training cluster."""

    movable: ClassVar[Mapping[str, Movable]] = {
        **settings.Training.movable,
        "redis": Movable("redis"),
    }
    immovable: ClassVar[Mapping[str, str]] = {
        "fateboard": "it reads the log files of FATE Flow, in a volume that both share",
        EGG: "the key eggs sets how many there are on each",
    }

    eggs: Annotated[int | dict[str, int], per_host(_MAX_EGGS)] = Field(
        1,
        description="how many eggs (storage and compute nodes) it has, 1 to 200, or how many on "
        "each of the party's `hosts`, like {b1: 1, b2: 2}",
    )
    egg_port: Port = Field(
        7888,
        description="with eggs on several Docker hosts: the port at which the eggs on each of the "
        "others are called, on that host's address; 7888 if not given. Parties with Docker hosts "
        "in common need different ones",
    )
    allow_table_loss: bool = Field(
        False,
        description="whether an egg is removed even if tables have a part of their data on it, and "
        "are lost with it: true, false",
    )
    processors: Annotated[Count, Field(le=256)] | None = Field(
        None,
        description="how many processors each egg starts for a job; half of its machine's cores, "
        "at least 1, if not given. All of them must be up within 5 s: with more processors than "
        "cores, every job fails",
    )
    redis: Redis = Field(Redis(), description=_REDIS)

    @property
    def servers(self) -> dict[str, Server]:
        """Its database servers, by the name of the service that they are or stand for."""
        return {**super().servers, "redis": self.redis}

    def eggs_at(self, home: str) -> dict[str, tuple[str, ...]]:
        """The names of its eggs, by Docker host: egg, egg-2 … at home, and egg.HOST, egg-2.HOST …
        elsewhere.

        Args:
            home: the name of the Docker host that the cluster runs on.
        """
        return by_host(EGG, self.eggs, home)

    def links_at(self, home: str) -> dict[str, tuple[str, ...]]:
        """The names of the containers through which eggs elsewhere are called, by Docker host: at
        home a stand-in for each of these eggs, and elsewhere one that passes the calls on.

        Args:
            home: the name of the Docker host that the cluster runs on.
        """
        eggs = self.eggs_at(home)
        elsewhere = {host: (receiver(host),) for host in eggs if host != home}
        away = [name for host in elsewhere for name in eggs[host]]
        return {home: tuple(map(stand_in, away)), **elsewhere} if elsewhere else {}

    def containers(self, service: str, home: str = "") -> list[str]:
        """The names of a service's containers in the party's networks; see `eggs_at`."""
        if service not in (EGG, LINK):
            return super().containers(service, home)
        found = self.eggs_at(home) if service == EGG else self.links_at(home)
        return [name for there in found.values() for name in there]


def receiver(host: str) -> str:
    """The name of the container that passes calls on to the eggs on another Docker host."""
    return f"{LINK}.{host}"


def stand_in(egg: str) -> str:
    """The name of the container at home that stands for an egg elsewhere."""
    return f"{LINK}-{egg}"


class Serving(ClusterKeys):
    """A party's serving cluster."""

    host: str | None = Field(
        None,
        description="the Docker host it runs on, a name under fate:hosts; the party's `host` if "
        "not given",
    )
    adapter: Annotated[str, AfterValidator(_adapter)] = Field(
        "MockAdapter",
        description="the class that reads the features when this party is the host of an "
        "inference: `MockAdapter` (always the same row), `TestFilePick` "
        "(`/data/projects/fate/serving-server/host_data.csv`, which you [copy into the container]"
        "(serving.md#from-a-trained-model-to-a-score)), or a class of your own in the image",
    )
    redis: Redis = Field(Redis(), description=_REDIS)

    @property
    def servers(self) -> dict[str, Server]:
        """Its database servers, by the name of the service that they are or stand for."""
        return {"serving-redis": self.redis}


class Party(settings.Party):
    """A party of the federation that this stack runs."""

    training: Training | None = Field(
        Training(),
        description="its training cluster: {publish, eggs, eggPort, allowTableLoss, processors, "
        "mysql, redis, place, uploads, services}; one with the defaults, unless the party has "
        "`serving`, if not given",
    )
    hosts: tuple[str, ...] = Field(
        (),
        description="instead of `host`: the Docker hosts it runs on, names under fate:hosts. All "
        "but eggs and databases is on the first. See [Eggs on several Docker hosts]"
        "(#eggs-on-several-docker-hosts)",
    )
    serving: Serving | None = Field(
        None,
        description="its serving cluster: {host, publish, adapter, redis, services}. See "
        "[serving.md](serving.md)",
    )

    @model_validator(mode="before")
    @classmethod
    def _serving_alone(cls, value: object) -> object:
        """A party with a serving cluster has a training cluster only if the stack file says so."""
        if isinstance(value, Mapping) and value.get("serving") is not None:
            return {"training": None, **value}
        return value

    @model_validator(mode="after")
    def _some_cluster(self) -> Self:
        if self.training is None and self.serving is None:
            raise ValueError(
                "has no cluster: write `training: {}` for a training cluster with the defaults"
            )
        return self


class PeerServing(Keys):
    """The serving cluster of a party that somebody else runs."""

    address: Address | None = Field(
        None,
        description="the host name or IPv4 address of its serving-proxy; the peer's if not given",
    )
    port: Port | None = Field(
        None, description="the gRPC port of its serving-proxy; 8869 if not given"
    )


class Peer(settings.Peer):
    """A party that somebody else runs."""

    port: Port | None = Field(None, description="the port of its proxy; 9370 if not given")
    serving: PeerServing = Field(
        PeerServing(), description="its serving cluster, if it is elsewhere: {address, port}"
    )

    @property
    def addresses(self) -> dict[tuple[str, ...], str]:
        """Its addresses, by the path of the key that sets each."""
        serving = {("serving", "address"): self.serving.address} if self.serving.address else {}
        return super().addresses | serving

    def reached_at(self, port: str, usual: int) -> tuple[str, int]:
        """The address and the port number of its proxy or its serving-proxy."""
        if port == _SERVING_GATEWAY:
            return self.serving.address or self.address, self.serving.port or usual
        return self.address, self.port or usual


class Settings(settings.Settings):
    """All settings of a stack file of FATE 1.3."""

    parties: tuple[Party, ...] = Field(
        description="the parties this stack runs, each {id, host or hosts, training, serving, tls}",
        min_length=1,
    )
    peers: tuple[Peer, ...] = Field(
        (),
        description="the parties that others run, each {id, address, port, serving, tls}. They get "
        "routes and nothing else",
    )
    images: Literal["registry", "archive"] = Field(
        "registry",
        description="where images come from: `registry` (FATE's official images), or `archive` (a "
        "file); FATE 1.3 cannot be built from packages",
    )

    def can_call(self, host: str) -> bool:
        """Whether FATE's Java services can call a host by this name or address."""
        return super().can_call(host) and addresses.java_accepts(host)

    def peer_keys(self, gateways: Mapping[str, tuple[str, int]]) -> dict[str, Any]:
        """What fate:peers has for a party that others run; see `settings.Settings`."""
        if unknown := sorted(gateways.keys() - {_GATEWAY, _SERVING_GATEWAY}):
            raise ValueError(f"has gateways that FATE {self.release} cannot call: {unknown[0]}")
        found: dict[str, Any] = {}
        if _GATEWAY in gateways:
            found["address"], found["port"] = gateways[_GATEWAY]
        if _SERVING_GATEWAY in gateways:
            address, port = gateways[_SERVING_GATEWAY]
            elsewhere = found.setdefault("address", address) != address
            found["serving"] = {"address": address, "port": port} if elsewhere else {"port": port}
        return found
