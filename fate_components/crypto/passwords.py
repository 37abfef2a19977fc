"""Every account's password, derived from the stack's one master secret."""

from typing import Literal, get_args

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

Account = Literal[
    "mysql/fate",
    "mysql/root",
    "redis",
    "serving-redis",
    "rabbitmq",
    "client",
    "fateboard",
    "spark",
    "serving-admin",
]
"""A service and its account."""


def derive(master: SecretStr, party: int, account: Account) -> SecretStr:
    """The password of one account of one party: 32 hexadecimal digits (128 bits).

    The same secret always gives the same password, and no password reveals anything about
    another (HKDF, RFC 5869).

    Args:
        master: the stack's master secret.
        party: the party's id.
        account: the account.
    """
    key = HKDF(algorithm=SHA256(), length=16, salt=None, info=f"fate/{party}/{account}".encode())
    return SecretStr(key.derive(master.get_secret_value().encode()).hex())


def of_party(master: SecretStr, party: int) -> list[SecretStr]:
    """The passwords of all accounts that a party may have.

    Args:
        master: the stack's master secret.
        party: the party's id.
    """
    return [derive(master, party, account) for account in get_args(Account)]
