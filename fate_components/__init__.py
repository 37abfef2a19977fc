"""FATE on Docker hosts: from the stack's settings to running containers."""
