"""The release lines of FATE; each is one package."""
