"""The keys for encrypted connections between parties, and to Docker hosts."""

from typing import Annotated

from pydantic import AfterValidator, Field

from ..crypto import pki
from . import addresses
from .errors import shown
from .keys import Keys, Secret, Text


def _certificates(value: str) -> str:
    pki.certificates(value)
    return value


def _dns_name(value: str) -> str:
    if not addresses.is_address(value) or addresses.ipv4(value):
        raise ValueError(f"{shown(value)} is not a DNS name")
    return value


Pem = Annotated[str, AfterValidator(_certificates)]
_AUTHORITY = (
    "the certificate of the authority that issued its certificate, in PEM format. During a change "
    "of authority there can be several"
)
_KEY = "its private key, in PEM format without a passphrase. It must be encrypted"


class Tls(Keys):
    """Whether connections between parties are encrypted."""

    enabled: bool = Field(
        False,
        description="whether connections to other parties and to the exchange use TLS, with "
        "certificates on both sides: true, false. Written as `fate:tls: {enabled: true}`, "
        "see [tls.md](tls.md)",
    )


class Certificate(Keys):
    """A certificate for a party or an exchange that this stack runs."""

    certificate: Pem = Field(
        description="the certificate, followed by its intermediate certificates, in PEM format"
    )
    key: Secret = Field(description=_KEY)
    authority: Pem = Field(description=_AUTHORITY)


class PeerTls(Keys):
    """How to verify the certificate of a party or an exchange that somebody else runs."""

    authority: Pem = Field(description=_AUTHORITY)
    name: Annotated[str, Text, AfterValidator(_dns_name)] | None = Field(
        None,
        description="the DNS name in its certificate; `party-ID` or `exchange`, as in the "
        "certificates that stacks issue, if not given",
    )


class ExchangeTls(PeerTls):
    """The certificate of an exchange that this stack runs, or how to verify another's."""

    certificate: Pem | None = Field(
        None,
        description="the certificate of an exchange that this stack runs, in PEM format; issued by "
        "the stack if not given",
    )
    key: Secret | None = Field(None, description=f"{_KEY}. Given with `certificate`")


class DockerTls(Keys):
    """How this machine and a Docker daemon at a tcp:// URL verify each other."""

    authority: Pem = Field(
        description="the certificate of the authority that issued the daemon's certificate, in "
        "PEM format (ca.pem)"
    )
    certificate: Pem = Field(
        description="the certificate that the daemon verifies, in PEM format (cert.pem)"
    )
    key: Secret = Field(
        description="its private key, in PEM format without a passphrase (key.pem). It must be "
        "encrypted"
    )
