"""What the services of a training cluster of FATE 1.7 to 1.11 know about each other."""

from ...docker.networks import Attachment
from ...engines.settings import FLOW_PORT
from ...party import context as cluster
from ...plan.endpoints import Endpoint
from .settings import NODE_MANAGER, Training


class ClusterContext(cluster.TrainingContext):
    """A training cluster of FATE 1.7 to 1.11, as its services see it."""

    @property
    def training(self) -> Training:
        """Its settings in the stack file."""
        training = self.plan.party.training
        assert isinstance(training, Training)  # noqa: S101 - settings match the release line
        return training

    def node(self, index: int, name: str) -> Attachment:
        """The attachment of a node manager to the party's network.

        Args:
            index: which of them it is, from 0.
            name: its name.
        """
        network = self.plan.network
        octet = self.plan.facts.services[NODE_MANAGER].address + index
        return Attachment(network, network.at(octet), aliases=(name,))

    @property
    def notebook_token(self) -> str:
        """The token that the notebook asks for at login."""
        return self.password("client", self.training.client.token)

    @property
    def fate_flow(self) -> Endpoint:
        """FATE Flow's own address, which it both listens on and tells its tasks."""
        return Endpoint(self.attachment("fateflow").address, self._flow_ports[FLOW_PORT])

    @property
    def fate_flow_grpc(self) -> Endpoint:
        """Where FATE Flow accepts calls of other parties, which rollsite passes on."""
        return Endpoint(self.fate_flow.host, self._flow_ports["fateflow-grpc"])

    def fate_flow_from(self, container: str) -> Endpoint:
        """Where one of its containers calls FATE Flow."""
        return self.fate_flow if self.at_home(container) else self.plan.home[FLOW_PORT]

    @property
    def _flow_ports(self) -> dict[str, int]:
        return self.plan.facts.services["fateflow"].ports
