"""The stack file keys that only FATE 1.3 has."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from .. import settings
from ..release import Release
from ..settings import addresses
from ..settings.errors import shown, unknown_host
from ..settings.keys import Keys
from ..settings.models import (
    ANYWHERE,
    Address,
    ClusterKeys,
    Count,
    Placeable,
    Port,
    Server,
    by_host,
    overridden,
    per_host,
)
from . import egg_addresses

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

    placeable: ClassVar[Mapping[str, Placeable]] = {
        **settings.Training.placeable,
        "redis": Placeable("redis"),
    }
    unplaceable: ClassVar[Mapping[str, str]] = {
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

    fate_flow = "python"

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

    def clusters(self, party: settings.Party, release: Release) -> list[settings.Cluster]:
        """A party's clusters, training first.

        If they are on two Docker hosts, the ports that they call each other at are bound to their
        host's address by default, or to all addresses if that is a name.
        """
        assert isinstance(party, Party)  # noqa: S101 - settings and parties are of one line
        found = []
        serving_host = (party.serving and party.serving.host) or party.host
        apart = bool(party.training and party.serving) and serving_host != party.host
        if party.training:
            opened = {_FLOW: self._address(party.host)} if apart else {}
            facts = overridden(release, party.training.services)
            published = party.training.published(facts, self.bound(party.host), opened)
            cluster = settings.Cluster(
                settings.TRAINING,
                party.host,
                facts.without(LINK),
                published,
                self.inner_ports(settings.TRAINING),
            )
            spread = self.with_placed(self._spread(cluster, party.training, facts), party.training)
            found.append(replace(spread, one_subnet=bool(spread.elsewhere)))
        if party.serving:
            opened = {_SERVER: self._address(serving_host)} if apart else {}
            facts = overridden(release.serving_cluster, party.serving.services)
            published = party.serving.published(facts, self.bound(serving_host), opened)
            found.append(
                settings.Cluster(
                    settings.SERVING,
                    serving_host,
                    facts,
                    published,
                    self.inner_ports(settings.SERVING),
                )
            )
        return found

    def _spread(
        self, cluster: settings.Cluster, training: Training, facts: Release
    ) -> settings.Cluster:
        """A training cluster with its eggs on other Docker hosts, if it has any there."""
        links = training.links_at(cluster.host)
        eggs = training.eggs_at(cluster.host)
        elsewhere = {host: names for host, names in links.items() if host != cluster.host}
        if not elsewhere:
            return cluster
        return replace(
            cluster,
            facts=facts,
            elsewhere={host: {EGG: eggs[host], LINK: names} for host, names in elsewhere.items()},
            between=tuple(
                settings.Between(
                    name, host, training.egg_port, 1, self._address(host), ("eggPort",), False
                )
                for host, (name,) in elsewhere.items()
            ),
        )

    def needs(
        self, party: settings.Party, cluster: str, facts: Release, host: str
    ) -> settings.Needs:
        """What one of a party's clusters needs; each egg starts the processors of a job."""
        if cluster != settings.TRAINING:
            return super().needs(party, cluster, facts, host)
        assert isinstance(party, Party)  # noqa: S101 - settings and parties are of one line
        assert party.training  # noqa: S101 - it has such a cluster
        away = {name: to.host for name, to in party.training.placed(party.host).items()}
        counts = {
            EGG: len(party.training.eggs_at(party.host).get(host, ())),
            LINK: len(party.training.links_at(party.host).get(host, ())),
        }
        memory = sum(
            service.uses_memory * counts.get(name, int(host == away.get(name, party.host)))
            for name, service in facts.services.items()
        )
        return settings.Needs(memory, (party.training.processors or 0) if counts[EGG] else 0)

    def inner_ports(self, cluster: str) -> tuple[str, ...]:
        """The ports of a kind of cluster that the other clusters of its party call."""
        return (_FLOW,) if cluster == settings.TRAINING else (_SERVER,)

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

    def mistakes(self, release: Release) -> Iterator[settings.Mistake]:
        """Mistakes that no single key reveals: unknown Docker hosts, and eggs that do not fit."""
        yield from self.placing(release)
        for index, party in enumerate(self.parties):
            host = party.serving.host if party.serving else None
            if host is not None and host not in self.hosts:
                yield settings.Mistake(
                    ("parties", index, "serving", "host"), unknown_host(host, self.hosts)
                )
            if party.training:
                yield from self._eggs(index, party.host, party.training)

    def _eggs(self, index: int, home: str, training: Training) -> Iterator[settings.Mistake]:
        """What keeps a party's eggs from working on several Docker hosts."""
        where = ("parties", index, "training")
        eggs = training.eggs_at(home)
        elsewhere = [host for host in eggs if host != home]
        if not elsewhere:
            if "egg_port" in training.model_fields_set:
                yield settings.Mistake(
                    (*where, "eggPort"),
                    "is not used: all eggs are on the party's first Docker host; remove the key",
                )
            return
        yield from self.across(index, ("eggs",), eggs, elsewhere, "roll")
        away = sum(len(eggs[host]) for host in elsewhere)
        for count, most, there in (
            (len(eggs.get(home, ())), egg_addresses.AT_HOME, f"on {shown(home)}"),
            (away, egg_addresses.AWAY, "on the party's other Docker hosts"),
        ):
            if count > most:
                yield settings.Mistake(
                    (*where, "eggs"),
                    f"are {count} {there}, but at most {most} fit there; set fewer",
                )
        for host in elsewhere:
            if not addresses.java_accepts(f"{EGG}.{host}"):
                yield settings.Mistake(
                    (*where, "eggs"),
                    f"are called by names that end in {shown(host)}, and FATE's Java services call "
                    "no name whose last part begins with a digit; rename that Docker host",
                )

    def _address(self, host: str) -> str:
        return self.address_of(host) or ANYWHERE
