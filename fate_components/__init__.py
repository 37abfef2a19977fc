"""FATE on Docker hosts: from the stack's settings to running containers.

`deploy` is for Pulumi programs of one's own; see docs/library.md.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .deployment import Deployment, deploy

__all__ = ["Deployment", "deploy"]


def __getattr__(name: str) -> object:
    # Not imported before it is used: the checks that run beside the program do without Pulumi.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import deployment

    return getattr(deployment, name)
