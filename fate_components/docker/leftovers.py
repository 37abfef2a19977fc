"""What an `up` that was killed has left on a Docker host: created, but not in the stack's state.

The next `up` then finds the names taken. It removes what bears the labels of the object that it is
about to create, and never touches anything else. Data is in volumes, which are left alone.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import pulumi

from . import cli

# The daemon's own words; the provider passes them on.
_TAKEN = re.compile(r"is already in use by container|network with name .* already exists")


def error_hook(host: str, environment: Mapping[str, str]) -> pulumi.ErrorHook:
    """A hook for all containers and networks of a Docker host: it makes room and has them retried.

    Args:
        host: the Docker host's name in the stack file.
        environment: the variables that connect a docker command to its daemon.
    """

    def make_room(args: pulumi.ErrorHookArgs) -> bool:
        inputs = args.new_inputs or {}
        if args.failed_operation != "create" or not _TAKEN.search("".join(args.errors[:1])):
            return False
        kind = "network" if args.type.endswith(":Network") else "container"
        name, wanted = str(inputs["name"]), labels_of(inputs)
        found = _inspect(environment, kind, name)
        if found is None:
            return False
        if not is_leftover(found, wanted):
            pulumi.log.error(
                f"The name {name} on Docker host {host} is taken by a {kind} that does not belong "
                f"to this stack. Remove or rename it, or rename the stack."
            )
            return False
        pulumi.log.warn(f"Replacing {kind} {name} on Docker host {host}: left by an earlier up.")
        if kind == "network":
            for container in found.get("Containers") or {}:
                attached = _inspect(environment, "container", container)
                stack = {"fate.stack": wanted["fate.stack"]}
                if attached is None or not is_leftover(attached, stack):
                    return False
                cli.run(["rm", "--force", container], environment)
            return cli.run(["network", "rm", name], environment).returncode == 0
        return cli.run(["rm", "--force", name], environment).returncode == 0

    return pulumi.ErrorHook(f"leftovers-{host}", make_room)


def labels_of(inputs: Mapping[str, Any]) -> dict[str, str]:
    """The labels in a resource's inputs."""
    return {label["label"]: label["value"] for label in inputs.get("labels", ())}


def is_leftover(found: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    """Whether an object that Docker describes has all labels of the one that is to be created."""
    labels = (found.get("Config") or found).get("Labels") or {}
    return bool(wanted) and wanted.items() <= labels.items()


def _inspect(environment: Mapping[str, str], kind: str, name: str) -> dict[str, Any] | None:
    done = cli.run([kind, "inspect", name], environment)
    return dict(json.loads(done.stdout)[0]) if done.returncode == 0 else None
