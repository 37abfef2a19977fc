"""What containers of Spark and HDFS know of the party's other Docker hosts."""

from dataclasses import dataclass

import pulumi

from ..docker import delivery
from ..docker.service import File, Service
from ..plan.clusters import ClusterPlan
from .settings import DATA_NODE, WORKER

_PATH = "/etc/spark/hosts"
# Docker writes /etc/hosts anew when a container starts. It cannot be moved: Docker mounts it.
_ADD = f"""kept=$(grep -v "# spark$" /etc/hosts)
{{ printf "%s\\n" "$kept"; sed "/./s/$/ # spark/" {_PATH}; }} > /etc/hosts
"""


@dataclass(frozen=True)
class OtherHosts:
    """The names of what containers on a Docker host call on the party's others. Nothing if there
    are no others.

    Executors and data nodes listen at the address that they tell to others. So that is a name:
    inside of the container it stands for the container's own address, on other Docker hosts for
    their host's.

    Args:
        file: the names, in the format of /etc/hosts.
    """

    file: File | None

    @property
    def files(self) -> list[File]:
        """The files of the container."""
        return [self.file] if self.file else []

    @property
    def start(self) -> str:
        """The shell commands with which the container's own begin."""
        return _ADD if self.file else ""

    def deliver(self, service: Service, name: str) -> None:
        """Keep them up to date in a running container.

        Args:
            service: the service whose container it is.
            name: the last part of the resource's logical name.
        """
        if self.file:
            opts = pulumi.ResourceOptions(parent=service)
            delivery.file(name, service, self.file, opts, apply=_ADD)


def spread(plan: ClusterPlan) -> bool:
    """Whether some of a cluster's workers and data nodes are on other Docker hosts."""
    return any({WORKER, DATA_NODE} & branch.services.keys() for branch in plan.branches.values())


def seen_from(plan: ClusterPlan, host: str) -> OtherHosts:
    """What containers on one of a cluster's Docker hosts know of the others.

    Args:
        plan: the cluster.
        host: the Docker host's name.
    """
    if not spread(plan):
        return OtherHosts(None)
    # Java looks a name up again after 30 seconds (networkaddress.cache.ttl).
    text = "".join(f"{address} {name}\n" for name, address in sorted(plan.known[host].items()))
    return OtherHosts(File(_PATH, text, reread=True))


def told(plan: ClusterPlan) -> dict[str, list[str]]:
    """The containers that are told what is on the party's other Docker hosts, by Docker host."""
    if not plan.branches:
        return {}
    several = [service for service in (WORKER, DATA_NODE) if service in plan.facts.services]
    home = ["fateflow", *(name for service in several for name in plan.containers_of(service))]
    return {plan.host: home} | {
        host: [name for service in several for name in branch.services.get(service, ())]
        for host, branch in plan.branches.items()
    }
