"""A service on a Docker host: what its container should be like, and the resources for it."""

from .component import Service
from .container import Container, File, HostFolder, Volume
from .place import Place
from .readiness import all_healthy

__all__ = ["Container", "File", "HostFolder", "Place", "Service", "Volume", "all_healthy"]
