"""Where the clusters of FATE 1.7 to 1.11 run: node managers on the first host, serving apart."""

from collections.abc import Iterator
from dataclasses import replace

from ... import settings as stack_file
from ...plan import planner
from ...plan.placed import PlacedCluster
from ...serving import placing
from ...settings import Mistake
from .settings import Party, Settings


class Planner(planner.Planner):
    """Decides where the clusters of a stack of FATE 1.7 to 1.11 run."""

    settings: Settings

    def clusters(self, party: stack_file.Party) -> list[PlacedCluster]:
        """A party's clusters, training first, perhaps with some of it on other Docker hosts."""
        assert isinstance(party, Party)  # noqa: S101 - settings and parties are of one line
        clusters = []
        if keys := party.training:
            opened = placing.opened(self, party)
            cluster = self.training(keys, party.host, self.release, opened)
            placed = self.with_placed(cluster, keys)
            clusters.append(replace(placed, inner=(placing.FLOW,)))
        if party.serving:
            clusters.append(placing.cluster(self, party, party.serving))
        return clusters

    def mistakes(self) -> Iterator[Mistake]:
        """Mistakes that no single key reveals: unknown Docker hosts."""
        yield from super().mistakes()
        yield from placing.mistakes(self)
