"""What is in the way of a new container or network on a Docker host, though it is ours.

An `up` that was killed may have created objects that are not in the stack's state: the next `up`
finds their names taken. And an `up` removes what is no longer wanted only at its end, when a new
container may already have needed a port or an address of it. The hooks remove the former and stop
the latter, found by their labels, and never touch anything else. Data is in volumes, which are left
alone.

What the survey has seen is out of the way before the provider tries: it prints an error of its own
for whatever fails, also if that is then retried. What has come since is removed after that.
"""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from .client import cli
from .inspect import drift
from .inspect.survey import Survey
from .ports import Published, bound

# The daemon's own words; the provider passes them on.
_NAME_TAKEN = re.compile(r"is already in use by container|network with name .* already exists")
_IN_USE = re.compile(r"has active endpoints|waiting for state to become 'removed'")
_HELD = re.compile(r"port is already allocated|ddress already in use")


def error_hook(host: str, environment: Mapping[str, str]) -> pulumi.ErrorHook:
    """A hook for all containers and networks of a Docker host: it makes room and has them retried.

    Args:
        host: the Docker host's name in the stack file.
        environment: the variables that connect a docker command to its daemon.
    """

    def make_room(args: pulumi.ErrorHookArgs) -> bool:
        inputs, error = args.new_inputs or {}, "".join(args.errors[:1])
        if args.failed_operation == "delete" and _IN_USE.search(error):
            return _free_network(args.old_inputs or {}, environment)
        if args.failed_operation != "create":
            return False
        if _NAME_TAKEN.search(error):
            kind = "network" if args.type.endswith(":Network") else "container"
            return _free_name(kind, inputs, host, environment)
        # What could not be started was created.
        return (
            bool(_HELD.search(error))
            and _stop_holders(inputs, host, environment)
            and cli.run(["rm", "--force", str(inputs["name"])], environment).returncode == 0
        )

    return pulumi.ErrorHook(f"leftovers-{host}", make_room)


@dataclass(frozen=True)
class Taken:
    """What the survey has seen on a Docker host that may be in the way of something new.

    Args:
        names: the names of this stack's containers, and of all networks.
        holders: the names of this stack's running containers, by the ports and addresses that they
            have.
    """

    names: frozenset[str]
    holders: Mapping[int | str, frozenset[str]]

    def may_block(self, inputs: Mapping[str, Any]) -> bool:
        """Whether something may be in the way of a resource with these inputs."""
        name = inputs["name"]
        needs: set[int | str] = {*_to_take(inputs), *(at.port for at in _to_bind(inputs))}
        return name in self.names or any(self.holders.get(need, _NONE) - {name} for need in needs)


_NONE: frozenset[str] = frozenset()


def taken(survey: Survey) -> Taken:
    """What the survey has seen on a Docker host that may be in the way of something new."""
    holders: dict[int | str, frozenset[str]] = {}
    for name, container in survey.containers.items():
        if container["State"].get("Running"):
            held: set[int | str] = {*_addresses(container), *(at.port for at in bound(container))}
            for key in held:
                holders[key] = holders.get(key, _NONE) | {name}
    return Taken(frozenset(survey.containers.keys() | survey.networks.keys()), holders)


def create_hook(host: str, environment: Mapping[str, str], taken: Taken) -> pulumi.ResourceHook:
    """A hook for all containers and networks of a Docker host: it makes room before the provider
    tries to create one.

    Args:
        host: the Docker host's name in the stack file.
        environment: the variables that connect a docker command to its daemon.
        taken: what may be in the way.
    """

    async def make_room(args: pulumi.ResourceHookArgs) -> None:
        inputs = args.new_inputs or {}
        if taken.may_block(inputs):
            await asyncio.to_thread(_make_room, args.type, inputs, host, environment)

    return pulumi.ResourceHook(f"room-{host}", make_room)


def _make_room(
    type: str, inputs: Mapping[str, Any], host: str, environment: Mapping[str, str]
) -> None:
    kind = "network" if type.endswith(":Network") else "container"
    # If it belongs to others, the provider's own error says so.
    existing = _inspect(environment, kind, str(inputs["name"]))
    if existing and is_leftover(existing, labels_of(inputs)):
        _free_name(kind, inputs, host, environment)
    if kind == "container":
        _stop_holders(inputs, host, environment)


def _addresses(container: Mapping[str, Any]) -> set[str]:
    """The addresses of a container, as Docker describes it."""
    networks = container["NetworkSettings"]["Networks"].values()
    return {network["IPAddress"] for network in networks} - {""}


def _to_bind(inputs: Mapping[str, Any]) -> list[Published]:
    """The ports that a container that is to be created publishes."""
    ports = inputs.get("ports") or ()
    return [Published.written(port["external"], port.get("ip")) for port in ports]


def _to_take(inputs: Mapping[str, Any]) -> set[str]:
    """The addresses of a container that is to be created."""
    return {to.get("ipv4Address") or "" for to in inputs.get("networksAdvanced") or ()} - {""}


def _free_name(
    kind: str, inputs: Mapping[str, Any], host: str, environment: Mapping[str, str]
) -> bool:
    name, wanted = str(inputs["name"]), labels_of(inputs)
    existing = _inspect(environment, kind, name)
    if existing is None:
        return False
    if not is_leftover(existing, wanted):
        pulumi.log.error(
            f"The name {name} on Docker host {host} is taken by a {kind} that does not belong "
            f"to this stack. Remove or rename it, or rename the stack."
        )
        return False
    pulumi.log.warn(f"Replacing {kind} {name} on Docker host {host}: left by an earlier up.")
    if kind == "network":
        for container in existing.get("Containers") or {}:
            if not _is_of(wanted["fate.stack"], container, environment):
                return False
            cli.run(["rm", "--force", container], environment)
        return cli.run(["network", "rm", name], environment).returncode == 0
    return cli.run(["rm", "--force", name], environment).returncode == 0


def _is_of(stack: str, container: str, environment: Mapping[str, str]) -> bool:
    """Whether a container belongs to a stack."""
    inspected = _inspect(environment, "container", container)
    return inspected is not None and is_leftover(inspected, {"fate.stack": stack})


def _free_network(inputs: Mapping[str, Any], environment: Mapping[str, str]) -> bool:
    """Remove this stack's containers from a network that is to be removed.

    Those in the state were removed before it, so these are left over.
    """
    name, stack = str(inputs.get("name")), labels_of(inputs).get("fate.stack")
    network = _inspect(environment, "network", name)
    removed = False
    for container in (network or {}).get("Containers") or {}:
        if stack and _is_of(stack, container, environment):
            cli.run(["rm", "--force", container], environment)
            removed = True
    return removed


def _stop_holders(inputs: Mapping[str, Any], host: str, environment: Mapping[str, str]) -> bool:
    """Stop this stack's containers that hold a port or an address of a new one, if any do.

    The settings give each of them to one container only, so those are about to be removed.
    """
    name, stack = str(inputs["name"]), labels_of(inputs)["fate.stack"]
    running = cli.run(["ps", "-q", "--filter", f"label=fate.stack={stack}"], environment).stdout
    holders = []
    for container in running.split():
        inspected = _inspect(environment, "container", container)
        if inspected and inspected["Name"] != f"/{name}" and holds(inspected, inputs):
            holders.append(inspected["Name"].removeprefix("/"))
    for holder in holders:
        pulumi.log.info(f"Stopping {holder} on Docker host {host}: {name} takes over its address.")
        cli.run(["stop", "--time", "60", holder], environment, timeout=90)
    return bool(holders)


def holds(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a container has a published port or an address that a new one needs.

    Args:
        found: the container, as Docker describes it.
        wanted: the new container's inputs.
    """
    return bool(_addresses(found) & _to_take(wanted)) or any(
        at.clashes(other) for at in bound(found) for other in _to_bind(wanted)
    )


def labels_of(inputs: Mapping[str, Any]) -> dict[str, str]:
    """The labels in a resource's inputs that say whose it is."""
    labels = {label["label"]: label["value"] for label in inputs.get("labels", ())}
    # Both may have changed since an operation was interrupted.
    for changing in (drift.GENERATION, drift.LIMITS):
        labels.pop(changing, None)
    return labels


def is_leftover(found: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    """Whether an object that Docker describes has all labels of the one that is to be created."""
    labels = (found.get("Config") or found).get("Labels") or {}
    return bool(wanted) and wanted.items() <= labels.items()


def _inspect(environment: Mapping[str, str], kind: str, name: str) -> dict[str, Any] | None:
    done = cli.run([kind, "inspect", name], environment)
    return dict(json.loads(done.stdout)[0]) if done.returncode == 0 else None
