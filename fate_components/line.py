"""The contract of a release line: what the rest of the program asks the package that deploys it.

A release file names its line. The package fills in one `Line`; what it lacks it leaves out, and
whoever asks says so. Nothing outside of the package names it, but for the registry in `lines`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import pulumi

from .docker.client.containers import Containers
from .docker.inspect.survey import Survey
from .docker.service import File, Place, Service
from .jobs.fate_flow import FateFlow
from .plan.clusters import ClusterPlan
from .plan.planner import Planner
from .plan.topology import ExchangePlan, Topology
from .releases.facts import Release
from .settings import Party, Settings


@dataclass(frozen=True)
class DatabaseClient:
    """What a cluster uses database servers with.

    Args:
        service: a service whose image has a client for them.
        grants: what its services must be allowed to do in their database in MySQL.
    """

    service: str
    grants: tuple[str, ...] = ()


class Cluster(Protocol):
    """A cluster that is deployed.

    Attributes:
        services: its services, without its edge.
        passwords: the passwords that people need, by service.
    """

    services: list[Service]
    passwords: dict[str, str]


class DeploysCluster(Protocol):
    """Deploys a cluster of one kind.

    Attributes:
        client: what it uses database servers with.
    """

    client: DatabaseClient

    def __call__(
        self, place: Place, plan: ClusterPlan, settings: Settings, opts: pulumi.ResourceOptions
    ) -> Cluster:
        """Register its resources.

        Args:
            place: where its containers run.
            plan: the cluster's part of the topology.
            settings: the stack file's settings.
            opts: the parent and provider options.
        """


class DeploysExchange(Protocol):
    """Deploys the exchange between parties."""

    def __call__(self, place: Place, plan: ExchangePlan, opts: pulumi.ResourceOptions) -> Service:
        """Register its service, without its edge."""


@dataclass(frozen=True)
class RereadFile:
    """A file that a service reads again by itself while it runs, like a route table.

    Args:
        host: the name of the Docker host.
        container: what the container is called within the party, or "exchange".
        file: the file as it should be.
        outdated: the path of the file in the container that says which of its earlier values the
            service keeps using if it was started before that file was written; "" if it keeps none.
    """

    host: str
    container: str
    file: File
    outdated: str = ""


class RereadFiles(Protocol):
    """Tells which files the services of a deployment read again by themselves."""

    def of_cluster(self, plan: ClusterPlan, settings: Settings, stack: str) -> Iterator[RereadFile]:
        """Those of a cluster's services."""

    def of_exchange(self, plan: ExchangePlan) -> RereadFile:
        """The one of the exchange."""


@dataclass(frozen=True)
class Finding:
    """Something to be known before a deployment is changed.

    Args:
        text: a message with what to do.
        certain: whether the change must not happen; otherwise the message is a warning.
    """

    text: str
    certain: bool


class LostData(Protocol):
    """Tells what a change of the deployment would lose."""

    def __call__(
        self, plan: Topology, stack: str, surveys: Mapping[str, Survey]
    ) -> Iterator[Finding]:
        """Compare the deployment with what is on its Docker hosts.

        Args:
            plan: the deployment as it is to be.
            stack: the stack's name.
            surveys: the Docker hosts.
        """


class PublishError(Exception):
    """A model that cannot be published; the text explains why."""


@dataclass(frozen=True)
class Publication:
    """A model to be published.

    Args:
        job: the id of the job that trained it.
        service: the name to publish it under.
        features: the guest's features of the trial request.
        device: the device_id of the trial request; a random one if it is empty.
    """

    job: str
    service: str
    features: Mapping[str, Any]
    device: str = ""


class TellsProgress(Protocol):
    """Is told how far a publication is."""

    def said(self, text: str) -> None:
        """A step that succeeded."""

    def warning(self, text: str) -> None:
        """What the operator should know."""

    def loaded(self, answers: Sequence[tuple[str, str, str]]) -> None:
        """What each party answered: its role, its id, and the answer."""


class Publishes(Protocol):
    """Publishes a model."""

    def __call__(
        self,
        training: Mapping[str, Containers],
        serving: Mapping[str, Containers],
        wanted: Publication,
        tell: TellsProgress,
    ) -> None:
        """Make it answer requests, and try one.

        Args:
            training: the training clusters of the stack, by party id.
            serving: its serving clusters, by party id.
            wanted: the model.
            tell: is told how far it is.

        Raises:
            PublishError: it cannot be published.
        """


@dataclass(frozen=True)
class Serving:
    """Serving clusters of a release line.

    Args:
        check: the full name of the module that checks one after an update.
        publish: publishes a model.
    """

    check: str
    publish: Publishes


class StuckJobs(Protocol):
    """Tells what keeps the running jobs of a party from going on."""

    def __call__(
        self, plan: ClusterPlan, party: Containers, running: Collection[str], now: datetime
    ) -> tuple[list[str], list[str]]:
        """Errors and warnings, each with its remedy.

        Args:
            plan: the party's training cluster.
            party: its containers.
            running: its services that run, FATE Flow among them.
            now: the time.
        """


class AdaptsTables(Protocol):
    """Tells how the tables of a party fit it again after a restore."""

    def __call__(self, settings: Settings, release: Release, party: Party) -> str:
        """The SQL to run in the restored database; "" if there is none."""


@dataclass(frozen=True)
class FromKubefate:
    """What becomes of a party of KubeFATE.

    Args:
        first_spelling: whether its files spell the lists of parties as KubeFATE does up to v1.4.
        fixed: the options of which stacks have one value only: that value, and what holds for
            others.
        left: the options that have no place in a stack, and why.
        cores: whether its number of cores becomes that of a party's jobs.
        least_cores: the smallest number of cores that a party's jobs can have.
        variants: the names of the images that it has for several algorithms and devices, with a
            suffix, if these are options of the stack.
        data: what can be taken over: the service and the path in its container, by the last part
            of the name that the volume with it will have; empty if nothing can.
    """

    first_spelling: bool
    fixed: Mapping[str, tuple[str, str]]
    left: Mapping[str, str]
    cores: bool = False
    least_cores: int = 1
    variants: tuple[str, ...] = ()
    data: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """A release line.

    Args:
        settings: the model of its stack files.
        planner: decides where its clusters run, and what they need there.
        clusters: what deploys each kind of cluster that it has.
        reread: the files that its services read again by themselves.
        fate_flow: FATE Flow, which knows the jobs.
        toy_job: the full name of the module that runs the toy job.
        exchange: what deploys the exchange, if its releases have one.
        from_kubefate: what becomes of a party of KubeFATE, if KubeFATE deploys such parties.
        serving: its serving clusters, if it has any.
        stuck_jobs: what keeps running jobs from going on, if that can be told.
        lost_data: what a change of the deployment would lose, if that can be told beforehand.
        adapt_tables: how restored tables fit their party again, if they must be changed.
    """

    settings: type[Settings]
    planner: type[Planner]
    clusters: Mapping[str, DeploysCluster]
    reread: RereadFiles
    fate_flow: FateFlow
    toy_job: str
    exchange: DeploysExchange | None = None
    from_kubefate: FromKubefate | None = None
    serving: Serving | None = None
    stuck_jobs: StuckJobs | None = None
    lost_data: LostData | None = None
    adapt_tables: AdaptsTables | None = None
