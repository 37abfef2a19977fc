"""Waiting until services are healthy: once for all of a cluster, not for each by itself."""

from collections.abc import Sequence

import pulumi

from .. import tool
from .component import Service


def all_healthy(name: str, services: Sequence[Service], opts: pulumi.ResourceOptions) -> None:
    """Wait until services are healthy, once all of them are started and again after any of their
    containers is replaced.

    Fails with the container's log as soon as one of them cannot become healthy.

    Args:
        name: the resource's logical name.
        services: the services, all on the same Docker host.
        opts: the parent and provider options.
    """
    lines = [
        pulumi.Output.concat(service.place.docker_name(service.name), " ", service.container.id)
        for service in services
    ]
    # A delivery may restart a container, so it goes first.
    deliveries = [delivery for service in services for delivery in service.deliveries]
    tool.run(
        name,
        "fate_components.docker.wait",
        [],
        environment=services[0].place.host.environment,
        stdin=pulumi.Output.all(*lines).apply(lambda texts: "".join(f"{t}\n" for t in texts)),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=deliveries)),
    )
