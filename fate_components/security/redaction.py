"""Texts of others without the secrets of a stack."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from urllib.parse import quote

from ..crypto import passwords
from ..plan.topology import Topology
from ..settings import Settings
from ..settings.reading import secrets_in
from . import certificates

HIDDEN = "••••••"
"""What stands in a text where a secret was."""

_KEY_LINE = 16  # characters: shorter lines of a key tell nothing, but may be words


class Redactor:
    """Replaces secrets in texts.

    Args:
        secrets: the secrets. Of one that has several lines, each is a secret.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        words = {word for secret in secrets for word in _words(secret)}
        longest_first = sorted(
            words | {quote(word, safe="") for word in words}, key=len, reverse=True
        )
        self._pattern = (
            re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        )

    def __call__(self, text: str) -> str:
        """A text without the secrets."""
        return self._pattern.sub(HIDDEN, text) if self._pattern else text


def _words(secret: str) -> Iterator[str]:
    lines = secret.split("\n")
    if len(lines) == 1:
        lines = [secret] if secret.strip() else []
    else:
        lines = [line for line in lines if len(line) >= _KEY_LINE and not line.startswith("-----")]
    yield from (line.strip() for line in lines)


def secrets_of(settings: Settings, plan: Topology, now: datetime) -> Iterator[str]:
    """The secrets of a stack: those in its stack file, and those that are derived.

    Args:
        settings: the stack file's settings, with its secrets.
        plan: the topology.
        now: the time.
    """
    for _, secret in secrets_in(settings):
        yield secret.get_secret_value()
    for party in settings.parties:
        for password in passwords.of_party(settings.master_secret, party.id):
            yield password.get_secret_value()
    encryption = certificates.of(settings, plan, now)
    for identity in encryption.identities.values() if encryption else ():
        yield identity.key.get_secret_value()
