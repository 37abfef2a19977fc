"""fatectl takeover: the data of a party that KubeFATE runs, in a file that can be restored."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from .. import lines
from ..docker.client.daemon import NoAnswerError
from ..kubefate import running
from ..operate.backup.database import Database
from ..operate.stack import Stack, StackError
from ..party import interrupts
from ..party.deployed import PartyError
from ..releases import catalogue
from . import passphrase
from .backup import manifest_of, summary, write
from .failure import failure
from .new_file import FileError, new_file
from .passphrase import EncryptOption, EncryptWithOption, PassphraseError
from .stack import read


class TakeoverError(Exception):
    """A party whose data cannot be taken over; the text explains why."""


def _data(stack: Stack, party: int) -> Mapping[str, tuple[str, str]]:
    """Where the data of a party of KubeFATE is, if it can be taken over into a stack."""
    known = stack.line.from_kubefate
    if known is None or not known.data:
        able = [one for one in catalogue.known() if _takes_over(one)]
        raise TakeoverError(
            f"stack {stack.name} deploys FATE {stack.release.name}: only data of FATE "
            f"{' and '.join(able)}, from KubeFATE, can be taken over"
        )
    if database := stack.external_database(party):
        raise TakeoverError(
            f"party {party} is to have its database {database}, and fatectl does not restore into "
            "it: take over the data into a stack without training.mysql.address first"
        )
    return known.data


def _takes_over(release: str) -> bool:
    found = lines.of(catalogue.load(release)).from_kubefate
    return bool(found and found.data)


def _other_images(stack: Stack, images: Mapping[str, str]) -> Iterator[str]:
    """Images of KubeFATE that seem to be of another release than the stack deploys."""
    facts = {**stack.release.services, **stack.release.serving}
    known = stack.line.from_kubefate
    for service in dict.fromkeys(owner for owner, _ in known.data.values()) if known else ():
        wanted = facts[service].image.rpartition(":")[2]
        if service in images and images[service].rpartition(":")[2] != wanted:
            yield f"{images[service]} (not {wanted})"


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
        found_stack = read(stack)
        hosts = found_stack.docker_hosts(party)
        data = _data(found_stack, party)
        found = running.find(party, hosts, data)
        mysql = found.party.mysql
        if mysql and mysql.status != "running":
            raise TakeoverError(f"{mysql.name} is {mysql.status}: start it with `docker start`")
        if others := list(_other_images(found_stack, found.images)):
            console.print(
                f"warning: KubeFATE runs {', '.join(others)}: data of another release than "
                f"{found_stack.release.name} does not work with it"
            )
        tables = Database(found.party, mysql, running.as_root) if mysql else None
        wanted = manifest_of(
            found_stack,
            str(party),
            "KubeFATE",
            tables.product() if tables else None,
            {one.part: data[one.part][0] for one in found.data},
        )
        parts = {one.part: partial(one.read, found.party) for one in found.data}
        with interrupts.orderly(), new_file(file) as target:
            seconds = write(console, target, secret, wanted, found.party, tables, parts, {}, stop)
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
