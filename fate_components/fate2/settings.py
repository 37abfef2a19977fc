"""The settings of FATE 2."""

from ..engines.settings import Client, Engines, Hdfs, PartyEngines, Rabbitmq, Spark, Training
from ..lines.fate2.settings import Party, Peer, Settings

__all__ = [
    "Client",
    "Engines",
    "Hdfs",
    "Party",
    "PartyEngines",
    "Peer",
    "Rabbitmq",
    "Settings",
    "Spark",
    "Training",
]
