"""The ssh command, for Docker hosts at ssh:// URLs."""

from urllib.parse import urlsplit


def target(url: str) -> list[str]:
    """The arguments of ssh that name the machine and the user of an ssh:// URL."""
    parts = urlsplit(url)
    user = ["-l", parts.username] if parts.username else []
    port = ["-p", str(parts.port)] if parts.port else []
    return [*user, *port, "--", parts.hostname or ""]
