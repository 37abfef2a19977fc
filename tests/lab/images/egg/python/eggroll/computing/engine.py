"""Found only through PYTHONPATH, so that a wrong python-path shows."""

from fate_lab.processor import main

__all__ = ["main"]
