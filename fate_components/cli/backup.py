"""fatectl backup: one file with all data of a party."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ..operate.backup.writing import BackupError, back_up, ready
from ..operate.stack import StackError
from ..party import interrupts
from ..party.deployed import PartyError
from . import passphrase
from .failure import failure
from .new_file import FileError, new_file
from .passphrase import EncryptOption, EncryptWithOption, PassphraseError
from .progress import OnConsole
from .stack import StackOption, read


def backup(
    party: Annotated[int, typer.Argument(help="The party's id.")],
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")],
    stack: StackOption = None,
    encrypt: EncryptOption = False,
    passphrase_file: EncryptWithOption = None,
    stop: Annotated[
        bool, typer.Option(help="Leave the party stopped, because it is to be moved.")
    ] = False,
) -> None:
    """Write all data of a party to one file. The party is paused while its data is read."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        secret = passphrase.for_new(passphrase_file, encrypt)
        its_stack = read(stack)
        deployed = ready(its_stack, party)
        with interrupts.orderly(), new_file(file) as target:
            seconds = back_up(its_stack, deployed, target, secret, stop, OnConsole(console))
    except (
        BackupError, FileError, PassphraseError, StackError, PartyError
    ) as error:  # fmt: skip
        raise failure(error) from None
    except KeyboardInterrupt:
        raise failure(BackupError("interrupted; no file was written, the party runs")) from None
    console.print(summary(file, f"party {party} of FATE {its_stack.release.name}", secret))
    console.print(
        f"the party is {'stopped' if stop else f'running; it stood still {seconds:.0f} s'}"
    )


def summary(file: Path, of: str, secret: str | None) -> str:
    """What was written.

    Args:
        file: the backup.
        of: whose data it is.
        secret: the passphrase it is encrypted with, or None.
    """
    how = "encrypted" if secret else "not encrypted"
    return f"{file}: {of}, {file.stat().st_size / 1e6:.1f} MB, {how}"
