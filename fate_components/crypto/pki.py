"""Certificates for the connections between parties: issued by the stack's own certificate
authority, or given in the stack file.

What the stack issues follows from its master secret and the date alone: the same at every `up`
until a certificate must be renewed, and known to a preview.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pydantic import SecretStr

_CURVE = ec.SECP256R1()
# The order of the curve's group (SEC 2, 2.4.2): private keys are smaller.
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_AUTHORITY_ENDS = datetime(2050, 1, 1, tzinfo=UTC)
RENEWED_EVERY = timedelta(days=365)
"""A certificate issued by the stack is renewed by the first `up` after this time."""
_VALID = 2 * RENEWED_EVERY


@dataclass(frozen=True)
class Trust:
    """What the others verify when they connect to a party.

    Args:
        name: the DNS name that its certificate must contain.
        authority: the certificates of the authorities that may have issued it, as PEM.
    """

    name: str
    authority: str


@dataclass(frozen=True)
class Identity:
    """A certificate with its private key.

    Args:
        certificate: the certificate and its intermediate ones, as PEM.
        key: the private key, as PEM.
        trust: what the others verify.
        issued: whether the stack issued it, and so renews it.
    """

    certificate: str
    key: SecretStr
    trust: Trust
    issued: bool = False

    @property
    def expires(self) -> datetime:
        """The time until which it is valid."""
        return certificates(self.certificate)[0].not_valid_after_utc


class Authority:
    """A stack's own certificate authority.

    Args:
        master: the stack's master secret, from which its key is derived.
    """

    def __init__(self, master: SecretStr) -> None:
        self._master = master

    @cached_property
    def certificate(self) -> str:
        """Its certificate, as PEM, which peers must trust."""
        key = self._key("authority")
        return _pem(
            self._builder("authority", self._name, key, _EPOCH, _AUTHORITY_ENDS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(key, SHA256(), ecdsa_deterministic=True)
        )

    def issue(self, name: str, addresses: Sequence[str], now: datetime) -> Identity:
        """A certificate for connections in both directions.

        Args:
            name: its subject, and the DNS name that others verify, like party-9999.
            addresses: the host names and IP addresses at which it is reached.
            now: the time; the certificate is valid for at least `RENEWED_EVERY` from then on.
        """
        key = self._key(name)
        start = _EPOCH + (now - _EPOCH) // RENEWED_EVERY * RENEWED_EVERY
        names = [_general_name(address) for address in dict.fromkeys([name, *addresses])]
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        certificate = _pem(
            # A day earlier, for hosts whose clock is behind.
            self._builder(
                f"{name}/{'/'.join(addresses)}",
                subject,
                key,
                start - timedelta(days=1),
                start + _VALID,
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(both), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    self._key("authority").public_key()
                ),
                critical=False,
            )
            .sign(self._key("authority"), SHA256(), ecdsa_deterministic=True)
        )
        text = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()
        return Identity(certificate, SecretStr(text), Trust(name, self.certificate), issued=True)

    @cached_property
    def _name(self) -> x509.Name:
        # Two authorities with one name would confuse those that know both.
        of = self._derive("authority/name", 4).hex()
        return x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "FATE"),
                x509.NameAttribute(NameOID.COMMON_NAME, f"FATE stack {of}"),
            ]
        )

    def _builder(
        self,
        serial: str,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        start: datetime,
        end: datetime,
    ) -> x509.CertificateBuilder:
        digest = self._derive(f"serial/{serial}/{start:%Y-%m-%d}", 16)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(int.from_bytes(digest) >> 1)
            .not_valid_before(start)
            .not_valid_after(end)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
        )

    def _key(self, name: str) -> ec.EllipticCurvePrivateKey:
        # 16 bytes more than the order has, so that no key is likelier than another.
        number = int.from_bytes(self._derive(f"key/{name}", 48)) % (_ORDER - 1) + 1
        return ec.derive_private_key(number, _CURVE)

    def _derive(self, purpose: str, length: int) -> bytes:
        derived = HKDF(algorithm=SHA256(), length=length, salt=None, info=f"tls/{purpose}".encode())
        return derived.derive(self._master.get_secret_value().encode())


def certificates(pem: str) -> list[x509.Certificate]:
    """The certificates in a PEM text, at least one.

    Raises:
        ValueError: it contains none, or one of them is malformed.
    """
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        raise ValueError("does not contain a certificate in PEM format") from None


def ends(authority: str) -> datetime:
    """The time until which the last of an authority's certificates is valid.

    Args:
        authority: its certificates, as PEM.
    """
    return max(certificate.not_valid_after_utc for certificate in certificates(authority))


def dns_names(certificate: x509.Certificate) -> list[str]:
    """The DNS names in a certificate."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return names.get_values_for_type(x509.DNSName)


def flaws(certificate: str, key: SecretStr, authority: str) -> Iterator[tuple[str, str]]:
    """What is wrong with a certificate that is not the stack's own: the part, and the reason.

    Args:
        certificate: the certificate and its intermediate ones, as PEM.
        key: its private key, as PEM.
        authority: the certificates of the authorities that may have issued it, as PEM.
    """
    chain = certificates(certificate)
    if not dns_names(chain[0]):
        yield (
            "certificate",
            "contains no DNS name, which the other parties verify; set one that does",
        )
    if reason := unfit(key, certificate):
        yield "key", reason
    for issued, issuer in pairwise(chain):
        if not _issued_by(issued, issuer):
            yield (
                "certificate",
                f"contains {_subject(issued)} without its issuer after it; put each certificate's "
                "issuer after it",
            )
            return
    if not any(_issued_by(chain[-1], issuer) for issuer in certificates(authority)):
        yield "authority", f"did not issue {_subject(chain[-1])}; set the one that did"


def unfit(key: SecretStr, certificate: str) -> str:
    """Why a private key is not that of a certificate, or "" if it is.

    Args:
        key: the key, as PEM.
        certificate: the certificate and its intermediate ones, as PEM.
    """
    try:
        private = serialization.load_pem_private_key(key.get_secret_value().encode(), None)
    except (ValueError, TypeError):
        return "is not a private key in PEM format without a passphrase; set one that is"
    if _public(private.public_key()) != _public(certificates(certificate)[0].public_key()):
        return "does not belong to the certificate; set the key that it was issued for"
    return ""


def invalid(pem: str, now: datetime) -> str:
    """Why the first certificate in a PEM text is not valid, or "" if it is valid."""
    first = certificates(pem)[0]
    if first.not_valid_after_utc < now:
        return f"expired on {first.not_valid_after_utc:%Y-%m-%d}"
    if first.not_valid_before_utc > now:
        return f"is not valid before {first.not_valid_before_utc:%Y-%m-%d}"
    return ""


def _issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _public(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _subject(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string() or "a certificate without a subject"


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _general_name(address: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(address))
    except ValueError:
        return x509.DNSName(address)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
