"""Certificates: the stack's own, and those that are given."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store
from pydantic import SecretStr

from fate_components import outputs
from fate_components.crypto import pki
from fate_components.security import certificates
from tests.support.bad_stack_files import CA, GIVEN, NEW
from tests.support.certificates import NOW, encrypted

AUTHORITY = pki.Authority(SecretStr("correct-horse-battery-staple"))


def test_what_is_issued_is_the_same_until_it_must_be_renewed() -> None:
    first = AUTHORITY.issue("party-9999", ["10.0.0.1"], NOW)
    again = pki.Authority(SecretStr("correct-horse-battery-staple"))
    assert again.certificate == AUTHORITY.certificate
    assert again.issue("party-9999", ["10.0.0.1"], NOW + timedelta(days=30)) == first
    renewed = again.issue("party-9999", ["10.0.0.1"], NOW + timedelta(days=40))
    assert renewed.certificate != first.certificate
    assert renewed.key == first.key
    assert renewed.trust == first.trust
    assert pki.certificates(renewed.certificate)[0].serial_number != (
        pki.certificates(first.certificate)[0].serial_number
    )


@pytest.mark.parametrize("day", range(0, 800, 37))
def test_a_certificate_is_valid_for_at_least_a_year(day: int) -> None:
    now = NOW + timedelta(days=day)
    identity = AUTHORITY.issue("party-9999", [], now)
    assert pki.invalid(identity.certificate, now) == ""
    assert identity.expires - now >= timedelta(days=365)


def test_clients_and_servers_accept_it_and_no_other_authority_s() -> None:
    def policy(authority: pki.Authority) -> PolicyBuilder:
        store = Store(pki.certificates(authority.certificate))
        return PolicyBuilder().store(store).time(NOW)

    identity = AUTHORITY.issue("party-9999", ["fate.example.org", "10.0.0.1"], NOW)
    (certificate,) = pki.certificates(identity.certificate)
    for name in ("party-9999", "fate.example.org"):
        policy(AUTHORITY).build_server_verifier(x509.DNSName(name)).verify(certificate, [])
    policy(AUTHORITY).build_client_verifier().verify(certificate, [])
    stranger = pki.Authority(SecretStr("another-secret-of-somebody"))
    with pytest.raises(x509.verification.VerificationError):
        policy(stranger).build_client_verifier().verify(certificate, [])


def test_parties_have_different_keys() -> None:
    keys = {AUTHORITY.issue(name, [], NOW).key for name in ("party-9999", "party-10000")}
    assert len(keys) == 2


def test_a_given_certificate_has_no_flaws() -> None:
    assert list(pki.flaws(NEW.certificate, NEW.key, CA)) == []


def test_a_certificate_that_expires_soon_is_named_unless_the_stack_renews_it() -> None:
    issued = AUTHORITY.issue("party-9999", [], NOW)
    given = pki.Identity(issued.certificate, issued.key, issued.trust)
    trusted = {"exchange": pki.Trust("exchange", issued.certificate)}
    renewed = certificates.Certificates("", {"9999": issued}, {})
    others = certificates.Certificates("", {"9999": given}, trusted)
    assert renewed.warnings(issued.expires - timedelta(days=1)) == []
    assert others.warnings(issued.expires - timedelta(days=31)) == []
    assert others.warnings(issued.expires - timedelta(days=29)) == [
        "The certificate of party 9999 expires on 2028-01-01. "
        "Set a new one before that day; see docs/tls.md.",
        "The certificate of the authority of the exchange expires on 2028-01-01. "
        "Set a new one before that day; see docs/tls.md.",
    ]


def test_everyone_is_verified_with_their_own_authority() -> None:
    found = encrypted()
    assert set(found.identities) == {"9999", "10000"}
    assert found.trust("9999") == pki.Trust("party-9999", found.authority)
    assert found.trust("10001") == pki.Trust("party-10001", CA)
    assert found.authorities().count("BEGIN CERTIFICATE") == 2


def test_a_given_certificate_is_used_and_verified_by_its_own_name() -> None:
    parties = [{"id": 9999, "host": "a", "tls": GIVEN}]
    found = encrypted(**{"fate:parties": parties})
    assert found.authority == "", "the stack issues nothing"
    assert found.trust("9999") == pki.Trust("fate.example.org", CA)
    assert found.identities["9999"].certificate == NEW.certificate


def test_outputs_show_when_certificates_expire() -> None:
    found = outputs.tls_output(encrypted(**{"fate:exchange": {"host": "a", "port": 9399}}))
    assert found["certificatesExpire"] == {
        "9999": "2028-01-01", "10000": "2028-01-01", "exchange": "2028-01-01",
    }  # fmt: skip
    assert found["authoritiesOfOthersExpire"] == {"10001": "2050-01-01"}
    assert "BEGIN CERTIFICATE" in str(found["authority"])
