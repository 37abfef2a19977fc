"""The passphrase of a backup: from a file, from the environment, or typed in."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

VARIABLE = "FATECTL_PASSPHRASE"


class PassphraseError(Exception):
    """There is no usable passphrase; the text explains why."""


def given(file: Path | None) -> str | None:
    """The passphrase that a file, or else the environment, gives.

    Args:
        file: the file whose first line is the passphrase, or None.

    Raises:
        PassphraseError: the file cannot be read, or there is nothing in it.
    """
    if file is None:
        return os.environ.get(VARIABLE) or None
    try:
        lines = file.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PassphraseError(f"--passphrase-file: {file} cannot be read: {error}") from None
    if not lines or not lines[0]:
        raise PassphraseError(
            f"--passphrase-file: the first line of {file} is empty; write the passphrase there"
        )
    return lines[0]


EncryptOption = Annotated[bool, typer.Option(help="Encrypt it, and ask for a passphrase.")]
EncryptWithOption = Annotated[
    Path | None, typer.Option(help="Encrypt it with the passphrase in this file.")
]


def for_new(file: Path | None, encrypt: bool) -> str | None:
    """The passphrase to encrypt a new file with, or None.

    Args:
        file: the file whose first line is the passphrase, or None.
        encrypt: whether to ask for one if none is given.

    Raises:
        PassphraseError: there is no usable passphrase.
    """
    secret = given(file)
    return asked(twice=True) if encrypt and not secret else secret


def asked(twice: bool) -> str:
    """The passphrase that the operator types in.

    Args:
        twice: whether it must be repeated, because a typing error would make a backup useless.

    Raises:
        PassphraseError: there is no terminal to ask at.
    """
    if not sys.stdin.isatty():
        raise PassphraseError(
            f"there is no terminal to ask for the passphrase: use --passphrase-file or {VARIABLE}"
        )
    return str(typer.prompt("Passphrase", hide_input=True, confirmation_prompt=twice))
