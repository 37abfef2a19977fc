"""What the state of a stack has recorded on its Docker hosts."""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ..plan.endpoints import EXCHANGE
from ..settings import DockerHost

_PROVIDER = "pulumi:providers:docker"
_HOST = "fate:index:Host"
_STACK = "pulumi:pulumi:Stack"
_CONTAINER = "docker:index/container:Container"
_SECRET = "plaintext"  # noqa: S105 - the key of a secret's value, in a state exported with secrets

Resource = Mapping[str, Any]
"""A resource as the state describes it."""


def docker_hosts(resources: Iterable[Resource]) -> dict[str, DockerHost]:
    """The Docker hosts that have something of a stack, by their names.

    Args:
        resources: the resources in the stack's state, with their secrets.
    """
    return {
        _name(resource): _docker_host(resource["inputs"])
        for resource in resources
        if resource["type"] == _PROVIDER and "host" in resource.get("inputs", {})
    }


def _docker_host(inputs: Mapping[str, Any]) -> DockerHost:
    key = inputs.get("keyMaterial")
    if key is None:
        return DockerHost.model_validate({"docker": inputs["host"]})
    tls = {
        "authority": inputs["caMaterial"],
        "certificate": inputs["certMaterial"],
        "key": json.loads(key[_SECRET]) if isinstance(key, Mapping) else key,
    }
    return DockerHost.model_validate({"docker": inputs["host"], "tls": tls})


def gone(
    known: Mapping[str, DockerHost], wanted: Mapping[str, DockerHost]
) -> dict[str, DockerHost]:
    """The Docker hosts in a state that the stack file no longer has, or has on another machine.

    Args:
        known: the Docker hosts in the state, by their names.
        wanted: those in the stack file.
    """
    return {
        name: host
        for name, host in known.items()
        if name not in wanted or wanted[name].docker != host.docker
    }


def excluded(resources: Collection[Resource], hosts: Collection[str]) -> list[str]:
    """The resources to leave out, as the option --exclude of `pulumi up` names them.

    Those that depend on them are left out by --exclude-dependents.

    Args:
        resources: the resources in the stack's state.
        hosts: the names of the Docker hosts to leave out.
    """
    known = docker_hosts(resources)
    left_out = {host: known[host].docker for host in hosts if host in known}
    on_them = [
        resource["urn"]
        for resource in resources
        if any(_belongs(resource, host, url) for host, url in left_out.items())
    ]
    # The state does not have what is to be created.
    return [*(f"**{_PROVIDER}::{host}" for host in sorted(hosts)), *on_them]


def users(resources: Iterable[Resource], host: str) -> list[str]:
    """Who has containers on a Docker host: parties by their ids, and the exchange.

    Args:
        resources: the resources in the stack's state.
        host: the Docker host's name.
    """
    names = set()
    for resource in resources:
        if resource["type"] == _CONTAINER and _host(resource) == host:
            written = resource["inputs"].get("labels", ())
            labels = {label["label"]: label["value"] for label in written}
            names.add(labels.get("fate.party", EXCHANGE))
    return sorted(names, key=lambda user: (user == EXCHANGE, len(user), user))


def objects(resources: Iterable[Resource], kind: str) -> list[str]:
    """The names of objects on their Docker host.

    Args:
        resources: resources of a state.
        kind: the kind of object: container, network or volume.
    """
    prefix = f"docker:index/{kind}:"
    of_kind = [resource for resource in resources if resource["type"].startswith(prefix)]
    return sorted({str(resource["inputs"]["name"]) for resource in of_kind})


def without(deployment: Mapping[str, Any], host: str) -> tuple[dict[str, Any], list[Resource]]:
    """A state in which nothing is recorded on a Docker host.

    It lacks the host's provider and all of its objects, the commands that connect to its daemon,
    and the components of which nothing is left. What depended on them stays, without that
    dependency.

    Args:
        deployment: the state, with its secrets.
        host: the name of a Docker host in the state.

    Returns:
        The new state, and the resources that it lacks.
    """
    resources = deployment["resources"]
    url = docker_hosts(resources)[host].docker
    # By their places: a resource that is to be deleted has the URN of the one that replaced it.
    gone: set[int] = set()
    urns: set[str] = set()
    for index, resource in enumerate(resources):
        is_host = resource["type"] == _HOST and _name(resource) == host
        if is_host or resource.get("parent") in urns or _belongs(resource, host, url):
            gone.add(index)
            urns.add(resource["urn"])
    # A component comes before all that it consists of.
    with_lost: set[str | None] = set()
    with_kept: set[str | None] = set()
    for index, resource in reversed([*enumerate(resources)]):
        is_component = not resource.get("custom") and resource["type"] != _STACK
        urn = resource["urn"]
        if is_component and urn in with_lost and urn not in with_kept:
            gone.add(index)
        (with_lost if index in gone else with_kept).add(resource.get("parent"))

    left = [resource for index, resource in enumerate(resources) if index not in gone]
    present = {resource["urn"] for resource in left}
    state = {**deployment, "resources": [cut(resource, present) for resource in left]}
    if pending := deployment.get("pending_operations"):
        state["pending_operations"] = [
            {**operation, "resource": cut(operation["resource"], present)}
            for operation in pending
            if not _belongs(operation["resource"], host, url)
        ]
    return state, [resources[index] for index in sorted(gone)]


def _belongs(resource: Resource, host: str, url: str) -> bool:
    """Whether a resource is an object on a Docker host, or a command that calls its daemon."""
    # A secret among the variables is a map.
    variables = (resource.get("inputs") or {}).get("environment") or {}
    return _host(resource) == host or url in variables.values()


def cut(resource: Resource, present: Collection[str]) -> dict[str, Any]:
    """A resource without its dependencies on resources that are not present.

    Args:
        resource: the resource in the state.
        present: the URNs of the resources that are.
    """
    left = dict(resource)
    for key in ("dependencies", "replaceWith"):
        if key in left:
            left[key] = [urn for urn in left[key] or () if urn in present]
    if by_property := left.get("propertyDependencies"):
        left["propertyDependencies"] = {
            key: [urn for urn in urns or () if urn in present] for key, urns in by_property.items()
        }
    if left.get("deletedWith") not in present:
        left.pop("deletedWith", None)
    return left


def _host(resource: Resource) -> str | None:
    """The name of the Docker host that a resource is an object on."""
    provider = resource.get("provider") or ""
    return str(provider.split("::")[-2]) if _PROVIDER in provider else None


def _name(resource: Resource) -> str:
    return str(resource["urn"].rpartition("::")[2])
