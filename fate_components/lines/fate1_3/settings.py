"""The stack file keys that only FATE 1.3 has."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field

from ... import settings
from ...serving import settings as serving_keys
from ...serving.settings import Peer, PeerServing
from ...settings import addresses
from ...settings.clusters import Movable
from ...settings.databases import Server
from ...settings.values import Count, Port, by_host, per_host

__all__ = [
    "EGG", "LINK", "Party", "Peer", "PeerServing", "Redis", "Serving", "Settings", "Training",
    "receiver", "stand_in",
]  # fmt: skip
_GATEWAY = "proxy"
_MAX_EGGS = 200
EGG, LINK = "egg", "link"


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
        names = self.eggs_at(home) if service == EGG else self.links_at(home)
        return [name for there in names.values() for name in there]


def receiver(host: str) -> str:
    """The name of the container that passes calls on to the eggs on another Docker host."""
    return f"{LINK}.{host}"


def stand_in(egg: str) -> str:
    """The name of the container at home that stands for an egg elsewhere."""
    return f"{LINK}-{egg}"


class Serving(serving_keys.Serving):
    """A party's serving cluster."""

    adapter: Annotated[str, AfterValidator(serving_keys.java_class)] = Field(
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


class Party(serving_keys.Party):
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
        return serving_keys.peer_keys(self.release, _GATEWAY, gateways)
