"""The stack's config as typed, checked objects, and the errors an operator gets to read."""

from .errors import SettingsError
from .load import load
from .models import DockerHost, Exchange, Party, Peer, Published, Settings, Training

__all__ = [
    "DockerHost",
    "Exchange",
    "Party",
    "Peer",
    "Published",
    "Settings",
    "SettingsError",
    "Training",
    "load",
]
