"""Eggroll's processor in the lab. It needs this tree on PYTHONPATH, as the real one does."""

from eggroll.computing.engine import main

main()
