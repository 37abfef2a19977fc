"""What the picture of a deployment shows, in the words that stand in it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ..docker.ports import Published
from ..plan.clusters import ClusterPlan
from ..plan.cross_host import CrossHostPorts
from ..plan.endpoints import EXCHANGE
from ..plan.topology import ExchangePlan, Topology
from ..releases.facts import Release
from ..settings import SERVING, TRAINING, Settings

_WORST_FIRST = ("ill", "unknown", "changing", "well")


@dataclass(frozen=True)
class Door:
    """A port at which other parties call.

    Args:
        service: the service behind it: a gateway, or the edge that encrypts connections.
        text: its name and number, in the shared network and on the Docker host.
    """

    service: str
    text: str


@dataclass(frozen=True)
class ServiceBox:
    """A service of a cluster.

    Args:
        name: its name, with the number of its containers if there are several.
        ports: what it publishes on the Docker host for its own party, and where.
        external: whether somebody else runs it.
        containers: what its containers are called within the party.
        state: how it is now, in a word, if the picture shows that.
        condition: what that means: well, changing, ill or unknown.
    """

    name: str
    ports: tuple[str, ...] = ()
    external: bool = False
    containers: tuple[str, ...] = ()
    state: str = ""
    condition: str = ""


@dataclass(frozen=True)
class ClusterBox:
    """A party's cluster, or the exchange.

    Args:
        title: whose it is.
        kind: training or serving; the exchange connects training clusters.
        doors: the ports at which other parties call.
        services: its services.
        notes: what else it calls, in a line each.
        party: the party's id, or "exchange".
    """

    title: str
    kind: str
    doors: tuple[Door, ...]
    services: tuple[ServiceBox, ...]
    notes: tuple[str, ...] = ()
    party: str = EXCHANGE


@dataclass(frozen=True)
class Lane:
    """The Docker network that the gateways of one kind of cluster share on a Docker host.

    Args:
        kind: training or serving.
        text: its name and its addresses.
    """

    kind: str
    text: str


@dataclass(frozen=True)
class HostBox:
    """A Docker host.

    Args:
        name: its name in the stack file.
        address: the address that others reach it at; None if none is known.
        lanes: the networks that its clusters share.
        clusters: what runs there.
    """

    name: str
    address: str | None
    lanes: tuple[Lane, ...]
    clusters: tuple[ClusterBox, ...]


@dataclass(frozen=True)
class OthersBox:
    """What somebody else runs: peers, or an exchange."""

    title: str
    rows: tuple[str, ...]


@dataclass(frozen=True)
class Picture:
    """The whole deployment.

    Args:
        title: what is deployed.
        rules: who calls whom, in a line each.
        encrypted: whether the ways between parties are.
        hosts: the Docker hosts that run something.
        others: what others run.
    """

    title: str
    rules: tuple[str, ...]
    encrypted: bool
    hosts: tuple[HostBox, ...]
    others: tuple[OthersBox, ...]

    @property
    def network(self) -> bool:
        """Whether anything is connected beyond a single Docker host."""
        return len(self.hosts) + len(self.others) > 1


def picture(plan: Topology, settings: Settings, release: Release, stack: str) -> Picture:
    """What the picture of a deployment shows.

    Args:
        plan: the deployment.
        settings: the stack file's settings.
        release: the facts of the release.
        stack: the stack's name.
    """
    hosts = tuple(_host(name, plan, settings) for name in settings.hosts)
    return Picture(
        title=f"Stack {stack}: FATE {release.name}",
        rules=tuple(_rules(plan, settings)),
        encrypted=settings.tls.enabled,
        hosts=tuple(host for host in hosts if host.clusters),
        others=tuple(_others(plan, settings, release)),
    )


def with_states(picture: Picture, states: Mapping[tuple[str, str], tuple[str, str]]) -> Picture:
    """A picture that also shows how the services are.

    Args:
        picture: the picture.
        states: by party and container, its state in a word and what that means: well, changing or
            ill; what is not in it is unknown.
    """

    def service(party: str, box: ServiceBox) -> ServiceBox:
        if box.external:
            return box
        container_states = [
            states.get((party, name), ("unknown", "unknown")) for name in box.containers
        ]
        state, condition = min(container_states, key=lambda state: _WORST_FIRST.index(state[1]))
        return replace(box, state=state, condition=condition)

    def cluster(cluster_box: ClusterBox) -> ClusterBox:
        return replace(
            cluster_box,
            services=tuple(service(cluster_box.party, box) for box in cluster_box.services),
        )

    hosts = tuple(
        replace(host, clusters=tuple(map(cluster, host.clusters))) for host in picture.hosts
    )
    return replace(picture, hosts=hosts)


def _host(name: str, plan: Topology, settings: Settings) -> HostBox:
    clusters = [
        _cluster(cluster, [other for other in party.clusters.values() if other is not cluster])
        for party in plan.parties
        for cluster in party.clusters.values()
        if cluster.host == name
    ]
    branches = [
        _branch(cluster, name)
        for party in plan.parties
        for cluster in party.clusters.values()
        if name in cluster.branches
    ]
    if plan.exchange and plan.exchange.host == name:
        clusters.insert(0, _exchange(plan.exchange))
    lanes = [
        Lane(kind, f"{network.name}  {network.subnet}")
        for kind, network in plan.shared[name].items()
        if any(cluster.kind == kind for cluster in clusters)
    ]
    boxes = (*clusters, *branches)
    return HostBox(name, settings.hosts[name].reachable_at, tuple(lanes), boxes)


def _cluster(cluster: ClusterPlan, others: Iterable[ClusterPlan]) -> ClusterBox:
    facts, edge = cluster.facts, cluster.edge
    doors = [
        Door(edge.service if edge else service, _door(port, number, cluster.published[port]))
        for service, gateway in facts.gateways.items()
        for port, number in ((port, gateway.ports[port]) for port in gateway.gateway)
    ]
    services = [
        ServiceBox(
            _counted(name, len(cluster.containers_of(name))),
            _ports_of(cluster, name),
            containers=tuple(cluster.containers_of(name)),
        )
        for name in facts.services
        if name not in cluster.external and cluster.containers_of(name)
    ] + [
        ServiceBox(name, (f"{server.host}:{server.port}",), external=True)
        for name, server in cluster.external.items()
    ]
    kind = "" if cluster.kind == TRAINING else f", {cluster.kind}"
    return ClusterBox(
        f"Party {cluster.party.id}{kind}",
        cluster.kind,
        tuple(doors),
        tuple(services),
        tuple(_notes(cluster, others)),
        str(cluster.party.id),
    )


def _branch(cluster: ClusterPlan, host: str) -> ClusterBox:
    """What a cluster has on another Docker host of its party."""
    services = [
        ServiceBox(_counted(service, len(names)), _ports_of(cluster, service), containers=names)
        for service, names in cluster.branches[host].services.items()
    ]
    calls = [
        f"{crossing.container} at {cluster.known[host][crossing.container]}:{_ports(crossing)}"
        f"{'' if crossing.encrypted else ', not encrypted'}"
        for crossing in cluster.between
        if crossing.host == cluster.host
    ]
    calls += [
        f"{port} at {cluster.home[port].host}:{cluster.home[port].port}, not encrypted"
        for port in dict.fromkeys(
            port
            for service in cluster.branches[host].services
            for port in cluster.calls_home.get(service, ())
        )
    ]
    called = [
        f"{crossing.container} is called at {cluster.known[cluster.host][crossing.container]}:"
        f"{_ports(crossing)}, not encrypted"
        for crossing in cluster.between
        if crossing.host == host and not crossing.encrypted
    ]
    return ClusterBox(
        f"Party {cluster.party.id}, with all else on {cluster.host}",
        cluster.kind,
        (),
        tuple(services),
        (*(f"calls {call}" for call in calls), *called),
        str(cluster.party.id),
    )


def _ports_of(cluster: ClusterPlan, service: str) -> tuple[str, ...]:
    """The ports at which people reach a service, and where they are published."""
    return tuple(
        f"{port} {_at(cluster.published[port])}"
        for port in cluster.facts.services[service].published_ports
        if port not in cluster.facts.gateway_ports
    )


def _ports(ports: CrossHostPorts) -> str:
    return (
        f"{ports.first}" if ports.count == 1 else f"{ports.first}-{ports.first + ports.count - 1}"
    )


def _notes(cluster: ClusterPlan, others: Iterable[ClusterPlan]) -> Iterator[str]:
    """The ports of the party's other clusters that this one calls."""
    for other in others:
        for name in other.inner:
            if to := cluster.beside.get(name):
                yield f"calls its {other.kind} cluster at {to.host}:{to.port}"


def _counted(name: str, count: int) -> str:
    return name if count == 1 else f"{name} ×{count}"  # noqa: RUF001 - a multiplication sign


def _exchange(plan: ExchangePlan) -> ClusterBox:
    service, *rest = plan.services
    text = _door(EXCHANGE, service.port, plan.published)
    names = [EXCHANGE, *(plan.edge.service for _ in rest if plan.edge)]
    door = Door(names[-1], text)
    containers = [EXCHANGE, *filter(None, [plan.edge_name])]
    boxes = [
        ServiceBox(name, containers=(container,))
        for name, container in zip(names, containers, strict=True)
    ]
    return ClusterBox("Exchange", TRAINING, (door,), tuple(boxes))


def _door(name: str, number: int, published: Published) -> str:
    return f"{name} {number} → {_at(published)}"


def _at(published: Published) -> str:
    return str(published.port) if published.everywhere else f"{published.ip}:{published.port}"


def _rules(plan: Topology, settings: Settings) -> Iterator[str]:
    kinds = {kind for party in plan.parties for kind in party.clusters}
    exchange = settings.exchange
    if TRAINING in kinds and exchange:
        whose = "on Docker host " + exchange.host if exchange.host else "that somebody else runs"
        yield f"Training clusters call only the exchange {whose}, and the exchange calls them."
    elif TRAINING in kinds:
        yield "Training clusters call each other directly."
    if SERVING in kinds:
        yield "Serving clusters call each other directly."
    how = "encrypted, with certificates on both sides" if settings.tls.enabled else "not encrypted"
    yield f"Connections between parties are {how}."
    yield (
        "PORT → PORT is a port that other parties call: in the network that gateways share on a "
        "Docker host, and on the Docker host. An address is the only one that a port is bound to."
    )


def _others(plan: Topology, settings: Settings, release: Release) -> Iterator[OthersBox]:
    exchange = settings.exchange
    if exchange and exchange.address and release.exchange:
        at = f"{exchange.address}:{exchange.port or release.exchange.publish}"
        yield OthersBox("Exchange of somebody else", (at,))
    if settings.peers:
        kinds = {kind for party in plan.parties for kind in party.clusters}
        ports: Mapping[str, int] = {
            **(release.gateway_ports if TRAINING in kinds else {}),
            **(release.serving_cluster.gateway_ports if SERVING in kinds else {}),
        }
        rows = []
        for peer in settings.peers:
            rows.append(f"Party {peer.id}")
            for name, usual in ports.items():
                address, port = peer.reached_at(name, usual)
                rows.append(f"  {name} {address}:{port}")
        yield OthersBox("Parties of others", tuple(rows))
