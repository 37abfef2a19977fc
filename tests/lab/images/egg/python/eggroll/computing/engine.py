"""Found only through PYTHONPATH, so that a wrong python-path is detected."""

# mypy: disable-error-code="import-not-found"

from fate_lab.processor import main

__all__ = ["main"]
