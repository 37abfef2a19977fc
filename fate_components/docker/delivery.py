"""What reaches a running container without replacing it."""

from collections.abc import Mapping
from pathlib import Path

import pulumi
import pulumi_command as command

from .service import File, Service
from .tool import PYTHON

_DELIVER = Path(__file__).with_name("deliver_file.sh").read_text()


def in_container(
    name: str,
    service: Service,
    script: str,
    stdin: str,
    opts: pulumi.ResourceOptions,
    environment: Mapping[str, str] | None = None,
) -> command.local.Command:
    """Run a shell script against a container when it is new, and again when anything changed.

    Args:
        name: what it is for, the last part of the resource's logical name.
        service: whose container; the script finds its id as $CONTAINER.
        script: for this machine's shell; its docker command speaks to the container's host.
        stdin: what the script reads, shown in previews.
        opts: whose child it is.
        environment: more variables for the script.
    """
    return command.local.Command(
        service.place.resource_name(name),
        create=script,
        stdin=stdin,
        environment={
            **(environment or {}),
            **service.place.host.environment,
            "CONTAINER": service.container.id,
        },
        opts=opts,
    )


def once_healthy(
    name: str, service: Service, script: str, stdin: str, opts: pulumi.ResourceOptions
) -> command.local.Command:
    """As `in_container`, for a script that needs the service to work: it waits for its health."""
    container = service.place.docker_name(service.name)
    wait = f'echo "{container} $CONTAINER" | {PYTHON} -m fate_components.docker.wait >&2'
    return in_container(name, service, f"{wait} &&\n{script}", stdin, opts)


def file(
    name: str, service: Service, wanted: File, opts: pulumi.ResourceOptions, apply: str = ":"
) -> None:
    """Bring a file that a service reads again into its running container.

    Args:
        name: what it is for, the last part of the resource's logical name.
        service: the service.
        wanted: the file, the same that the container was created with.
        opts: whose child it is.
        apply: the shell command in the container that makes the service read it; nothing is run
            for one that reads it again by itself.
    """
    delivered = in_container(
        name,
        service,
        _DELIVER,
        wanted.content,
        opts,
        environment={"FILE": wanted.path, "APPLY": apply},
    )
    service.deliveries.append(delivered)
