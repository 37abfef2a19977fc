"""The settings of FATE 2."""

from ..lines.fate2.settings import (
    Client,
    Engines,
    Hdfs,
    Party,
    PartyEngines,
    Peer,
    Rabbitmq,
    Settings,
    Spark,
    Training,
)

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
