"""A stack of this project: its settings, its release, and its deployment as planned."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from .. import lines
from ..docker.client.containers import Containers
from ..line import Line
from ..plan import planning
from ..plan.planner import Planner
from ..plan.topology import Topology
from ..releases.facts import Release
from ..settings import Party, Settings


class StackError(Exception):
    """A stack that cannot be read; the text explains why."""


@dataclass(frozen=True)
class Stack:
    """A stack of this project.

    Args:
        name: its name.
        settings: its settings.
        release: the facts of the release that it deploys.
    """

    name: str
    settings: Settings
    release: Release

    @property
    def line(self) -> Line:
        """Its release line."""
        return lines.of(self.release)

    @cached_property
    def planner(self) -> Planner:
        """What decides where its clusters run."""
        return lines.planner(self.settings, self.release)

    @cached_property
    def plan(self) -> Topology:
        """Its deployment, as planned."""
        return planning.plan(self.planner, self.name)

    def docker_hosts(self, party: int) -> list[str]:
        """How to reach the Docker hosts of a party, its training cluster's first.

        Args:
            party: the party's id.

        Raises:
            StackError: the stack has no such party.
        """
        clusters = self.planner.clusters(self.party(party))
        hosts = [cluster.host for cluster in clusters]
        hosts += [host for cluster in clusters for host in cluster.elsewhere]
        return [self.settings.hosts[host].docker for host in dict.fromkeys(hosts)]

    def external_database(self, party: int) -> str | None:
        """The database of a party that is on a MySQL of somebody else, if it is.

        Args:
            party: the party's id.

        Raises:
            StackError: the stack has no such party.
        """
        training = self.party(party).training
        if training is None or training.mysql.address is None:
            return None
        mysql = training.mysql
        return f"{mysql.database} on {mysql.address}:{mysql.port}"

    def party(self, party: int) -> Party:
        """A party of the stack.

        Args:
            party: its id.

        Raises:
            StackError: the stack has no such party.
        """
        for declared in self.settings.parties:
            if declared.id == party:
                return declared
        known = ", ".join(str(declared.id) for declared in self.settings.parties)
        raise StackError(f"stack {self.name} has no party {party}; its parties: {known}")

    def containers(self, kind: str) -> dict[str, Containers]:
        """The containers of each party's cluster of a kind, by party id."""
        return {
            str(party.id): Containers(
                self.name, str(party.id), self.settings.hosts[cluster.host].docker
            )
            for party in self.settings.parties
            for cluster in self.planner.clusters(party)
            if cluster.kind == kind
        }
