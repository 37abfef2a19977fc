"""The stack file keys that only FATE 1.7 to 1.11 has."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from ... import settings
from ...engines.settings import FLOW_PORT, Client
from ...releases.facts import Release
from ...serving import settings as serving_keys
from ...settings import addresses
from ...settings.clusters import Movable
from ...settings.values import Count, Port, by_host
from .serving.settings import Serving

NODE_MANAGER = "nodemanager"
GATEWAY = "rollsite"
_MOST_NODES = 100
_TASK_CORES = 4  # of job_default_config.yaml in FATE Flow's image


class Training(settings.Training):
    """A party's training cluster."""

    movable: ClassVar[Mapping[str, Movable]] = {
        **settings.Training.movable,
        "client": Movable("notebooks", calls=(FLOW_PORT,)),
    }
    immovable: ClassVar[Mapping[str, str]] = {
        "fateboard": "it reads the log files of FATE Flow, in a volume that both share",
        NODE_MANAGER: "the processes of a job call each other at ports that nobody can choose, "
        "which Docker cannot publish",
    }

    nodemanagers: Annotated[Count, Field(le=_MOST_NODES)] = Field(
        1,
        description=f"how many node managers of Eggroll it has, 1 to {_MOST_NODES}. Tables are "
        "spread over all of them",
    )
    cores: Annotated[Count, Field(le=1024)] = Field(
        8,
        description="how many cores FATE Flow counts on each node manager. A task takes 4, unless "
        "the job sets `task_cores`; further jobs wait",
    )
    client: Client = Field(Client(), description="its notebook: {token}")

    @property
    def all_cores(self) -> int:
        """How many cores its jobs may use together."""
        return self.cores * self.nodemanagers

    def nodes(self) -> tuple[str, ...]:
        """The names of its node managers: nodemanager, nodemanager-2 …"""
        (names,) = by_host(NODE_MANAGER, self.nodemanagers, "").values()
        return names

    def containers(self, service: str, home: str = "") -> list[str]:
        """The names of a service's containers in the party's networks."""
        return [*self.nodes()] if service == NODE_MANAGER else super().containers(service, home)


class Party(serving_keys.Party):
    """A party of the federation that this stack runs."""

    training: Training | None = Field(
        Training(),
        description="its training cluster: {publish, nodemanagers, cores, mysql, client, place, "
        "uploads, services}; one with the defaults, unless the party has `serving`, if not given",
    )
    hosts: tuple[str, ...] = Field(
        (),
        description="instead of `host`: the Docker hosts it runs on, names under fate:hosts. All "
        "but what `place` names is on the first",
    )
    serving: Serving | None = Field(
        None,
        description="its serving cluster: {host, publish, adapter, batchAdapter, adapterUrl, "
        "admin, services}. See [serving.md](serving.md#fate-serving-21)",
    )


class Peer(serving_keys.Peer):
    """A party that somebody else runs."""

    port: Port | None = Field(None, description="the port of its rollsite; 9370 if not given")


class Settings(settings.Settings):
    """All settings of a stack file of FATE 1.7 to 1.11."""

    parties: tuple[Party, ...] = Field(
        description="the parties this stack runs, each {id, host or hosts, training, serving, tls}",
        min_length=1,
    )
    peers: tuple[Peer, ...] = Field(
        (),
        description="the parties that others run, each {id, address, port, serving, tls}. They get "
        "routes and nothing else",
    )
    images: Literal["registry", "archive"] = Field(
        "registry",
        description="where images come from: `registry` (FATE's official images), or `archive` (a "
        "file); FATE 1.11 cannot be built from packages",
    )

    def can_call(self, host: str) -> bool:
        """Whether rollsite can call a host by this name or address."""
        return super().can_call(host) and addresses.java_accepts(host)

    def peer_keys(self, gateways: Mapping[str, tuple[str, int]]) -> dict[str, Any]:
        """What fate:peers has for a party that others run; see `settings.Settings`."""
        return serving_keys.peer_keys(self.release, GATEWAY, gateways)

    def mistakes(self, release: Release) -> Iterator[settings.Mistake]:
        """Mistakes that no single key reveals: too few cores for any task."""
        for index, party in enumerate(self.parties):
            if party.training and party.training.all_cores < _TASK_CORES:
                yield settings.Mistake(
                    ("parties", index, "training", "cores"),
                    f"{party.training.cores} on {party.training.nodemanagers} node managers are "
                    f"too few: FATE Flow refuses every job, because a task takes {_TASK_CORES} "
                    f"cores; set it to {-(-_TASK_CORES // party.training.nodemanagers)} or more",
                )
