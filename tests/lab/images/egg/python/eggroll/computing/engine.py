"""Found only through PYTHONPATH, so that a wrong python-path shows."""

# mypy: disable-error-code="import-not-found"

from fate_lab.processor import main

__all__ = ["main"]
