"""Changes to a running container that do not replace it."""

from collections.abc import Mapping
from pathlib import Path

import pulumi
import pulumi_command as command

from .inspect import drift
from .service import File, Service
from .tool import PYTHON

_DELIVER = Path(__file__).with_name("deliver_file.sh").read_text()
# Added to a command that has been repeated because its result was undone by hand.
_COUNT = f"""
ended=$?
[ "$ended" -eq 0 ] || exit "$ended"
write='mkdir -p {drift.REPAIRS} && echo "$0" > "{drift.REPAIRS}/$1"'
docker exec -u 0 "$CONTAINER" sh -c "$write" "$REPAIRS" "$REPAIRED"
"""


def in_container(
    name: str,
    service: Service,
    script: str,
    stdin: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
    environment: Mapping[str, str] | None = None,
    repairs: pulumi.Output[int] | None = None,
) -> command.local.Command:
    """Run a shell script against a container when it is new, and again when anything changes.

    Args:
        name: the purpose, used as the last part of the resource's logical name.
        service: the service that owns the container; the script gets its id as $CONTAINER.
        script: runs in this machine's shell; its docker command connects to the container's host.
        stdin: the script's standard input, shown in previews.
        opts: the parent and provider options.
        environment: additional variables for the script.
        repairs: how often it was run again because its result was undone by hand.
    """
    count = pulumi.Output.from_input(0) if repairs is None else repairs
    variables: dict[str, pulumi.Input[str]] = {
        **(environment or {}),
        **service.place.host.environment,
        "CONTAINER": service.container.id,
    }
    return command.local.Command(
        service.place.resource_name(name),
        # In a subshell, because it may end with exit.
        create=count.apply(lambda count: f"(\n{script}\n){_COUNT}" if count else script),
        stdin=stdin,
        environment=count.apply(
            lambda count: variables | ({"REPAIRS": str(count), "REPAIRED": name} if count else {})
        ),
        opts=opts,
    )


def once_healthy(
    name: str,
    service: Service,
    script: str,
    stdin: str,
    opts: pulumi.ResourceOptions,
    repairs: pulumi.Output[int] | None = None,
) -> command.local.Command:
    """Like `in_container`, but the script runs only once the service is healthy."""
    container = service.place.docker_name(service.name)
    wait = f'echo "{container} $CONTAINER" | {PYTHON} -m fate_components.docker.wait >&2'
    return in_container(name, service, f"{wait} &&\n{script}", stdin, opts, repairs=repairs)


def file(
    name: str,
    service: Service,
    wanted: File,
    opts: pulumi.ResourceOptions,
    apply: str = ":",
    then: str = "",
) -> None:
    """Deliver a file that a service rereads into its running container.

    Args:
        name: the purpose, used as the last part of the resource's logical name.
        service: the service.
        wanted: the same file as in the container's specification.
        opts: the parent and provider options.
        apply: the shell command, run in the container, that makes the service reread it; the
            default does nothing, for a service that rereads it by itself.
        then: a script for this machine's shell that runs last, like one of `in_container`, with the
            file's path as $FILE. $PULUMI_COMMAND_STDOUT is the container's id, too, if the file
            was delivered to it before.
    """
    place = service.place
    repairs = drift.repairs(
        place.host.survey,
        place.docker_name(service.name),
        name,
        drift.outdated(wanted.path, wanted.content),
    )
    delivered = in_container(
        name,
        service,
        _DELIVER + then,
        pulumi.Output.secret(wanted.content) if wanted.secret else wanted.content,
        opts,
        environment={"FILE": wanted.path, "APPLY": apply},
        repairs=repairs,
    )
    service.deliveries.append(delivered)
