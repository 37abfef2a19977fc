"""Derived passwords."""

from pydantic import SecretStr

from fate_components.crypto.passwords import Account, derive

MASTER = SecretStr("correct-horse-battery-staple")


def test_passwords_never_change() -> None:
    # A changed derivation would change every password of every running cluster.
    assert (
        derive(MASTER, 9999, "mysql/fate").get_secret_value() == "ead19d7fa0c4c219cd629f23d60378ff"
    )


def test_every_account_has_its_own() -> None:
    accounts: list[Account] = ["mysql/fate", "mysql/root", "redis"]
    found = {derive(MASTER, p, a).get_secret_value() for p in (9999, 10000) for a in accounts}
    other = derive(SecretStr("another-secret-altogether"), 9999, "redis").get_secret_value()
    assert len(found | {other}) == 7
