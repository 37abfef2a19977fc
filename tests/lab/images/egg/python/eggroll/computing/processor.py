"""Eggroll's processor in the lab. Like the real one, it needs this tree on PYTHONPATH."""

# mypy: disable-error-code="import-not-found"

from eggroll.computing.engine import main

main()
