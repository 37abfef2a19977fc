"""The stack's config as typed, checked objects, and the errors an operator gets to read."""

from .checks import release_of
from .errors import SettingsError
from .load import load
from .models import DockerHost, Engines, Exchange, Party, Peer, Published, Settings, Training

__all__ = [
    "DockerHost",
    "Engines",
    "Exchange",
    "Party",
    "Peer",
    "Published",
    "Settings",
    "SettingsError",
    "Training",
    "load",
    "release_of",
]
