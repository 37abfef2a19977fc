"""RSA as browsers and Java use it for FATE Board's passwords: 2048 bits, padded by PKCS#1 v1.5."""

from __future__ import annotations

import base64
import secrets

_BITS, _EXPONENT = 2048, 65537
_ALGORITHM = bytes.fromhex("300d06092a864886f70d0101010500")  # rsaEncryption, no parameters
_SMALL = [n for n in range(3, 2000, 2) if all(n % d for d in range(3, int(n**0.5) + 1, 2))]


class Key:
    """A new key."""

    def __init__(self) -> None:
        p, q = _prime(), _prime()
        self._modulus = p * q
        self._private = pow(_EXPONENT, -1, (p - 1) * (q - 1))

    @property
    def public(self) -> str:
        """Its public half, as Java encodes it."""
        pair = _der(0x30, _integer(self._modulus) + _integer(_EXPONENT))
        return base64.b64encode(_der(0x30, _ALGORITHM + _der(0x03, b"\0" + pair))).decode()

    def decrypted(self, text: str) -> str:
        """What has been encrypted for it.

        Raises:
            ValueError: the text is nothing of the kind.
        """
        number = int.from_bytes(base64.b64decode(text, validate=True))
        if not 0 < number < self._modulus:
            raise ValueError("too long or empty")
        padded = pow(number, self._private, self._modulus).to_bytes(_BITS // 8)
        end = padded.find(b"\0", 2)
        if padded[:2] != b"\0\2" or end < 10:
            raise ValueError("BadPaddingException")
        return padded[end + 1 :].decode()


def _prime() -> int:
    half = _BITS // 2
    while True:
        found = secrets.randbits(half) | (3 << (half - 2)) | 1
        if found % _EXPONENT == 1 or any(found % small == 0 for small in _SMALL):
            continue
        if all(_passes(found) for _ in range(8)):
            return found


def _passes(number: int) -> bool:
    """Whether it passes a round of Miller and Rabin's test."""
    odd = number - 1
    twos = (odd & -odd).bit_length() - 1
    found = pow(secrets.randbelow(number - 3) + 2, odd >> twos, number)
    if found in (1, number - 1):
        return True
    return any((found := found * found % number) == number - 1 for _ in range(twos - 1))


def _integer(value: int) -> bytes:
    return _der(0x02, value.to_bytes(value.bit_length() // 8 + 1))


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 128 | len(length)]) + length + content
