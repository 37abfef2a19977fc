"""fatectl takeover: the data of a party that KubeFATE runs, in a file that can be restored."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ..docker.client.daemon import NoAnswerError
from ..kubefate.takeover import Takeover, TakeoverError
from ..operate.stack import StackError
from ..party import interrupts
from ..party.deployed import PartyError
from . import passphrase
from .backup import summary
from .failure import failure
from .new_file import FileError, new_file
from .passphrase import EncryptOption, EncryptWithOption, PassphraseError
from .progress import OnConsole
from .stack import read


def takeover(
    party: Annotated[int, typer.Argument(help="The party's id.")],
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")],
    stack: Annotated[
        str | None, typer.Option(help="The stack with the party; the selected one if left out.")
    ] = None,
    encrypt: EncryptOption = False,
    passphrase_file: EncryptWithOption = None,
    stop: Annotated[
        bool, typer.Option(help="Leave KubeFATE's containers stopped, because they are replaced.")
    ] = False,
) -> None:
    """Write all data of a party that KubeFATE runs to one file, for `fatectl restore`.

    KubeFATE's containers are paused meanwhile, and nothing of theirs is changed.
    """
    console = Console(highlight=False, soft_wrap=True)
    try:
        secret = passphrase.for_new(passphrase_file, encrypt)
        taking_over = Takeover(read(stack), party, OnConsole(console))
        with interrupts.orderly(), new_file(file) as target:
            seconds = taking_over.write(target, secret, stop)
    except (
        FileError, NoAnswerError, PartyError, PassphraseError, StackError, TakeoverError
    ) as error:  # fmt: skip
        raise failure(error) from None
    except KeyboardInterrupt:
        raise failure(
            TakeoverError("interrupted; no file was written, KubeFATE's containers run")
        ) from None
    console.print(summary(file, f"party {party} of KubeFATE", secret))
    console.print(
        "KubeFATE's containers are stopped"
        if stop
        else f"KubeFATE's containers run; they stood still {seconds:.0f} s"
    )
    console.print(f"next: `pulumi up`, then `fatectl restore {party} {file}`")
