"""The keys of serving clusters, and of parties and peers that may have one."""

import re
from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, model_validator

from .. import settings
from ..releases.facts import Release
from ..settings.clusters import ClusterKeys
from ..settings.errors import shown
from ..settings.keys import Keys
from ..settings.services import overridden
from ..settings.values import Address, Port

GATEWAY = "serving-grpc"
"""The port of serving-proxy that other parties call."""
_JAVA_NAME = r"[A-Za-z_$][A-Za-z0-9_$]*"


def java_class(value: str) -> str:
    """The name of a Java class, unchanged.

    Raises:
        ValueError: it is none.
    """
    if not re.fullmatch(rf"{_JAVA_NAME}(\.{_JAVA_NAME})*", value):
        raise ValueError(f"{shown(value)} is not the name of a Java class")
    return value


class Serving(ClusterKeys):
    """A party's serving cluster; each release line adds keys of its own."""

    host: str | None = Field(
        None,
        description="the Docker host it runs on, a name under fate:hosts; the party's `host` if "
        "not given",
    )

    def facts(self, release: Release) -> Release:
        """The facts of the services that it has, with what the stack file chooses for them.

        Args:
            release: the facts of the release.
        """
        return overridden(release.serving_cluster, self.services)


class Party(settings.Party):
    """A party of the federation that this stack runs, with a training or a serving cluster."""

    serving: Serving | None = Field(
        None, description="its serving cluster: {host, publish, …}. See [serving.md](serving.md)"
    )

    @model_validator(mode="before")
    @classmethod
    def _serving_alone(cls, value: object) -> object:
        """A party with a serving cluster has a training cluster only if the stack file says so."""
        if isinstance(value, Mapping) and value.get("serving") is not None:
            return {"training": None, **value}
        return value

    @model_validator(mode="after")
    def _some_cluster(self) -> Self:
        if self.training is None and self.serving is None:
            raise ValueError(
                "has no cluster: write `training: {}` for a training cluster with the defaults"
            )
        return self


class PeerServing(Keys):
    """The serving cluster of a party that somebody else runs."""

    address: Address | None = Field(
        None,
        description="the host name or IPv4 address of its serving-proxy; the peer's if not given",
    )
    port: Port | None = Field(
        None, description="the gRPC port of its serving-proxy; 8869 if not given"
    )


class Peer(settings.Peer):
    """A party that somebody else runs."""

    port: Port | None = Field(None, description="the port of its proxy; 9370 if not given")
    serving: PeerServing = Field(
        PeerServing(), description="its serving cluster, if it is elsewhere: {address, port}"
    )

    @property
    def addresses(self) -> dict[tuple[str, ...], str]:
        """Its addresses, by the path of the key that sets each."""
        serving = {("serving", "address"): self.serving.address} if self.serving.address else {}
        return super().addresses | serving

    def reached_at(self, port: str, usual: int) -> tuple[str, int]:
        """The address and the port number of its gateway or its serving-proxy."""
        if port == GATEWAY:
            return self.serving.address or self.address, self.serving.port or usual
        return self.address, self.port or usual


def peer_keys(
    release: str, gateway: str, gateways: Mapping[str, tuple[str, int]]
) -> dict[str, Any]:
    """What fate:peers has for such a peer; see `settings.Settings.peer_keys`.

    Args:
        release: the release of this stack.
        gateway: the port that other parties' training clusters call.
        gateways: the address and the port of each of its gateways, by the name of the port.

    Raises:
        ValueError: the release cannot call a party with such gateways.
    """
    if unknown := sorted(gateways.keys() - {gateway, GATEWAY}):
        raise ValueError(f"has gateways that FATE {release} cannot call: {unknown[0]}")
    keys: dict[str, Any] = {}
    if gateway in gateways:
        keys["address"], keys["port"] = gateways[gateway]
    if GATEWAY in gateways:
        address, port = gateways[GATEWAY]
        elsewhere = keys.setdefault("address", address) != address
        keys["serving"] = {"address": address, "port": port} if elsewhere else {"port": port}
    return keys
