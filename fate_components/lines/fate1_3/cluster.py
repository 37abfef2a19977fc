"""What the services of a training cluster of FATE 1.3 know about each other."""

from ...docker.networks import Attachment
from ...party import context as cluster
from . import egg_addresses
from .settings import EGG, Training


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
        """The eggs' names in the party's networks."""
        return self.training.containers(EGG, self.plan.host)

    @property
    def eggs_at(self) -> dict[str, tuple[str, ...]]:
        """The same by Docker host."""
        return self.training.eggs_at(self.plan.host)

    def egg(self, name: str) -> Attachment:
        """The attachment of an egg, or of its stand-in, to the party's network."""
        first = self.plan.facts.services[EGG].address
        octets = egg_addresses.octets(first, self.eggs_at, self.plan.host)
        network = self.plan.network
        return Attachment(network, network.at(octets[name]), aliases=(name,))

    @property
    def redis_password(self) -> str:
        """The password of Redis."""
        return self.password("redis", self.training.redis.password)
