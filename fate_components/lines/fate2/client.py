"""The notebook of FATE 2."""

from collections.abc import Collection
from pathlib import Path

import pulumi

from ...engines.context import EngineContext
from ...party import notebook

_EXAMPLE = Path(__file__).with_name("training_job.ipynb")


class Client(notebook.Client):
    """A party's notebook, with a training job of FATE 2 in it.

    Args:
        context: the training cluster it belongs to.
        everyone: the ids of all parties that the stack file has.
        opts: the parent and provider options.
    """

    def __init__(
        self, context: EngineContext, everyone: Collection[int], opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__(
            "fate:fate2:Client",
            context,
            context.fate_flow_from("client"),
            context.notebook_token,
            everyone,
            _EXAMPLE.read_text(),
            opts,
        )
