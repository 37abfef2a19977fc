"""Encryption of a backup with a passphrase.

A random salt and the passphrase give the key (scrypt). The text is cut into blocks, each encrypted
with AES-256-GCM. A block's nonce is its number and whether it is the last one, so blocks cannot be
exchanged, repeated or cut off. A key is used for one file only, so numbers can serve as nonces.
"""

import os
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC = b"fatectl encrypted backup 1\n"
"""The first bytes of every encrypted backup; the number is that of the format."""

_SALT = 16  # bytes
_BLOCK = 1 << 20  # bytes of text in every block but the last one
_TAG = 16  # bytes that GCM adds to each block
_COST = 1 << 17  # of scrypt: 128 MiB of memory and about half a second for every guess


class DecryptionError(Exception):
    """A backup that cannot be decrypted; the text explains why."""


class Sink(Protocol):
    """Something that bytes can be written to."""

    def write(self, text: bytes, /) -> object:
        """Write all of them."""


class Source(Protocol):
    """Something that bytes can be read from."""

    def read(self, size: int, /) -> bytes:
        """Read some of them; none at the end."""


def _cipher(passphrase: str, salt: bytes) -> AESGCM:
    key = Scrypt(salt=salt, length=32, n=_COST, r=8, p=1).derive(passphrase.encode())
    return AESGCM(key)


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


class Encrypter:
    """Encrypts what is written to it. Only `close` writes the last block.

    Args:
        file: where the encrypted backup goes.
        passphrase: the passphrase.
    """

    def __init__(self, file: Sink, passphrase: str) -> None:
        salt = os.urandom(_SALT)
        self._header = MAGIC + salt
        self._cipher = _cipher(passphrase, salt)
        self._file, self._number, self._text = file, 0, bytearray()
        file.write(self._header)

    def write(self, text: bytes) -> int:
        """Encrypt some more bytes; returns how many."""
        self._text += text
        while len(self._text) > _BLOCK:  # a full block may still be the last one
            self._encrypt(_BLOCK, last=False)
        return len(text)

    def _encrypt(self, size: int, last: bool) -> None:
        nonce = _nonce(self._number, last)
        self._file.write(self._cipher.encrypt(nonce, bytes(self._text[:size]), self._header))
        del self._text[:size]
        self._number += 1

    def close(self) -> None:
        """Write what is left. The file itself stays open."""
        self._encrypt(len(self._text), last=True)


class Decrypter:
    """Reads an encrypted backup as it was before the encryption.

    Args:
        file: the encrypted backup, at its beginning.
        passphrase: the passphrase.

    Raises:
        DecryptionError: the passphrase is wrong, or the beginning of the file was altered.
    """

    def __init__(self, file: Source, passphrase: str) -> None:
        self._header = file.read(len(MAGIC) + _SALT)
        self._cipher = _cipher(passphrase, self._header[len(MAGIC) :])
        self._file, self._number, self._text = file, 0, bytearray()
        self._next = file.read(_BLOCK + _TAG)
        self._decrypt()

    def _decrypt(self) -> None:
        block, self._next = self._next, self._file.read(_BLOCK + _TAG)
        try:
            nonce = _nonce(self._number, last=not self._next)
            self._text += self._cipher.decrypt(nonce, block, self._header)
        except InvalidTag:
            raise DecryptionError(
                "it is truncated or was altered"
                if self._number
                else "the passphrase is wrong, or the file is truncated or was altered"
            ) from None
        self._number += 1

    def read(self, size: int) -> bytes:
        """Some more bytes, fewer than asked for only at the end.

        Raises:
            DecryptionError: the file is truncated or was altered.
        """
        while len(self._text) < size and self._next:
            self._decrypt()
        text = bytes(self._text[:size])
        del self._text[:size]
        return text
