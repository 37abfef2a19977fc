"""The keys that every stack file has, in any release line.

Each key is documented once, where its value is checked: here, or in its release line's settings.py.
docs/configuration.md, the schema for editors and the errors take its description from there.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
)

from ..docker.ports import ANYWHERE, Published
from ..plan.cross_host import Between
from ..plan.wanted import Cluster, Needs
from ..releases.facts import Release
from . import addresses
from .clusters import TRAINING, ClusterKeys, Placement, Training
from .errors import Location, Mistake, shown, unknown_host
from .exchange import Exchange
from .hosts import DockerHost
from .images import RegistryLogin, _registry
from .keys import Keys, Secret, Text
from .parties import Party, Peer
from .services import Services, overridden
from .tls import Tls

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
MAX_PARTIES = 239
"""How many parties a Docker host's subnet has room for."""
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

    fate_flow: ClassVar[str]
    """The service in which FATE Flow runs."""

    release: Annotated[str, Text] = Field(
        description="the FATE release to deploy: `2.2.0`, `2.0.0` or `1.3.0`. It decides which "
        "other keys exist"
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
    registry: Annotated[str, AfterValidator(_registry)] = Field(
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

    def clusters(self, party: Party, release: Release) -> list[Cluster]:
        """A party's clusters, training first.

        Args:
            party: one of the parties.
            release: the facts of the release.
        """
        if party.training is None:
            return []
        facts = overridden(release, party.training.services)
        published = party.training.published(facts, self.bound(party.host))
        return [Cluster(TRAINING, party.host, facts, published)]

    def address_of(self, host: str) -> str | None:
        """The IPv4 address of a Docker host, if one is known."""
        address = self.hosts[host].reachable_at if host in self.hosts else None
        return address if address and addresses.ipv4(address) else None

    def with_placed(self, cluster: Cluster, keys: Training) -> Cluster:
        """A cluster with the services that the stack file places on other Docker hosts.

        Args:
            cluster: the cluster.
            keys: its settings in the stack file.
        """
        elsewhere = {host: dict(services) for host, services in cluster.elsewhere.items()}
        between, calls_home = list(cluster.between), {}
        for name, to in keys.placed(cluster.host).items():
            about = keys.placeable.get(name)
            if about is None or name not in cluster.facts.services or name in keys.external:
                continue  # a mistake, which is reported as such
            elsewhere.setdefault(to.host, {})[name] = (name,)
            if about.calls:
                calls_home[name] = about.calls
                continue
            port, ip = cluster.facts.services[name].port, self.address_of(to.host) or ANYWHERE
            where = ("place", name)
            one = Between(
                name, to.host, to.port or port, 1, ip, where, encrypted=False, inside=port
            )
            between.append(one)
        ip = self.address_of(cluster.host) or ANYWHERE
        opened = {port: ip for ports in calls_home.values() for port in ports}
        published = keys.published(cluster.facts, opened=opened)
        return replace(
            cluster,
            published={**cluster.published, **{port: published[port] for port in opened}},
            elsewhere=elsewhere,
            between=tuple(between),
            calls_home=calls_home,
        )

    def placing(self, release: Release) -> Iterator[Mistake]:
        """Mistakes in where parties and their services run, which no single key reveals.

        Args:
            release: the facts of the release.
        """
        for index, party in enumerate(self.parties):
            for number, host in enumerate(party.hosts):
                if number and host not in self.hosts:
                    where = ("parties", index, "hosts", number)
                    yield Mistake(where, unknown_host(host, self.hosts))
            if (keys := party.training) and keys.place:
                facts = self.clusters(party, release)[0].facts
                for name, to in keys.place.items():
                    yield from self._placed(index, keys, facts, name, to)

    def _placed(
        self, index: int, keys: Training, facts: Release, name: str, to: Placement
    ) -> Iterator[Mistake]:
        where = ("parties", index, "training", "place", name)
        home = self.parties[index].host
        about = keys.placeable.get(name)
        possible = [one for one in keys.placeable if one in facts.services]
        if about is None or name not in facts.services:
            why = "is not among the services of this party"
            if name in facts.services:
                by_name = "the party's other services call it by name on the first one"
                outside = "other parties call it at the address of the first one"
                default = outside if facts.services[name].gateway else by_name
                why = f"cannot run on another Docker host: {keys.unplaceable.get(name, default)}"
            yield Mistake(where, f"{why}; choose from {', '.join(possible)}")
        elif name in keys.external:
            yield Mistake(
                where, "is a server that somebody else runs (it has an address); remove the key"
            )
        elif about.calls and to.port:
            ports = " and ".join(f"publish.{port}" for port in facts.services[name].published_ports)
            yield Mistake(
                where,
                f"{to.port} is not used: its port on the Docker host is set by {ports}; remove the "
                "port",
            )
        elif to.host == home and to.port:
            yield Mistake(
                where,
                f"{to.port} is not used: {shown(home)} is the party's first Docker host, on which "
                "no port is published for it; remove the port",
            )
        elif to.host != home:
            called, caller = ([home], name) if about.calls else ([to.host], "FATE Flow")
            yield from self.across(index, ("place",), [to.host], called, caller)

    def across(
        self, index: int, key: Location, counts: Iterable[str], called: Iterable[str], caller: str
    ) -> Iterator[Mistake]:
        """What keeps a party's containers on several Docker hosts from calling each other.

        Args:
            index: the party's index.
            key: the key below its training cluster that says how many each Docker host has.
            counts: the Docker hosts that the key names.
            called: the Docker hosts whose ports are called from others.
            caller: what calls them, for the message.
        """
        party = self.parties[index]
        for host in counts:
            if host not in party.all_hosts:
                yield Mistake(
                    ("parties", index, "training", *key),
                    f"{shown(host)} is not one of the party's hosts "
                    f"({', '.join(map(shown, party.all_hosts))}); add it to "
                    f"fate:parties[{index}].hosts",
                )
        for host in dict.fromkeys(called):
            address = self.address_of(host)
            if host in self.hosts and (address is None or addresses.only_local(address)):
                present = self.hosts[host].reachable_at
                what = f"{shown(present)} is no address for that" if present else "is missing"
                yield Mistake(
                    ("hosts", host, "address"),
                    f"{what}: {caller} of party {party.id} on another Docker host must reach it; "
                    "set the IPv4 address that other machines use",
                )

    def bound(self, host: str) -> str:
        """The address that a Docker host's ports for other parties are bound to by default."""
        return self.hosts[host].bind if host in self.hosts else ANYWHERE

    def exchange_at(self, release: Release) -> Published | None:
        """Where the exchange is published, if this stack runs one.

        Args:
            release: the facts of the release.
        """
        exchange, facts = self.exchange, release.exchange
        if exchange is None or exchange.host is None or facts is None:
            return None
        return Published(exchange.port or facts.publish, self.bound(exchange.host))

    def needs(self, party: Party, cluster: str, facts: Release, host: str) -> Needs:
        """What one of a party's clusters needs of one of its Docker hosts.

        Args:
            party: one of the parties.
            cluster: training or serving.
            facts: the facts of the cluster's services.
            host: the Docker host's name.
        """
        keys: ClusterKeys | None = getattr(party, cluster)
        away = {name: to.host for name, to in keys.placed(party.host).items()} if keys else {}
        here = party.host if cluster == TRAINING else host
        return Needs(
            sum(
                service.uses_memory
                for name, service in facts.services.items()
                if away.get(name, here) == host
            )
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

    def inner_ports(self, cluster: str) -> tuple[str, ...]:
        """The ports of a kind of cluster that the other clusters of its party call.

        Args:
            cluster: training or serving.
        """
        return ()

    def chosen(self, release: Release) -> Release:
        """The facts of the release to deploy, with the images that these settings choose."""
        return release

    def can_call(self, host: str) -> bool:
        """Whether the release line's services can call a host by this name or address."""
        return addresses.is_address(host)

    def mistakes(self, release: Release) -> Iterator[Mistake]:
        """Mistakes that no single key of the release line reveals."""
        return iter(())
