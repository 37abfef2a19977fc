"""The settings of FATE 1.3."""

from ..lines.fate1_3.settings import Party, Peer, PeerServing, Redis, Serving, Settings, Training

__all__ = ["Party", "Peer", "PeerServing", "Redis", "Serving", "Settings", "Training"]
