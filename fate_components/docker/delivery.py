"""What reaches a running container without replacing it."""

from collections.abc import Mapping

import pulumi
import pulumi_command as command
import pulumi_docker as docker

from .host import Host


def in_container(
    name: str,
    host: Host,
    container: docker.Container,
    script: str,
    stdin: str,
    opts: pulumi.ResourceOptions,
    environment: Mapping[str, str] | None = None,
) -> command.local.Command:
    """Run a shell script against a container when it is new, and again when anything changed.

    Args:
        name: the resource's logical name.
        host: the Docker host the container is on.
        container: the container; the script finds its id as $CONTAINER.
        script: for this machine's shell; its docker command speaks to the container's host.
        stdin: what the script reads, shown in previews.
        opts: whose child it is.
        environment: more variables for the script.
    """
    return command.local.Command(
        name,
        create=script,
        stdin=stdin,
        environment={
            **(environment or {}),
            "DOCKER_HOST": host.docker_host,
            "DOCKER_CONTEXT": "",  # an operator's own would go before DOCKER_HOST
            "CONTAINER": container.id,
        },
        opts=opts,
    )
