"""FATE Board of FATE 2."""

from collections.abc import Sequence
from dataclasses import replace

import pulumi

from ...engines.context import EngineContext
from ...party import fateboard
from .fate_flow import LOGS


class Fateboard(fateboard.Fateboard):
    """A party's FATE Board. It asks FATE Flow for logs, so elsewhere it works without them.

    Args:
        context: the training cluster it belongs to.
        needs: FATE Flow's logs, which must exist before it starts if it is on the same Docker host.
        opts: the parent and provider options.
    """

    def __init__(
        self,
        context: EngineContext,
        needs: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(
            "fate:fate2:Fateboard",
            context,
            context.fate_flow_from("fateboard"),
            [replace(LOGS, shared=True)] if context.at_home("fateboard") else [],
            needs,
            opts,
        )
