"""The changes in the output of `pulumi preview --json`."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..party import kept_routes
from ..releases import catalogue
from ..releases.facts import Interrupts

CREATE, UPDATE, REPLACE, DELETE, IMPORT = "create", "update", "replace", "delete", "import"
CONTAINER, VOLUME, NETWORK, COMMAND = "Container", "Volume", "Network", "Command"
EXCHANGE = "exchange"

_OPERATIONS = {
    "create": CREATE,
    "update": UPDATE,
    "replace": REPLACE,
    "create-replacement": REPLACE,
    "delete-replaced": REPLACE,
    "delete": DELETE,
    "import": IMPORT,
}
# Properties whose values are shown. Others may be secret, or too long for a table.
_PORTS, _IMAGE, _MEMORY, _CPUS = "ports", "image", "memory", ("cpuQuota", "cpuPeriod")
_WORDS = {
    "uploads": "files",
    "envs": "environment",
    "networksAdvanced": "networks",
    "healthcheck": "health check",
    "logOpts": "log options",
    "ipamConfigs": "subnet",
}


# What the engine adds to the program's own error.
_FOLLOWS = "an unhandled error occurred: program exited with non-zero exit code"


class PreviewError(Exception):
    """Something that is not the output of a preview; the text explains why."""


@dataclass(frozen=True)
class Change:
    """A change to one resource.

    Args:
        operation: create, update, replace, delete or import.
        kind: the kind of resource, like Container.
        name: its logical name.
        owner: the party's id, "exchange", or "" for what is a Docker host's.
        service: the service that it belongs to.
        host: the Docker host's name.
        what: which properties change, in words.
        image: whether it gets another image.
        volumes: whether it is a container that keeps data in volumes.
        kept: for a volume: whether it stays on the host when it is deleted.
        restarts: for a command: what the proxy that it restarts is to forget, if it restarts one.
        stops: the service that it stops, for a while or for good; "" if it stops none.
        interrupts: what fails then: running jobs, requests for inference, or only pages.
    """

    operation: str
    kind: str
    name: str
    owner: str
    service: str
    host: str
    what: tuple[str, ...] = ()
    image: bool = False
    volumes: bool = False
    kept: bool = False
    restarts: str = ""
    stops: str = ""
    interrupts: Interrupts = "jobs"


@dataclass(frozen=True)
class Preview:
    """What a preview has found.

    Args:
        changes: the changes, in the engine's order.
        errors: why it failed, if it did.
        warnings: what it warns of.
        exposed: the owners of volumes that a later delete removes, unlike before.
    """

    changes: tuple[Change, ...]
    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    exposed: tuple[str, ...]


def read(text: str) -> Preview:
    """Read the output of `pulumi preview --json`.

    Args:
        text: the output.

    Raises:
        PreviewError: it is something else.
    """
    try:
        output = json.loads(text)
        steps = output.get("steps") or []
        config = output.get("config") or {}
        services = _services(steps)
        changes: dict[str, Change] = {}
        for step in steps:
            if (operation := _OPERATIONS.get(step["op"])) and (change := _change(step, operation)):
                # A replacement that deletes first has several steps; the first has the reasons.
                changes.setdefault(step["urn"], _interrupting(change, step, services, config))
        messages = [
            (diagnostic["severity"], text)
            for diagnostic in _diagnostics(output)
            if (text := _plain(diagnostic["message"])) and not text.startswith(_FOLLOWS)
        ]
        exposed = _exposed(config, steps)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PreviewError("it is not the output of `pulumi preview --json`") from error
    return Preview(
        tuple(changes.values()),
        tuple(dict.fromkeys(text for severity, text in messages if severity == "error")),
        tuple(dict.fromkeys(text for severity, text in messages if severity == "warning")),
        tuple(dict.fromkeys(exposed)),
    )


def _diagnostics(output: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for diagnostic in output.get("diagnostics") or []:
        yield {
            "severity": diagnostic.get("severity", "info"),
            "message": diagnostic.get("message", ""),
        }


def _plain(message: str) -> str:
    """A message without the engine's marks for colors."""
    return re.sub(r"<\{%.*?%\}>", "", message).strip().removeprefix("error: ")


def _change(step: Mapping[str, Any], operation: str) -> Change | None:
    old, new = step.get("oldState") or {}, step.get("newState") or {}
    state = new or old
    if not state.get("custom"):
        return None  # components: what they consist of has steps of its own
    kind = state["type"].split(":")[-1]
    if state["type"].startswith("pulumi:providers:"):
        kind = "Provider"
    owner, service = _place(step)
    changed = [key for key in step.get("detailedDiff") or {} if not key.startswith("__")]
    changed = changed or list(step.get("diffReasons") or [])
    tops = list(dict.fromkeys(re.split(r"[.\[]", key)[0] for key in changed))
    return Change(
        operation=operation,
        kind=kind,
        name=_name(step["urn"]),
        owner=owner,
        service=service,
        host=_host(step, state),
        what=tuple(_words(tops, old, new)) if operation != CREATE else (),
        image=operation == REPLACE and kind == CONTAINER and _IMAGE in tops,
        volumes=kind == CONTAINER and bool((state.get("inputs") or {}).get("volumes")),
        kept=bool(old.get("retainOnDelete")),
        restarts=_restarts(old, new) if operation == UPDATE and kind == COMMAND else "",
    )


def _services(steps: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The services of all containers, changed or not, by the containers' logical names."""
    return {
        _name(step["urn"]): _place(step)[1]
        for step in steps
        if step["urn"].split("::")[-2].endswith(f":{CONTAINER}")
    }


def _interrupting(
    change: Change,
    step: Mapping[str, Any],
    services: Mapping[str, str],
    config: Mapping[str, Any],
) -> Change:
    """A change with the service that it stops, and what that interrupts by the release files.

    Args:
        change: the change.
        step: the step of the preview that makes it.
        services: the services of containers, by the containers' logical names.
        config: the stack's config.
    """
    service = ""
    if change.kind == CONTAINER and change.operation in (REPLACE, DELETE):
        service = change.service
    elif change.restarts:
        # The command is a child of a component, which is called like its container.
        state = step.get("newState") or {}
        component = _name(state.get("parent") or step["urn"])
        own = component.removeprefix(f"{change.owner}-")
        service = services.get(component, own)
    if not service:
        return change
    facts = catalogue.facts_of(service, str(config.get("fate:release")))
    return replace(change, stops=service, interrupts=facts.interrupts if facts else "jobs")


def _name(urn: str) -> str:
    """A resource's logical name."""
    return urn.split("::")[-1]


def _restarts(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """What a proxy is to forget, if a command restarts it to have it forget old routes."""
    before, after = old.get("inputs") or {}, new.get("inputs") or {}
    # The variable names the file in which such a command records what it has found.
    if "OUTDATED" not in (after.get("environment") or {}):
        return ""
    repairs = [(inputs.get("environment") or {}).get("REPAIRS") for inputs in (before, after)]
    if repairs[1] not in (None, repairs[0]):
        changed = [kept_routes.EVERY]  # something was changed by hand
    else:
        changed = kept_routes.outdated(str(before.get("stdin")), str(after.get("stdin")))
    return kept_routes.called(changed)


def _place(step: Mapping[str, Any]) -> tuple[str, str]:
    """Whose a resource is: the party's id or the exchange, and the service."""
    state = step.get("newState") or step.get("oldState") or {}
    inputs = state.get("inputs") or {}
    name = _name(step["urn"])
    labels = inputs.get("labels")
    labelled = (
        {label["label"].removeprefix("fate."): label["value"] for label in labels}
        if isinstance(labels, list)
        else {}
    )
    types = step["urn"].split("::")[-2]
    if types.startswith("fate:index:Exchange") or name.split("-")[0] == EXCHANGE:
        return EXCHANGE, labelled.get("service", name)
    of_party = re.fullmatch(r"([0-9]+)(?:-(.*))?", name)
    if not of_party or not types.startswith("fate:index:Party"):
        return labelled.get("party", ""), labelled.get("service", name)
    return of_party[1], labelled.get("service") or of_party[2] or "network"


def _host(step: Mapping[str, Any], state: Mapping[str, Any]) -> str:
    provider = str(step.get("provider") or state.get("provider") or "").split("::")
    if len(provider) > 2 and "providers:docker" in provider[2]:
        return provider[3]
    own = step["urn"].split("::")
    return own[-1].split("-")[0] if own[-2].startswith("fate:index:Host") else ""


def _words(tops: list[str], old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Changed properties in words, with the values of those that are never secret."""
    before, after = old.get("inputs") or {}, new.get("inputs") or {}
    shown: set[str] = set()
    for key in tops:
        if key == _PORTS:
            word = f"ports {_ports(before, after)} → {_ports(after, before)}"
        elif key == _IMAGE and (_image(old) or _image(new)):
            word = f"image {_image(old) or '?'} → {_image(new) or '?'}"
        elif key == _MEMORY:
            word = f"memory {_memory(before)} → {_memory(after)}"
        elif key in _CPUS:
            word = f"CPUs {_cpus(before)} → {_cpus(after)}"
        else:
            word = _WORDS.get(key, key)
        # The labels have a hash of the rest.
        if word not in shown and (key != "labels" or len(tops) == 1):
            shown.add(word)
            yield word


def _ports(inputs: Mapping[str, Any], others: Mapping[str, Any]) -> str:
    """The published ports that the other inputs do not have."""
    known = others.get(_PORTS) or []
    return (
        ", ".join(
            f"{port.get('ip')}:{port.get('external')}"
            for port in inputs.get(_PORTS) or []
            if port not in known
        )
        or "none"
    )


def _image(state: Mapping[str, Any]) -> str:
    """The name of a container's image; its inputs have the image's id only."""
    urns = (state.get("propertyDependencies") or {}).get(_IMAGE) or [""]
    host = str(state.get("provider", "")).split("::")[-2:][0]
    return str(urns[0].split("::")[-1]).removeprefix(f"{host}-").removeprefix("own-")


def _memory(inputs: Mapping[str, Any]) -> str:
    return f"{inputs[_MEMORY]} MiB" if inputs.get(_MEMORY) else "all"


def _cpus(inputs: Mapping[str, Any]) -> str:
    quota, period = (inputs.get(key) for key in _CPUS)
    return f"{quota / period:g}" if quota and period else "all"


def _exposed(config: Mapping[str, Any], steps: list[dict[str, Any]]) -> list[str]:
    """The owners of volumes that have been kept until now, but will not be."""
    if config.get("fate:keepData") != "false":
        return []
    return [
        _place(step)[0]
        for step in steps
        if step["op"] == "refresh" and step["urn"].split("::")[-2].endswith(":Volume")
        if (step.get("oldState") or {}).get("retainOnDelete")
    ]
