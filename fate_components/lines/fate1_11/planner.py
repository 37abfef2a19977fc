"""Where the clusters of FATE 1.7 to 1.11 run: all node managers are on the party's first host."""

from ... import settings as stack_file
from ...plan import planner
from ...plan.placed import PlacedCluster
from .settings import Party, Settings


class Planner(planner.Planner):
    """Decides where the clusters of a stack of FATE 1.7 to 1.11 run."""

    settings: Settings

    def clusters(self, party: stack_file.Party) -> list[PlacedCluster]:
        """A party's training cluster, perhaps with some of it on other Docker hosts."""
        assert isinstance(party, Party)  # noqa: S101 - settings and parties are of one line
        found = self.training(party.training, party.host, self.release)
        return [self.with_placed(found, party.training)]
