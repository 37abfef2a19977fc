"""Host names, IPv4 addresses and networks in a stack file."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from urllib.parse import SplitResult, urlsplit

from .errors import shown

_MAX_NAME = 253
_SSH_PORT = 22
_MAX_SOCKET = 107  # sun_path of unix(7)
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
# RFC 1918: not used on the Internet, so no host loses its route to a public address.
PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))


def ipv4(text: str) -> IPv4Address | None:
    """An IPv4 address, or None if the text is something else."""
    try:
        return IPv4Address(text)
    except AddressValueError:
        return None


def is_address(text: str) -> bool:
    """Whether a text is a host name or an IPv4 address, as allowed in a route table.

    A name has up to 253 characters, in labels of up to 63 (RFC 1035, RFC 1123). A name that ends
    in a number would be taken for an IPv4 address.
    """
    if ipv4(text):
        return True
    labels = text.split(".")
    return (
        len(text) <= _MAX_NAME
        and all(_LABEL.fullmatch(label) for label in labels)
        and not labels[-1].isdigit()
    )


def java_accepts(host: str) -> bool:
    """Whether java.net.URI, and with it gRPC, accepts a host name or IPv4 address."""
    *_, last = labels = host.split(".")
    return "_" not in host and (len(labels) == 1 or last[0].isalpha() or ipv4(host) is not None)


def only_local(text: str) -> bool:
    """Whether an address refers to whichever machine uses it."""
    if address := ipv4(text):
        return address.is_loopback or address.is_unspecified
    return text.lower() == "localhost" or text.lower().endswith(".localhost")


def docker_url(value: str) -> str:
    """The URL of a Docker daemon, unchanged.

    Raises:
        ValueError: the URL cannot be used here; the text explains why.
    """
    # urlsplit ignores some of these characters.
    if not value.isprintable() or value != value.strip():
        raise ValueError(f"{shown(value)} has line breaks, control characters or spaces around it")
    path = value.removeprefix("unix://")
    if path != value and re.fullmatch(r"/[^?#]+", path):
        if len(path.encode()) > _MAX_SOCKET:
            raise ValueError(f"{shown(value)}: a socket's path has up to {_MAX_SOCKET} characters")
        return value
    if not value.startswith(("ssh://", "tcp://")):
        raise ValueError(f"{shown(value)} is not a supported Docker host URL")
    try:
        url = urlsplit(value)
    except ValueError:
        # The reason could repeat a password.
        raise ValueError(f"{shown(value)} is not a URL") from None
    _who(value, url)
    if not url.hostname or not is_address(url.hostname):
        raise ValueError(
            f"{shown(value)}: {shown(url.hostname or '')} is not a host name or IPv4 address"
        )
    try:
        port = url.port
    except ValueError:
        port = 0
    if port == 0 or url.netloc.endswith(":"):
        raise ValueError(f"{shown(value)}: its port is not a number from 1 to 65535")
    if port is None and url.scheme == "tcp":
        raise ValueError(f"{shown(value)} has no port; add it, usually :2376")
    if url.path not in ("", "/") or url.query or url.fragment:
        raise ValueError(f"{shown(value)}: nothing may follow the host and its port")
    return value


def _who(value: str, url: SplitResult) -> None:
    if url.scheme == "tcp" and "@" in url.netloc:
        raise ValueError("contains a user, but tcp:// has none; remove it")
    if url.password is not None:
        raise ValueError("contains a password; use an SSH key")
    if url.username is not None and not _USER.fullmatch(url.username):
        raise ValueError(f"{shown(value)}: {shown(url.username)} is not a user name")


def daemon(url: str) -> tuple[object, ...]:
    """What tells a Docker daemon from others: two URLs for one daemon give the same."""
    parts = urlsplit(url)
    return parts.username, parts.hostname, parts.port or _SSH_PORT, parts.path.rstrip("/")


def address(value: str) -> str:
    """A host name or an IPv4 address, unchanged.

    Raises:
        ValueError: it is neither.
    """
    if not is_address(value):
        raise ValueError(f"{shown(value)} is not a host name or IPv4 address")
    return value


def subnet(value: str) -> str:
    """A private IPv4 /16, unchanged.

    Raises:
        ValueError: it is something else.
    """
    try:
        network = IPv4Network(value)
    except ValueError:
        raise ValueError(
            f"{shown(value)} is not an IPv4 network, written as its first address and its length"
        ) from None
    if network.prefixlen != 16:
        raise ValueError(f"{shown(value)} is a /{network.prefixlen}, but must be a /16")
    if not any(network.subnet_of(private) for private in PRIVATE):
        raise ValueError(
            f"{shown(value)} is not private: the host would no longer reach the public addresses "
            f"in it; choose one within {', '.join(map(str, PRIVATE))}"
        )
    return value
