"""fatectl restore: a party's data, back from one file."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ..operate.backup.archive import ArchiveError
from ..operate.restore import Restore, RestoreError, check_own_database, is_encrypted
from ..operate.stack import StackError
from ..party import interrupts
from ..party.deployed import PartyError
from . import passphrase
from .failure import failure
from .passphrase import PassphraseError
from .progress import OnConsole
from .stack import StackOption, read


def restore(
    party: Annotated[int, typer.Argument(help="The party's id.")],
    file: Annotated[
        Path | None, typer.Argument(help="The file that `fatectl backup` wrote.")
    ] = None,
    stack: StackOption = None,
    passphrase_file: Annotated[
        Path | None, typer.Option(help="The file with the passphrase, if it is encrypted.")
    ] = None,
    yes: Annotated[bool, typer.Option(help="Do not ask whether to replace the data.")] = False,
    abort: Annotated[
        bool, typer.Option(help="Only put back what an interrupted restore was to replace.")
    ] = False,
) -> None:
    """Replace all data of a party with that of a backup. The party is stopped for a moment."""
    console = Console(highlight=False, soft_wrap=True)
    where = f"party {party}"
    try:
        if abort == bool(file):
            raise RestoreError("name the file of a backup, or use --abort, and not both")
        its_stack = read(stack)
        if file:
            check_own_database(its_stack, party)
        restoring = Restore(its_stack, party, OnConsole(console))
        where = restoring.where
        if file and not yes and not sys.stdin.isatty():
            raise RestoreError(
                f"there is no terminal to ask whether to replace all data of {where}: use --yes"
            )
        with interrupts.orderly():
            if file:
                secret = _secret(file, passphrase_file)
                restoring.verify(file, secret)
                if not yes:
                    typer.confirm(f"Replace all data of {where}?", abort=True)
                restoring.replace(file, secret)
            else:
                undone = restoring.abort()
    except (ArchiveError, PartyError, PassphraseError, RestoreError, StackError) as error:
        raise failure(error) from None
    except KeyboardInterrupt:
        raise failure(RestoreError(f"interrupted; {where} has the data it had")) from None
    if file:
        console.print(f"{where} has the data of {file}")
        if fault := restoring.arrange():
            console.print(
                f"warning: the tables are restored, but not on as many data nodes as they should "
                f"be: {fault}",
                markup=False,
            )
    elif undone:
        console.print(f"{where} has the data from before the restore")
    else:
        console.print(f"{where}: no restore is to be undone; what one has left is removed")


def _secret(file: Path, passphrase_file: Path | None) -> str | None:
    if not is_encrypted(file):
        return None
    return passphrase.given(passphrase_file) or passphrase.asked(twice=False)
