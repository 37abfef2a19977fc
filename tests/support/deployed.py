"""A state that the test knows."""

from collections.abc import Mapping
from typing import Any

from fate_components.docker.inspect.deployed import Deployed, NoStateError


class State(Deployed):
    """A state with one container and one command; None for an engine that does not tell it."""

    def __init__(self, outputs: Mapping[str, Any] | None) -> None:
        self._outputs = outputs

    async def container(self, name: str) -> Mapping[str, Any] | None:
        assert self._outputs is None or name == "roll"
        return self._told()

    async def command(self, name: str) -> Mapping[str, Any] | None:
        assert self._outputs is None or name == "1-routes"
        return self._told()

    def _told(self) -> Mapping[str, Any] | None:
        if self._outputs is None:
            raise NoStateError
        return self._outputs or None
