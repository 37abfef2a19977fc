"""The stack file keys that only FATE 1.3 has."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from .. import settings
from ..settings.models import Count, Keys, Password, Port


class Redis(Keys):
    """A party's Redis."""

    password: Password | None = Field(None, description="its password; derived if not given")


class Training(settings.Training):
    """A party's training cluster."""

    eggs: Annotated[Count, Field(le=200)] = Field(
        1, description="how many eggs (storage and compute nodes) it has"
    )
    processors: Annotated[Count, Field(le=256)] | None = Field(
        None,
        description="how many processors each egg starts for a job; half of its machine's cores "
        "if not given",
    )
    redis: Redis = Field(Redis(), description="its Redis: {password}")


class Party(settings.Party):
    """A party of the federation that this stack runs."""

    training: Training = Field(
        Training(),
        description="its training cluster: {publish, eggs, processors, mysql, redis}",
    )


class Peer(settings.Peer):
    """A party that somebody else runs."""

    port: Port | None = Field(None, description="the port of its proxy; 9370 if not given")

    def ports_of(self, usual: Mapping[str, int]) -> dict[str, int]:
        """The ports of its gateways: its proxy is the only one."""
        return {name: self.port or port for name, port in usual.items()}


class Settings(settings.Settings):
    """All settings of a FATE 1.3 stack file."""

    parties: tuple[Party, ...] = Field(
        description="the parties this stack runs, each {id, host, training}", min_length=1
    )
    peers: tuple[Peer, ...] = Field(
        (), description="the parties that others run, each {id, address, port}"
    )
    exchange: settings.Exchange | None = Field(
        None, description="the exchange that connects the parties: {host, port} or {address, port}"
    )
    images: Literal["registry"] = Field(
        "registry",
        description="where images come from: registry; FATE 1.3 cannot be built from packages",
    )

    @property
    def used_exchange(self) -> settings.Exchange | None:
        """The exchange that all traffic goes through, if there is one."""
        return self.exchange
