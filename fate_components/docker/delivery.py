"""Changes to a running container that do not replace it."""

from collections.abc import Mapping
from pathlib import Path

import pulumi
import pulumi_command as command

from .inspect import drift
from .service import File, Service
from .tool import PYTHON

_DELIVER = Path(__file__).with_name("deliver_file.sh").read_text()
_BEFORE = "  # BEFORE\n"
# Added for a service that must be made to read the file: an earlier delivery may have been killed
# after it had written the file. Docker writes /etc/hostname whenever it starts a container.
_APPLY_AGAIN = f"""
if [ "$wanted" = "$present" ]; then
  if [ "${{PULUMI_COMMAND_STDOUT:-}}" = "$CONTAINER" ]; then
    docker exec "$CONTAINER" sh -c "$APPLY" >&2
  elif docker exec "$CONTAINER" sh -c '[ "$0" -nt /etc/hostname ]' "$FILE"; then
    {PYTHON} -m fate_components.docker.restart NAME "$FILE" >&2
  fi
fi
"""
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
    stdin: str,
    opts: pulumi.ResourceOptions,
    environment: Mapping[str, str] | None = None,
    wrong: drift.Wrong | None = None,
    secret: bool = False,
) -> command.local.Command:
    """Run a shell script against a container when it is new, and again when anything changes.

    Args:
        name: the purpose, used as the last part of the resource's logical name.
        service: the service that owns the container; the script gets its id as $CONTAINER.
        script: runs in this machine's shell; its docker command connects to the container's host.
        stdin: the script's standard input, shown in previews.
        opts: the parent and provider options.
        environment: additional variables for the script.
        wrong: whether its result was undone by hand, so that it must be run again.
        secret: whether its standard input contains a password.
    """
    place = service.place
    count = pulumi.Output.from_input(0)
    if wrong:
        count = drift.repairs(
            place.host.survey,
            place.docker_name(service.name),
            name,
            place.resource_name(name),
            stdin,
            wrong,
        )
    variables: dict[str, pulumi.Input[str]] = {
        **(environment or {}),
        **place.host.environment,
        "CONTAINER": service.container.id,
    }
    return command.local.Command(
        place.resource_name(name),
        # In a subshell, because it may end with exit.
        create=count.apply(lambda count: f"(\n{script}\n){_COUNT}" if count else script),
        stdin=pulumi.Output.secret(stdin) if secret else stdin,
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
    wrong: drift.Wrong | None = None,
) -> command.local.Command:
    """Like `in_container`, but the script runs only once the service is healthy."""
    container = service.place.docker_name(service.name)
    wait = f'echo "{container} $CONTAINER" | {PYTHON} -m fate_components.docker.wait >&2'
    return in_container(name, service, f"{wait} &&\n{script}", stdin, opts, wrong=wrong)


def file(
    name: str,
    service: Service,
    wanted: File,
    opts: pulumi.ResourceOptions,
    apply: str = "",
    before: str = "",
    then: str = "",
    environment: Mapping[str, str] | None = None,
    unfinished: drift.Wrong | None = None,
) -> None:
    """Deliver a file that a service rereads into its running container.

    Args:
        name: the purpose, used as the last part of the resource's logical name.
        service: the service.
        wanted: the same file as in the container's specification.
        opts: the parent and provider options.
        apply: the shell command, run in the container, that makes the service reread it; none for
            a service that rereads it by itself.
        before: a script for this machine's shell, like one of `in_container`, that runs before the
            file is changed. It has the file's path as $FILE, what is there as $present, and what
            is to be there as $wanted.
        then: a script like it that runs last. $PULUMI_COMMAND_STDOUT is the container's id, too, if
            the file was delivered to it before.
        environment: additional variables for these scripts.
        unfinished: whether the file is there, but the last script must be run again.
    """
    edited = drift.outdated(wanted.path, wanted.content)
    again = _APPLY_AGAIN.replace("NAME", service.place.docker_name(service.name)) if apply else ""
    delivered = in_container(
        name,
        service,
        _DELIVER.replace(_BEFORE, before) + again + then,
        wanted.content,
        opts,
        environment={"FILE": wanted.path, "APPLY": apply or ":", **(environment or {})},
        wrong=drift.either(edited, unfinished) if unfinished else edited,
        secret=wanted.secret,
    )
    service.deliveries.append(delivered)
