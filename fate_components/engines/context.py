"""What the services of a training cluster with a choice of engines know about each other."""

from dataclasses import dataclass

from ..docker.networks import Attachment
from ..party import context as cluster
from ..plan.endpoints import Endpoint
from .hdfs.ports import HdfsPorts
from .settings import FLOW_PORT, Engines, Training
from .spark.ports import SparkPorts


@dataclass(frozen=True)
class EngineContext(cluster.TrainingContext):
    """A training cluster with a choice of engines, as its services see it.

    Args:
        engines: its computing, federation and storage engines.
    """

    engines: Engines

    @property
    def training(self) -> Training:
        """Its settings in the stack file."""
        training = self.plan.party.training
        assert isinstance(training, Training)  # noqa: S101 - settings match the release line
        return training

    @property
    def spark_ports(self) -> SparkPorts | None:
        """Where the parts of its Spark cluster listen, if it has one."""
        if self.engines.computing != "spark":
            return None
        return self.training.spark_ports(self.plan.host, self.port("spark-master"))

    @property
    def hdfs_ports(self) -> HdfsPorts | None:
        """Where the parts of its HDFS listen, if it has one."""
        if not self.engines.hdfs:
            return None
        ports = self.ports("name-node") | self.ports("data-node")
        return self.training.hdfs_ports(self.plan.party.all_hosts, ports)

    def attachment_at(self, service: str, name: str, host: str, index: int) -> Attachment:
        """The attachment of one of several containers of a service to the party's network.

        Args:
            service: the service's name in the release.
            name: the container's name.
            host: the name of its Docker host.
            index: which of the containers there it is, from 0.
        """
        network = self.plan.network_at(host)
        octet = self.plan.facts.services[service].address + index
        return Attachment(network, network.at(octet), aliases=(name,))

    @property
    def rabbitmq_password(self) -> str:
        """The password of RabbitMQ's administrator."""
        return self.password("rabbitmq", self.training.rabbitmq.password)

    @property
    def notebook_token(self) -> str:
        """The token that the notebook asks for at login."""
        return self.password("client", self.training.client.token)

    @property
    def fateboard_password(self) -> str:
        """The password of FATE Board's administrator."""
        return self.password("fateboard")

    def ports(self, service: str) -> dict[str, int]:
        """The ports a service of the cluster listens on, by name."""
        return self.plan.facts.services[service].ports

    @property
    def fate_flow_grpc(self) -> Endpoint:
        """Where FATE Flow accepts calls of other parties with gRPC."""
        return Endpoint(self.fate_flow.host, self.ports("fateflow")["fateflow-grpc"])

    @property
    def fate_flow(self) -> Endpoint:
        """FATE Flow's own address, which it both listens on and announces to others."""
        return Endpoint(self.attachment("fateflow").address, self.ports("fateflow")[FLOW_PORT])

    def fate_flow_from(self, container: str) -> Endpoint:
        """Where one of its containers calls FATE Flow."""
        return self.fate_flow if self.at_home(container) else self.plan.home[FLOW_PORT]
