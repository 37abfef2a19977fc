"""Deployments on paper: what the program would put on the Docker hosts, and whether it would work.

The program's own components run, but without the engine, because thousands of deployments are
tried.
"""

import functools
import itertools
import re
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network
from types import SimpleNamespace
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import pulumi
import yaml

from fate_components import lines
from fate_components.checks import connections, reread_files
from fate_components.docker import delivery
from fate_components.docker.images.supply import full_name
from fate_components.docker.inspect.survey import Survey
from fate_components.docker.networks import Network
from fate_components.docker.ports import Published
from fate_components.docker.service import Container, Place, Service
from fate_components.engines.hdfs import conf as hdfs
from fate_components.engines.spark import tables
from fate_components.operate import fleet
from fate_components.outputs import exchange_output, party_outputs
from fate_components.party import party
from fate_components.party.external import servers
from fate_components.plan import edges, endpoints, slots, topology
from fate_components.plan.endpoints import Endpoint
from fate_components.releases.facts import Release
from fate_components.security import certificates
from fate_components.settings import DockerHost, Settings
from fate_components.stack_file import parse
from tests.support.random_files import MARK, StackFile


class Anything:
    """Stands for resources of Pulumi, and whatever is asked of them."""

    def __getattr__(self, name: str) -> "Anything":
        return self

    def __getitem__(self, key: object) -> "Anything":
        return self


@dataclass
class Deployment:
    """What the program would put on the Docker hosts.

    Args:
        file: the stack file.
        settings: its settings.
        release: the facts of its release.
        plan: its topology.
        networks: the networks on each Docker host, by name.
        containers: where each container belongs and its specification, by Docker host and name.
    """

    file: StackFile
    settings: Settings
    release: Release
    plan: topology.Topology
    networks: dict[str, dict[str, Network]] = field(default_factory=dict)
    containers: dict[tuple[str, str], tuple[Place, Container]] = field(default_factory=dict)

    def subnet(self, host: str) -> IPv4Network:
        return slots.subnet(self.settings.hosts[host], self.file.stack)


def deployment(file: StackFile) -> Deployment:
    """Run the program's components without the engine, and keep what they specify.

    Raises:
        SettingsError: the stack file cannot be deployed.
    """
    settings, release = parse(file.config, set(file.encrypted), file.stack)
    plan = lines.plan(settings, release, file.stack)
    encryption = certificates.of(settings, plan, datetime.now(UTC))
    found, line = Deployment(file, settings, release, plan), lines.of(release)

    def host(name: str) -> Any:
        networks = found.networks.setdefault(name, {})

        def network(_: str, wanted: Network, *__: object) -> Network:
            assert wanted.name not in networks, wanted.name
            networks[wanted.name] = wanted
            return wanted

        shared = {wanted.name: network("", wanted) for wanted in plan.shared[name].values()}
        return SimpleNamespace(
            name=name,
            shared=shared,
            network=network,
            images=SimpleNamespace(name=lambda wanted: full_name(settings.registry, wanted)),
            provider=None,
            survey=Survey(),
        )

    def keep(self: Service, token: str, place: Place, spec: Container, *_: Any, **__: Any) -> None:
        self.place, self.name, self.deliveries = place, spec.name or spec.service, []
        self.container = Anything()  # type: ignore[assignment]
        self.volumes = {volume.name: Anything() for volume in spec.volumes}  # type: ignore[misc]
        name = place.docker_name(self.name)
        assert (place.host.name, name) not in found.containers, name
        found.containers[place.host.name, name] = place, spec

    hosts = {name: host(name) for name in settings.hosts}
    with mock.patch.object(Service, "__init__", keep):
        for one in plan.parties:
            party.Party(one, hosts, settings, line, file.stack, encryption)
        if plan.exchange:
            host_of_exchange = hosts[plan.exchange.host]
            party.Exchange(plan.exchange, host_of_exchange, line, release, file.stack, encryption)
    return found


@contextmanager
def without_engine() -> Iterator[None]:
    """Let components run without the engine, and fail at anything that would reach a host."""

    def nothing(*_: object, **__: object) -> None:
        pass

    touched = AssertionError("a host was touched")
    # The same texts, written by a faster library.
    dump = functools.partial(yaml.dump, Dumper=yaml.CSafeDumper)
    with (
        mock.patch.object(yaml, "safe_dump", dump),
        mock.patch.object(pulumi.ComponentResource, "__init__", nothing),
        mock.patch.object(pulumi.ComponentResource, "register_outputs", nothing),
        mock.patch.object(pulumi, "ResourceOptions", nothing),
        mock.patch.object(delivery, "in_container", nothing),
        mock.patch.object(servers, "verified", return_value=[]),
        mock.patch.object(tables, "shared", return_value={}),
        mock.patch.object(party, "all_healthy", nothing),
        mock.patch.object(subprocess, "Popen", side_effect=touched),
        mock.patch.object(socket.socket, "connect", side_effect=touched),
    ):
        yield


def check(found: Deployment) -> None:
    """Assert that Docker accepts what is to be put on the hosts, and that it fits together."""
    check_hosts(found)
    for (host, name), (place, spec) in found.containers.items():
        check_names(found, name, place, spec)
        check_secrets(found, spec)
        for attachment in spec.networks:
            assert attachment.network.name in place.networks, name
            assert attachment.network == found.networks[host][attachment.network.name], name
    check_databases(found)
    check_declared(found)
    check_tables(found)
    check_addresses(found)
    check_ports(found)
    check_crossing(found)
    check_routes(found)
    party_outputs(found.plan, found.settings, found.release)


def check_hosts(found: Deployment) -> None:
    hosts = found.settings.hosts
    urls = [urlsplit(host.docker) for host in hosts.values()]
    daemons = {(url.hostname, url.port or 22, url.path.rstrip("/"), url.username) for url in urls}
    assert len(daemons) == len(hosts), "two names for one daemon"
    for name, host in hosts.items():
        assert host.docker.startswith(("unix:///", "tcp://" if host.tls else "ssh://")), host.docker
        assert host.docker.isprintable(), host.docker
        assert host.docker == host.docker.strip(), host.docker
        assert len(host.docker) < 300, host.docker
        assert re.fullmatch(r"[0-9]{1,6}[kmg]", host.logs.max_size), host.logs.max_size
        networks = [network.subnet for network in found.networks[name].values()]
        assert not any(a.overlaps(b) for a, b in itertools.combinations(networks, 2)), name
        assert all(network.subnet_of(found.subnet(name)) for network in networks), name


# The grammar of Docker's references to images, and of java.net.URI for a host's name.
DOCKER_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}")
_LABEL = r"[a-zA-Z0-9]+(-+[a-zA-Z0-9]+)*"
_PATH = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
IMAGE = re.compile(rf"({_LABEL}(\.{_LABEL})*(:[0-9]+)?/)?{_PATH}(/{_PATH})*:[\w.-]+")
JAVA_HOST = re.compile(rf"{_LABEL}|({_LABEL}\.)+(?=[a-zA-Z]){_LABEL}")


def check_names(found: Deployment, name: str, place: Place, spec: Container) -> None:
    for one in [name, *(place.docker_name(volume.name) for volume in spec.volumes)]:
        assert DOCKER_NAME.fullmatch(one), one
    facts = place.services[spec.service]
    registry = "" if facts.own else found.settings.registry
    image = "/".join(filter(None, [registry, facts.image]))
    assert IMAGE.fullmatch(image), image
    assert len(image) <= 255, image
    assert all(0 < int(port) < 65536 for port in re.findall(":([0-9]+)/", image)), image


def check_secrets(found: Deployment, spec: Container) -> None:
    master = found.settings.master_secret.get_secret_value()
    for file in spec.files:
        assert file.content.encode()
        assert master not in file.content, file.path
        assert file.secret or MARK not in file.content, file.path
    for text in [*spec.command, *spec.environment.values(), spec.check]:
        assert MARK not in text, text
        assert "\0" not in text, text


def check_databases(found: Deployment) -> None:
    """Assert that a cluster runs all its services but those that somebody else runs."""
    for one in found.plan.parties:
        for kind, cluster in one.clusters.items():
            own = {
                spec.service
                for place, spec in found.containers.values()
                if (place.party, place.cluster) == (one.party.id, kind)
            }
            assert own == set(cluster.services), own
            assert not own & set(cluster.external)


def check_declared(found: Deployment) -> None:
    """Assert that what is looked for on the Docker hosts is what is deployed there."""
    docker_hosts = {name: host.docker for name, host in found.settings.hosts.items()}
    wanted = fleet.declared(found.plan, found.file.stack, docker_hosts)
    assert sorted((one.host, one.name) for one in wanted) == sorted(found.containers)
    for one in wanted:
        place, _ = found.containers[one.host, one.name]
        assert one.party == str(place.party or endpoints.EXCHANGE)


def check_tables(found: Deployment) -> None:
    """Assert that route tables are compared with those that are deployed, and ways followed from
    containers that are."""
    deployed = {
        (host, name, file.path): file.content
        for (host, name), (place, spec) in found.containers.items()
        for file in spec.files
        if file.reread
        and not {**found.release.services, **found.release.serving}[spec.service].edge
        and spec.service != "client"  # notebooks know who there is, not where
        and not file.path.startswith(hdfs.FOLDER)  # how many copies there are, not where
    }
    line = lines.of(found.release)
    tables = reread_files.of(found.plan, found.settings, line, found.file.stack)
    expected = {(one.host, one.container, one.file.path): one.file.content for one in tables}
    assert expected == deployed
    for way in connections.ways(found.plan, found.file.stack):
        place, _ = found.containers[way.host, way.container]
        assert way.party == str(place.party or endpoints.EXCHANGE)


def check_addresses(found: Deployment) -> None:
    taken: set[tuple[str, IPv4Address]] = set()
    for (host, name), (_, spec) in found.containers.items():
        for attachment in spec.networks:
            address, subnet = IPv4Address(attachment.address), attachment.network.subnet
            assert address in subnet, name
            assert address not in (subnet[0], attachment.network.gateway, subnet[-1]), name
            assert (host, address) not in taken, name
            taken.add((host, address))


def check_ports(found: Deployment) -> None:
    taken: dict[str, list[Published]] = {}
    for (host, name), (place, spec) in found.containers.items():
        for port in spec.published:
            assert port in place.services[spec.service].ports, port
        forwarded = [bound for _, bound in spec.forwarded]
        assert not any(IPv4Address(bound.ip).is_loopback for bound in forwarded), name
        for bound in (*spec.published.values(), *forwarded):
            assert not any(bound.clashes(other) for other in taken.get(host, [])), name
            taken.setdefault(host, []).append(bound)


@dataclass
class Caller:
    """Where a call comes from: a Docker host, and networks there."""

    host: str
    networks: set[str]


def check_crossing(found: Deployment) -> None:
    """Assert that what a container is told to be on another Docker host is called there, and is."""
    for one in found.plan.parties:
        for cluster in one.clusters.values():
            for host, known in cluster.known.items():
                for name, address in known.items():
                    there = [
                        where
                        for (where, container), (place, spec) in found.containers.items()
                        if place.docker_name(name) == container
                        and place.party == one.party.id
                        and spec.forwarded
                    ]
                    assert len(there) == 1, name
                    assert there[0] != host
                    assert found.settings.hosts[there[0]].reachable_at == address


def check_routes(found: Deployment) -> None:
    for one in found.plan.parties:
        inner = {port for cluster in one.clusters.values() for port in cluster.inner}
        assert one.clusters, one.party.id
        for cluster in one.clusters.values():
            own = Caller(cluster.host, {cluster.network.name})
            for port in inner & set(cluster.beside):
                check_route(found, own, cluster.beside[port], one.party.id)
            for host in cluster.branches:
                for to in cluster.home.values():
                    check_route(found, Caller(host, set()), to, one.party.id)
            if cluster.edge:
                check_edge(found, cluster.host, cluster.edge)
                check_tunnels(cluster.edge, cluster.others, cluster.default)
                continue
            gateway = Caller(cluster.host, {to.network.name for to in cluster.gateways.values()})
            for owner, reach in cluster.others.items():
                for to in reach.values():
                    check_route(found, gateway, to, owner)
            if cluster.default:
                check_route(found, gateway, cluster.default, None)
    if exchange := found.plan.exchange:
        if exchange.edge:
            check_edge(found, exchange.host, exchange.edge)
            check_tunnels(exchange.edge, exchange.parties, None)
        else:
            caller = Caller(exchange.host, {exchange.attachment.network.name})
            for owner, reach in exchange.parties.items():
                for to in reach.values():
                    check_route(found, caller, to, owner)
        assert exchange_output(exchange, found.settings)


def check_edge(found: Deployment, host: str, edge: edges.EdgePlan) -> None:
    """Assert that an edge's ways lead from outside to gateways, and from inside to other edges."""
    inside, outside = edge.inside.network.name, edge.outside.network.name
    for tunnel in edge.tunnels:
        owner = None if tunnel.party == endpoints.EXCHANGE else int(tunnel.party)
        check_route(found, Caller(host, {outside}), tunnel.to, owner)
    for entrance in edge.entrances:
        gateways = [
            spec.service
            for (where, name), (place, spec) in found.containers.items()
            if where == host and listens(name, place, spec, entrance.to, {inside})
        ]
        assert len(gateways) == 1, entrance
    ports = [way.port for way in edge.entrances] + [way.port for way in edge.tunnels]
    assert len(set(ports)) == len(ports), "two ways at one port"


def check_tunnels(
    edge: edges.EdgePlan, others: Mapping[int, endpoints.Reach], default: Endpoint | None
) -> None:
    """Assert that what routes lead to is a tunnel to the right party."""
    found = {(way.party, way.port) for way in edge.tunnels}
    wanted = {(str(owner), to.port) for owner, reach in others.items() for to in reach.values()}
    wanted |= {(endpoints.EXCHANGE, default.port)} if default else set()
    assert found == wanted
    hosts = {to.host for reach in others.values() for to in reach.values()}
    assert hosts | ({default.host} if default else set()) <= set(edge.inside.aliases)


def check_route(found: Deployment, caller: Caller, to: Endpoint, owner: int | None) -> None:
    """Assert that an endpoint is one of a party's, or of the exchange if there is no owner."""
    assert 1 <= to.port <= 65535, to
    ours = [party.id for party in found.settings.parties]
    if owner in ours or (owner is None and found.plan.exchange):
        owners = [
            place.party
            for (host, name), (place, spec) in found.containers.items()
            if (host == caller.host and listens(name, place, spec, to, caller.networks))
            or (host != caller.host and publishes(spec, to, found.settings.hosts[host]))
        ]
        assert owners == [owner], to
    if (caller.host, to.host) not in found.containers:
        try:
            address = IPv4Address(to.host)
        except ValueError:
            assert to.host.lower().split(".")[-1] != "localhost", to
        else:
            assert not address.is_loopback, to
            assert not address.is_unspecified, to
            assert address not in found.subnet(caller.host), to
            return
    assert all(len(label) <= 63 for label in to.host.split(".")), to
    assert len(to.host) <= 253
    assert found.release.line != "fate1_3" or JAVA_HOST.fullmatch(to.host), to


def listens(name: str, place: Place, spec: Container, to: Endpoint, networks: set[str]) -> bool:
    service = place.services[spec.service]
    ports = {port for port, _ in spec.forwarded} | {*service.ports.values()}
    return to.port in ports and any(
        to.host in (name, *attachment.aliases)
        for attachment in spec.networks
        if attachment.network.name in networks
    )


def publishes(spec: Container, to: Endpoint, host: DockerHost) -> bool:
    return host.reachable_at == to.host and any(
        bound.port == to.port and not IPv4Address(bound.ip).is_loopback
        for bound in (*spec.published.values(), *(bound for _, bound in spec.forwarded))
    )
