"""What the stack has deployed last, as its state has it.

What is on a Docker host can differ from what the program registers because somebody has changed it
by hand, or because the stack file has changed. Only the state tells which.
"""

import asyncio
from collections.abc import Callable, Mapping
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
        self._state: asyncio.Future[Mapping[str, Any]] | None = None

    async def container(self, name: str) -> Outputs | None:
        """A container by its name on its Docker host; None if the state has none."""
        return await self._find(_CONTAINER, lambda _, outputs: outputs.get("name") == name)

    async def command(self, name: str) -> Outputs | None:
        """A command by its logical name; None if the state has none."""
        return await self._find(_COMMAND, lambda urn, _: urn.split("::")[-1] == name)

    async def _find(self, kind: str, is_it: Callable[[str, Outputs], bool]) -> Outputs | None:
        if self._state is None:
            self._state = asyncio.ensure_future(_read())
        for urn, resource in (await self._state).items():
            if resource["type"] == kind and is_it(urn, resource["outputs"]):
                return dict(resource["outputs"])
        return None


async def _read() -> Mapping[str, Any]:
    # For as long as it is asked, the engine registers a default provider, which it never shows.
    # A name without the organization may be another's stack.
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    try:
        found = await pulumi.runtime.invoke_async(_READ, {"stackName": stack})
    except Exception as error:  # the SDK raises nothing more precise
        raise NoStateError(str(error)) from None
    return dict((found or {}).get("outputs") or {})
