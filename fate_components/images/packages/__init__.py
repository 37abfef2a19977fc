"""FATE 2.x images, built from Debian and PyPI packages on any Docker host."""
