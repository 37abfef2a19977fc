"""A party of the federation, and the exchange between parties."""

from collections.abc import Mapping
from dataclasses import replace

import pulumi
import pulumi_docker as docker

from ..docker.host import Host
from ..docker.names import labels
from ..docker.networks import Network
from ..docker.service import Place, Service, all_healthy
from ..line import Line
from ..plan.clusters import ClusterPlan
from ..plan.endpoints import EXCHANGE
from ..plan.topology import ExchangePlan, PartyPlan
from ..releases.facts import Release
from ..security.certificates import Certificates
from ..settings import SERVING, TRAINING, Settings
from .edge import Edge
from .external import servers


def network_kinds(usual: Mapping[str, str], present: Mapping[str, str]) -> dict[str, str]:
    """The kind of cluster by which a party's network on each Docker host is known.

    It decides the network's logical name and its label. A network that is there keeps its own,
    whichever clusters run in it now: if it followed them, a cluster that moves to the host of the
    other one would replace the network under the one that stays.

    Args:
        usual: the kind for a new network, by Docker host.
        present: the kind of the network that is there, by Docker host.
    """
    kinds: dict[str, str] = {}
    for host in sorted(usual, key=lambda name: name not in present):
        wanted = present.get(host, usual[host])
        kinds[host] = next(
            kind for kind in (wanted, TRAINING, SERVING) if kind not in kinds.values()
        )
    return kinds


class Party(pulumi.ComponentResource):
    """A party: its networks, and its clusters in them.

    Args:
        plan: its part of the topology.
        hosts: the stack's Docker hosts, by name.
        settings: the stack file's settings.
        line: the release line.
        stack: the stack's name.
        certificates: the certificates of the deployment, if its connections are encrypted.

    Attributes:
        id: its id in the federation.
        hosts: the Docker host of each of its clusters, by kind.
        services: the services of each of its clusters, by kind.
        passwords: the passwords that people need, by service.
    """

    def __init__(
        self,
        plan: PartyPlan,
        hosts: Mapping[str, Host],
        settings: Settings,
        line: Line,
        stack: str,
        certificates: Certificates | None,
    ) -> None:
        super().__init__(
            "fate:index:Party",
            str(plan.party.id),
            {},
            pulumi.ResourceOptions(providers={"docker": hosts[plan.party.host].provider}),
        )
        self.id = plan.party.id
        self._stack = stack
        self._networks: dict[str, docker.Network] = {}
        self._kinds = self._network_kinds(plan, hosts)
        self.hosts = {kind: hosts[cluster.host] for kind, cluster in plan.clusters.items()}
        self.services: dict[str, list[Service]] = {}
        self.passwords: dict[str, str] = {}
        places: dict[str, Place] = {}
        verified: list[pulumi.Resource] = []
        for kind, cluster in plan.clusters.items():
            host = hosts[cluster.host]
            places[kind] = Place(
                stack=stack,
                cluster=kind,
                host=host,
                services=cluster.facts.services,
                networks=self._networks_of(cluster, host),
                party=self.id,
                keep_data=settings.keep_data,
            )
            elsewhere = {
                name: replace(
                    places[kind],
                    host=hosts[name],
                    networks=self._network_elsewhere(branch.network, hosts[name]),
                )
                for name, branch in cluster.branches.items()
            }
            places[kind] = replace(places[kind], elsewhere=elsewhere)
            client = line.clusters[kind].client
            child = pulumi.ResourceOptions(parent=self)
            verified += servers.verified(places[kind], cluster, client, child)
        for kind, cluster in plan.clusters.items():
            at_host = pulumi.ResourceOptions(
                parent=self, providers={"docker": hosts[cluster.host].provider}
            )
            place = replace(places[kind], after=verified)
            deployed = line.clusters[kind](place, cluster, settings, at_host)
            if certificates and cluster.edge:
                gateways = [
                    service
                    for service in deployed.services
                    if service.name in cluster.facts.gateways
                ]
                edge = Edge(
                    place,
                    cluster.edge.service,
                    str(self.id),
                    cluster.edge,
                    certificates,
                    [
                        (port, cluster.published[name])
                        for name, port in cluster.facts.gateway_ports.items()
                    ],
                    [gateway.container for gateway in gateways],
                    at_host,
                )
                deployed.services.append(edge)
            self.services[kind] = deployed.services
            self.passwords |= deployed.passwords
            health = "health" if kind == TRAINING else f"{kind}-health"
            child = pulumi.ResourceOptions(parent=self)
            for name in cluster.hosts:
                there = [
                    service for service in deployed.services if service.place.host.name == name
                ]
                where = health if name == cluster.host else f"{health}-at-{name}"
                all_healthy(place.resource_name(where), there, child)
        self.register_outputs({})

    def _network_elsewhere(self, network: Network, host: Host) -> dict[str, docker.Network]:
        """The party's network on a Docker host where it has no cluster, but a part of one."""
        name, labelled = f"{self.id}-at-{host.name}", self._network_labels(TRAINING)
        return {network.name: host.network(name, network, labelled, self)}

    def _network_kinds(self, plan: PartyPlan, hosts: Mapping[str, Host]) -> dict[str, str]:
        usual: dict[str, str] = {}
        present: dict[str, str] = {}
        for kind, cluster in plan.clusters.items():
            at_home = cluster.host == plan.party.host
            usual.setdefault(cluster.host, TRAINING if at_home else kind)
            there = hosts[cluster.host].survey.networks.get(cluster.network.name, {})
            present_labels = there.get("Labels") or {}
            if (
                present_labels.items()
                >= self._network_labels(present_labels.get("fate.cluster", "")).items()
            ):
                present[cluster.host] = present_labels["fate.cluster"]
        return network_kinds(usual, present)

    def _network_labels(self, kind: str) -> dict[str, str]:
        return labels(self._stack, party=str(self.id), cluster=kind)

    def _networks_of(self, cluster: ClusterPlan, host: Host) -> dict[str, docker.Network]:
        if host.name not in self._networks:
            kind = self._kinds[host.name]
            self._networks[host.name] = host.network(
                str(self.id) if kind == TRAINING else f"{self.id}-{kind}",
                cluster.network,
                self._network_labels(kind),
                self,
            )
        own = self._networks[host.name]
        return {cluster.network.name: own} | host.shared


class Exchange(pulumi.ComponentResource):
    """The exchange that this stack runs between its parties and their peers.

    Args:
        plan: its part of the topology.
        host: its Docker host.
        line: the release line.
        release: the facts of the release.
        stack: the stack's name.
        certificates: the certificates of the deployment, if its connections are encrypted.
    """

    def __init__(
        self,
        plan: ExchangePlan,
        host: Host,
        line: Line,
        release: Release,
        stack: str,
        certificates: Certificates | None,
    ) -> None:
        super().__init__(
            "fate:index:Exchange",
            "exchange",
            {},
            pulumi.ResourceOptions(providers={"docker": host.provider}),
        )
        child = pulumi.ResourceOptions(parent=self)
        networks = dict(host.shared)
        if plan.network:
            labelled = labels(stack, cluster=EXCHANGE)
            networks[plan.network.name] = host.network(EXCHANGE, plan.network, labelled, self)
        place = Place(
            stack=stack,
            cluster=EXCHANGE,
            host=host,
            services=release.services,
            networks=networks,
            party=None,
        )
        assert line.exchange  # noqa: S101 - its release has one
        services = [line.exchange(place, plan, child)]
        if certificates and plan.edge and plan.edge_name:
            edge = Edge(
                place,
                plan.edge_name,
                EXCHANGE,
                plan.edge,
                certificates,
                [(plan.services[0].port, plan.published)],
                [services[0].container],
                child,
            )
            services.append(edge)
        all_healthy("exchange-health", services, child)
        self.register_outputs({})
