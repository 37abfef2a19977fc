"""Where the clusters of a party run, and what they need there: asked by all that plans."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from ..docker.ports import ANYWHERE, LOOPBACK, Published
from ..releases.facts import Release
from ..settings import addresses
from ..settings.clusters import TRAINING, ClusterKeys, Placement, Training
from ..settings.errors import Location, Mistake, shown, unknown_host
from ..settings.parties import Party
from ..settings.services import overridden
from ..settings.stack import Settings
from .cross_host import CrossHostPorts
from .placed import Needs, PlacedCluster


class Planner:
    """Decides where the clusters of a stack run. Each release line has a subclass.

    Args:
        settings: the stack file's settings.
        release: the facts of the release that they deploy.
    """

    def __init__(self, settings: Settings, release: Release) -> None:
        self.settings, self.release = settings, release

    def clusters(self, party: Party) -> list[PlacedCluster]:
        """A party's clusters, training first."""
        if party.training is None:
            return []
        return [self.training(party.training, party.host, self.release)]

    def training(
        self,
        keys: Training,
        host: str,
        release: Release,
        opened: Mapping[str, str] | None = None,
    ) -> PlacedCluster:
        """A training cluster with all of its services on one Docker host.

        Args:
            keys: its settings in the stack file.
            host: the Docker host's name.
            release: the facts of its services, without what the stack file chooses for them.
            opened: the addresses to bind other ports to by default than those that other parties
                call, by port name.
        """
        facts = overridden(release, keys.services)
        ports = published(keys, facts, self.bound(host), opened)
        return PlacedCluster(TRAINING, host, facts, ports)

    def needs(self, party: Party, cluster: PlacedCluster, host: str) -> Needs:
        """What a party's cluster needs of one of its Docker hosts: what its containers there take.

        Args:
            party: one of the parties.
            cluster: one of its clusters.
            host: the Docker host's name.
        """
        keys: ClusterKeys = getattr(party, cluster.kind)
        return Needs(
            sum(
                service.uses_memory * len(cluster.containers_at(host, name, keys))
                for name, service in cluster.facts.services.items()
            )
        )

    def exchange_at(self) -> Published | None:
        """Where the exchange is published, if this stack runs one."""
        exchange, facts = self.settings.exchange, self.release.exchange
        if exchange is None or exchange.host is None or facts is None:
            return None
        return Published(exchange.port or facts.publish, self.bound(exchange.host))

    def address_of(self, host: str) -> str | None:
        """The IPv4 address of a Docker host, if one is known."""
        address = self.settings.hosts[host].reachable_at if host in self.settings.hosts else None
        return address if address and addresses.ipv4(address) else None

    def bound_inside(self, host: str) -> str:
        """The address that a Docker host's ports for its party's other hosts are bound to: its own,
        or all of them if it is known by name.
        """
        return self.address_of(host) or ANYWHERE

    def bound(self, host: str) -> str:
        """The address that a Docker host's ports for other parties are bound to by default."""
        return self.settings.hosts[host].bind if host in self.settings.hosts else ANYWHERE

    def with_placed(self, cluster: PlacedCluster, keys: Training) -> PlacedCluster:
        """A cluster with the services that the stack file places on other Docker hosts.

        Args:
            cluster: the cluster.
            keys: its settings in the stack file.
        """
        elsewhere = {host: dict(services) for host, services in cluster.elsewhere.items()}
        between, calls_home = list(cluster.between), {}
        for name, to in keys.placed(cluster.host).items():
            about = keys.movable.get(name)
            if about is None or name not in cluster.facts.services or name in keys.external:
                continue  # a mistake, which is reported as such
            elsewhere.setdefault(to.host, {})[name] = (name,)
            if about.calls:
                calls_home[name] = about.calls
                continue
            port, ip = cluster.facts.services[name].port, self.bound_inside(to.host)
            where = ("place", name)
            cross_host = CrossHostPorts(
                name, to.host, to.port or port, 1, ip, where, encrypted=False, inside=port
            )
            between.append(cross_host)
        ip = self.bound_inside(cluster.host)
        opened = {port: ip for ports in calls_home.values() for port in ports}
        ports = published(keys, cluster.facts, opened=opened)
        return replace(
            cluster,
            published={**cluster.published, **{port: ports[port] for port in opened}},
            elsewhere=elsewhere,
            between=tuple(between),
            calls_home=calls_home,
        )

    def mistakes(self) -> Iterator[Mistake]:
        """Mistakes in where parties and their services run, which no single key reveals."""
        for index, party in enumerate(self.settings.parties):
            for number, host in enumerate(party.hosts):
                if number and host not in self.settings.hosts:
                    where = ("parties", index, "hosts", number)
                    yield Mistake(where, unknown_host(host, self.settings.hosts))
            if (keys := party.training) and keys.place:
                facts = self.clusters(party)[0].facts
                for name, to in keys.place.items():
                    yield from self._placed(index, keys, facts, name, to)

    def _placed(
        self, index: int, keys: Training, facts: Release, name: str, to: Placement
    ) -> Iterator[Mistake]:
        where = ("parties", index, "training", "place", name)
        home = self.settings.parties[index].host
        about = keys.movable.get(name)
        possible = [service for service in keys.movable if service in facts.services]
        if about is None or name not in facts.services:
            why = "is not among the services of this party"
            if name in facts.services:
                by_name = "the party's other services call it by name on the first one"
                outside = "other parties call it at the address of the first one"
                default = outside if facts.services[name].gateway else by_name
                why = f"cannot run on another Docker host: {keys.immovable.get(name, default)}"
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
        party = self.settings.parties[index]
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
            if host in self.settings.hosts and (address is None or addresses.only_local(address)):
                present = self.settings.hosts[host].reachable_at
                what = f"{shown(present)} is no address for that" if present else "is missing"
                yield Mistake(
                    ("hosts", host, "address"),
                    f"{what}: {caller} of party {party.id} on another Docker host must reach it; "
                    "set the IPv4 address that other machines use",
                )


def published(
    keys: ClusterKeys,
    facts: Release,
    bind: str = ANYWHERE,
    opened: Mapping[str, str] | None = None,
) -> dict[str, Published]:
    """Where each port of a cluster is published, by port name.

    The defaults are FATE's usual ports. Those that other parties call are open, the others
    bound to loopback only: some of them accept jobs from anyone, and Docker's published ports
    bypass the usual firewalls.

    Args:
        keys: the cluster's settings in the stack file.
        facts: the facts of its services.
        bind: the address to bind ports to that other parties call.
        opened: the addresses to bind other ports to by default, by port name.
    """
    defaults = dict.fromkeys(facts.gateway_ports, bind) | dict(opened or {})
    bindings = {}
    for name, usual in facts.published.items():
        chosen = keys.publish.get(name, Published(usual, ""))
        bindings[name] = replace(chosen, ip=chosen.ip or defaults.get(name, LOOPBACK))
    return bindings
