"""What the services of a training cluster of FATE 1.3 know about each other."""

from .. import cluster
from .settings import Training


def egg_names(count: int) -> list[str]:
    """The eggs' names in a party's network: egg, egg-2, egg-3 …"""
    return ["egg", *(f"egg-{n}" for n in range(2, count + 1))]


class ClusterContext(cluster.TrainingContext):
    """A training cluster of FATE 1.3, as its services see it."""

    @property
    def training(self) -> Training:
        """Its settings in the stack file."""
        training = self.plan.party.training
        assert isinstance(training, Training)  # noqa: S101 - settings match the release line
        return training

    @property
    def eggs(self) -> list[str]:
        """The eggs' names in the party's network."""
        return egg_names(self.training.eggs)

    @property
    def redis_password(self) -> str:
        """The password of Redis."""
        return self.password("redis", self.training.redis.password)
