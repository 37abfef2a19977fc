"""Eggroll's processor in the lab. It needs this tree on PYTHONPATH, as the real one does."""

# mypy: disable-error-code="import-not-found"

from eggroll.computing.engine import main

main()
