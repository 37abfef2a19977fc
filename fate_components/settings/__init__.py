"""The stack's config as typed, checked objects, and the errors shown to an operator.

Each release line adds a model of its own keys, in the package of that line (fate1/settings.py).
"""

from ..docker.ports import Published
from ..plan.cross_host import Between
from ..plan.wanted import Cluster, Needs
from .clusters import SERVING, TRAINING, Training
from .databases import Mysql, Server
from .errors import Location, Mistake, SettingsError
from .exchange import Exchange
from .hosts import DockerHost
from .images import RegistryLogin
from .parties import Party, Peer
from .stack import MAX_PARTIES, Settings

__all__ = [
    "MAX_PARTIES",
    "SERVING",
    "TRAINING",
    "Between",
    "Cluster",
    "DockerHost",
    "Exchange",
    "Location",
    "Mistake",
    "Mysql",
    "Needs",
    "Party",
    "Peer",
    "Published",
    "RegistryLogin",
    "Server",
    "Settings",
    "SettingsError",
    "Training",
]
