"""fatectl restore: a party's data, back from one file."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ..engines.hdfs import backup as hdfs_backup
from ..operate.backup import archive, database
from ..operate.backup.archive import ArchiveError, Manifest
from ..operate.backup.restoring import Restoring
from ..operate.stack import Stack, StackError
from ..party import interrupts
from ..party.deployed import Deployed, PartyError, wait_healthy
from . import passphrase, progress
from .backup import deployed
from .failure import failure
from .passphrase import PassphraseError
from .stack import StackOption, read


class RestoreError(Exception):
    """A backup that does not suit the party; the text explains why."""


def check(manifest: Manifest, stack: Stack, party: Deployed, product: str | None) -> None:
    """Check that a backup suits a party.

    Args:
        manifest: what the backup is of.
        stack: the party's stack.
        party: the party.
        product: the product that its database runs on, if it has one.

    Raises:
        RestoreError: it does not; the text says what to change.
    """
    if str(manifest.party) != party.id:
        raise RestoreError(
            f"it is of party {manifest.party}, and FATE's data contains the party's id: restore it "
            f"into party {manifest.party}"
        )
    if manifest.release != stack.release.name:
        raise RestoreError(
            f"it is of FATE {manifest.release}, and stack {stack.name} deploys "
            f"{stack.release.name}: set fate:release to {manifest.release}, and run `pulumi up`"
        )
    if manifest.database and manifest.database != product:
        there = f"runs {product}" if product else "has no database"
        raise RestoreError(
            f"its database is from {manifest.database}, and party {party.id} {there}: give it a "
            "training cluster from the same fate:images, and run `pulumi up`"
        )
    if missing := manifest.volumes - set(party.volumes):
        raise RestoreError(
            f"it has data for {', '.join(sorted(missing))}, and party {party.id} has no such "
            "volume: deploy the party with the same clusters and engines and as many eggs and data "
            "nodes, and run `pulumi up`"
        )


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
    try:
        if abort == bool(file):
            raise RestoreError("name the file of a backup, or use --abort, and not both")
        found_stack = read(stack)
        where = f"party {party} of stack {found_stack.name}"
        if file and (database := found_stack.external_database(party)):
            raise RestoreError(
                f"party {party} has its database {database}, which fatectl does not restore: see "
                "docs/backup.md for how to restore both"
            )
        found = deployed(found_stack, party)
        if file and not yes and not sys.stdin.isatty():
            raise RestoreError(
                f"there is no terminal to ask whether to replace all data of {where}: use --yes"
            )
        restoring = Restoring(found, console.print)
        with interrupts.orderly():
            if file:
                secret = _secret(file, passphrase_file)
                _verify(console, file, secret, found_stack, found)
                if not yes:
                    typer.confirm(f"Replace all data of {where}?", abort=True)
            if interrupted := restoring.interrupted():
                restoring.put_back()
            else:
                restoring.clear()
            if file:
                _restore(console, file, secret, restoring, found_stack, found)
            elif interrupted:
                wait_healthy(found.containers)
    except (ArchiveError, PartyError, PassphraseError, RestoreError, StackError) as error:
        raise failure(error) from None
    except KeyboardInterrupt:
        raise failure(RestoreError(f"interrupted; {where} has the data it had")) from None
    if file:
        console.print(f"{where} has the data of {file}")
        if fault := hdfs_backup.arrange(found):
            console.print(
                f"warning: the tables are restored, but not on as many data nodes as they should "
                f"be: {fault}",
                markup=False,
            )
    elif interrupted:
        console.print(f"{where} has the data from before the restore")
    else:
        console.print(f"{where}: no restore is to be undone; what one has left is removed")


def _secret(file: Path, passphrase_file: Path | None) -> str | None:
    try:
        encrypted = archive.is_encrypted(file)
    except OSError as error:
        raise RestoreError(f"{file} cannot be read: {error.strerror}") from None
    if not encrypted:
        return None
    return passphrase.given(passphrase_file) or passphrase.asked(twice=False)


def _verify(
    console: Console, file: Path, secret: str | None, stack: Stack, party: Deployed
) -> None:
    """Check all of a backup before anything is touched."""
    tables = database.of(party)
    product = tables.product() if tables else None
    with progress.bars(console) as add:
        step = add("verifying", file.stat().st_size)
        with archive.reading(file, secret, step) as reader:
            try:
                check(reader.manifest, stack, party, product)
            except RestoreError as error:
                raise RestoreError(f"{file} cannot be restored: {error}") from None
            for _ in reader.members():
                pass
    console.print(
        f"{file} is complete: party {reader.manifest.party} of stack {reader.manifest.stack}, "
        f"{reader.manifest.created}"
    )


def _restore(
    console: Console,
    file: Path,
    secret: str | None,
    restoring: Restoring,
    stack: Stack,
    party: Deployed,
) -> None:
    try:
        with progress.bars(console) as add:
            step = add("loading", file.stat().st_size)
            with archive.reading(file, secret, step) as reader:
                for member, blocks in reader.members():
                    restoring.load(member, blocks)
        for part in hdfs_backup.added(party, reader.manifest.volumes):
            restoring.empty(part)
        if adapt := stack.line.adapt_tables:
            own = stack.party(int(party.id))
            if statements := adapt(stack.settings, stack.release, own):
                restoring.adapt(statements)
    except BaseException:
        restoring.clear()
        raise
    restoring.switch()
