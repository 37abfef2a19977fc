"""serving-admin: the web interface to a serving cluster and its models."""

import pulumi

from ....docker.service import Container, Service
from ....party.context import ClusterContext
from . import home, zookeeper

SERVICE, USER = "serving-admin", "admin"


def config(context: ClusterContext) -> dict[str, object]:
    """application.properties."""
    return {
        "server.port": context.port(SERVICE),
        **zookeeper.url(context),
        "admin.username": USER,
        "admin.password": context.password("serving-admin"),
        # Without it the program does not start: its Spring is newer than its Swagger.
        "spring.mvc.pathmatch.matching-strategy": "ANT_PATH_MATCHER",
    }


class ServingAdmin(Service):
    """The administration of a serving cluster. It needs ZooKeeper, in which it finds the others.

    Args:
        context: the serving cluster it belongs to.
        opts: the parent and provider options.
    """

    def __init__(self, context: ClusterContext, opts: pulumi.ResourceOptions) -> None:
        super().__init__(
            "fate:fate1_11:ServingAdmin",
            context.place,
            Container(
                service=SERVICE,
                networks=[context.attachment(SERVICE)],
                command=home.start(SERVICE),
                files=home.files(SERVICE, config(context), secret=True),
                published={SERVICE: context.plan.published[SERVICE]},
            ),
            opts=opts,
        )
        self.register_outputs({})
