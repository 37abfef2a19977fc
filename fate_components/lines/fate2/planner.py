"""Where the clusters of FATE 2 run: workers and data nodes can be on several Docker hosts."""

from collections.abc import Iterator

from ... import settings as stack_file
from ...engines import planner as engines_planner
from ...plan import planner
from ...plan.placed import Needs, PlacedCluster
from ...settings import Mistake
from .settings import Settings, training_of


class Planner(planner.Planner):
    """Decides where the clusters of a stack of FATE 2 run."""

    settings: Settings

    def clusters(self, party: stack_file.Party) -> list[PlacedCluster]:
        """A party's training cluster, perhaps with some of it on other Docker hosts."""
        engines, keys = self.settings.engines_of(party), training_of(party)
        release = self.release.computing_with(engines.computing, engines.storage)
        cluster = engines_planner.across_hosts(
            self.training(keys, party.host, release),
            keys,
            party.all_hosts,
            engines.federation,
            self.bound_inside,
        )
        return [self.with_placed(cluster, keys)]

    def needs(self, party: stack_file.Party, cluster: PlacedCluster, host: str) -> Needs:
        """What a training cluster needs; Spark's workers offer cores and memory to jobs."""
        needs = super().needs(party, cluster, host)
        return engines_planner.with_workers(needs, cluster, training_of(party), host)

    def mistakes(self) -> Iterator[Mistake]:
        """Mistakes in where parties and their services run, Spark's workers among them."""
        yield from super().mistakes()
        for index, party in enumerate(self.settings.parties):
            engines = self.settings.engines_of(party)
            if engines.computing == "spark":
                yield from engines_planner.mistakes(self, index, party.training, engines.hdfs)
