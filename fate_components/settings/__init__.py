"""The stack's config as typed, checked objects, and the errors shown to an operator.

Each release line adds a model of its own keys, in its own package.
"""

from .clusters import SERVING, TRAINING, Training
from .databases import Mysql, Server
from .errors import Location, Mistake, SettingsError
from .exchange import Exchange
from .hosts import DockerHost
from .images import RegistryLogin
from .parties import Party, Peer
from .stack import Settings

__all__ = [
    "SERVING", "TRAINING", "DockerHost", "Exchange", "Location", "Mistake", "Mysql", "Party",
    "Peer", "RegistryLogin", "Server", "Settings", "SettingsError", "Training",
]  # fmt: skip
