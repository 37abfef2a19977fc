"""Where the clusters of FATE 1.3 run: eggs can be on several Docker hosts, and serving apart."""

from collections.abc import Iterator
from dataclasses import replace

from ... import settings as stack_file
from ...plan import planner
from ...plan.cross_host import CrossHostPorts
from ...plan.placed import Needs, PlacedCluster
from ...plan.planner import published
from ...releases.facts import Release
from ...serving import placing
from ...settings import TRAINING, Mistake, addresses
from ...settings.errors import shown
from ...settings.services import overridden
from . import egg_addresses
from .settings import EGG, LINK, Party, Settings, Training


class Planner(planner.Planner):
    """Decides where the clusters of a stack of FATE 1.3 run."""

    settings: Settings

    def clusters(self, party: stack_file.Party) -> list[PlacedCluster]:
        """A party's clusters, training first.

        If they are on two Docker hosts, the ports that they call each other at are bound to their
        host's address by default, or to all addresses if that is a name.
        """
        assert isinstance(party, Party)  # noqa: S101 - settings and parties are of one line
        clusters = []
        if party.training:
            opened = placing.opened(self, party)
            facts = overridden(self.release, party.training.services)
            ports = published(party.training, facts, self.bound(party.host), opened)
            without = facts.without(LINK)
            cluster = PlacedCluster(TRAINING, party.host, without, ports, inner=(placing.FLOW,))
            spread = self.with_placed(self._spread(cluster, party.training, facts), party.training)
            clusters.append(replace(spread, one_subnet=bool(spread.elsewhere)))
        if party.serving:
            clusters.append(placing.cluster(self, party, party.serving))
        return clusters

    def needs(self, party: stack_file.Party, cluster: PlacedCluster, host: str) -> Needs:
        """What one of a party's clusters needs; each egg starts the processors of a job."""
        needs = super().needs(party, cluster, host)
        assert isinstance(party, Party)  # noqa: S101 - settings and parties are of one line
        training = party.training
        if cluster.kind != TRAINING or not training:
            return needs
        eggs = cluster.containers_at(host, EGG, training)
        return replace(needs, cores=(training.processors or 0) if eggs else 0)

    def mistakes(self) -> Iterator[Mistake]:
        """Mistakes that no single key reveals: unknown Docker hosts, and eggs that do not fit."""
        yield from super().mistakes()
        yield from placing.mistakes(self)
        for index, party in enumerate(self.settings.parties):
            if party.training:
                yield from self._eggs(index, party.host, party.training)

    def _spread(self, cluster: PlacedCluster, training: Training, facts: Release) -> PlacedCluster:
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
                CrossHostPorts(
                    name, host, training.egg_port, 1, self.bound_inside(host), ("eggPort",), False
                )
                for host, (name,) in elsewhere.items()
            ),
        )

    def _eggs(self, index: int, home: str, training: Training) -> Iterator[Mistake]:
        """What keeps a party's eggs from working on several Docker hosts."""
        where = ("parties", index, "training")
        eggs = training.eggs_at(home)
        elsewhere = [host for host in eggs if host != home]
        if not elsewhere:
            if "egg_port" in training.model_fields_set:
                yield Mistake(
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
                yield Mistake(
                    (*where, "eggs"),
                    f"are {count} {there}, but at most {most} fit there; set fewer",
                )
        for host in elsewhere:
            if not addresses.java_accepts(f"{EGG}.{host}"):
                yield Mistake(
                    (*where, "eggs"),
                    f"are called by names that end in {shown(host)}, and FATE's Java services call "
                    "no name whose last part begins with a digit; rename that Docker host",
                )
