"""What the stack has deployed last, as its state has it.

What is on a Docker host can differ from what the program registers because somebody has changed it
by hand, or because the stack file has changed. Only the state tells which.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import pulumi

_READ = "pulumi:pulumi:readStackResourceOutputs"
_CONTAINER = "docker:index/container:Container"
_COMMAND = "command:local:Command"

Outputs = Mapping[str, Any]
"""The outputs of a resource, with secrets in plain text."""


class NoStateError(Exception):
    """The engine does not say what is in the state."""


class Deployed:
    """What the stack has deployed last. The engine is asked once, and only if somebody wants to
    know. The methods raise NoStateError.
    """

    def __init__(self) -> None:
        self._state: asyncio.Future[_Resources] | None = None

    async def container(self, name: str) -> Outputs | None:
        """A container by its name on its Docker host; None if the state has none."""
        return await self._find(_CONTAINER, name)

    async def command(self, name: str) -> Outputs | None:
        """A command by its logical name; None if the state has none."""
        return await self._find(_COMMAND, name)

    async def _find(self, kind: str, name: str) -> Outputs | None:
        if self._state is None:
            self._state = asyncio.ensure_future(_read())
        return (await self._state).get((kind, name))


_Resources = Mapping[tuple[str, str], Outputs]
"""The resources in the state by type and name: a container's own, otherwise the logical one."""


async def _read() -> _Resources:
    # For as long as it is asked, the engine registers a default provider, which it never shows.
    # A name without the organization may be another's stack.
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    try:
        answer = await pulumi.runtime.invoke_async(_READ, {"stackName": stack})
    except Exception as error:  # the SDK raises nothing more precise
        raise NoStateError(str(error)) from None
    resources: dict[tuple[str, str], Outputs] = {}
    for urn, resource in ((answer or {}).get("outputs") or {}).items():
        kind, outputs = resource["type"], resource["outputs"]
        name = outputs.get("name") if kind == _CONTAINER else urn.split("::")[-1]
        resources.setdefault((kind, name), outputs)
    return resources
