"""fatectl board: a page about a stack, on loopback of this machine."""

from .command import board

__all__ = ["board"]
