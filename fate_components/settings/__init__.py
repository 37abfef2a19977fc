"""The stack's config as typed, checked objects, and the errors shown to an operator.

Each release line adds a model of its own keys, in the package of that line (fate1/settings.py).
"""

from .errors import Location, Mistake, SettingsError
from .models import (
    MAX_PARTIES,
    SERVING,
    TRAINING,
    Between,
    Cluster,
    DockerHost,
    Exchange,
    Mysql,
    Needs,
    Party,
    Peer,
    Published,
    RegistryLogin,
    Server,
    Settings,
    Training,
)

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
