"""The facts of each release of FATE."""
