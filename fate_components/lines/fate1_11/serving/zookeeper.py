"""ZooKeeper: where the services of a serving cluster register, for its administration."""

import pulumi

from ....docker.service import Container, Service, Volume
from ....party.context import ClusterContext

SERVICE = "serving-zookeeper"


def url(context: ClusterContext) -> dict[str, object]:
    """The property that names the cluster's ZooKeeper; none if it has no such."""
    if SERVICE not in context.plan.facts.services:
        return {}
    at = context.endpoint(SERVICE)
    return {"zk.url": f"{at.host}:{at.port}"}


def own_address(context: ClusterContext, service: str) -> str:
    """The shell commands after which a service registers its address in the party's network; none
    if there is no ZooKeeper.

    It registers the first address that its own host name has. A container with two networks has two
    of them in /etc/hosts, in any order, and the others reach only one.
    """
    if SERVICE not in context.plan.facts.services:
        return ""
    address = context.attachment(service).address
    # It cannot be moved: Docker mounts it, and writes it anew when the container starts.
    return (
        f'hosts="{address} $(hostname)\n$(cat /etc/hosts)" && '
        "printf '%s\\n' \"$hosts\" > /etc/hosts && "
    )


class Zookeeper(Service):
    """The ZooKeeper of a serving cluster. The others wait for it by themselves.

    They register again by themselves, but not with one that has forgotten what they have seen of it
    (its transactions' numbers would go back). So it keeps its data in a volume.

    Args:
        context: the serving cluster it belongs to.
        opts: the parent and provider options.
    """

    def __init__(self, context: ClusterContext, opts: pulumi.ResourceOptions) -> None:
        super().__init__(
            "fate:fate1_11:Zookeeper",
            context.place,
            Container(
                service=SERVICE,
                networks=[context.attachment(SERVICE)],
                volumes=[Volume(SERVICE, "/bitnami/zookeeper")],
            ),
            opts=opts,
        )
        self.register_outputs({})
