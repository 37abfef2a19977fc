"""What the services of a training cluster of FATE 1.3 know about each other."""

from .. import cluster
from .settings import Training


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
        return self.training.containers("egg")

    @property
    def redis_password(self) -> str:
        """The password of Redis."""
        return self.password("redis", self.training.redis.password)
