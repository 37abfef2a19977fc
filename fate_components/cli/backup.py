"""fatectl backup: one file with all data of a party."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.console import Console

from ..engines.hdfs import backup as hdfs_backup
from ..operate.backup import archive, database, sparse, volumes
from ..operate.backup.archive import DATABASE, Manifest, Member
from ..operate.backup.database import Database
from ..operate.backup.restoring import Restoring
from ..operate.stack import Stack, StackError
from ..party import interrupts
from ..party.deployed import MYSQL, Deployed, PartyError, find, standing_still
from . import passphrase, progress
from .failure import failure
from .new_file import FileError, new_file
from .passphrase import EncryptOption, EncryptWithOption, PassphraseError
from .stack import StackOption, read


class BackupError(Exception):
    """A backup that cannot be made; the text explains why."""


def deployed(stack: Stack, party: int) -> Deployed:
    """A party of a stack as it is on its Docker hosts.

    Raises:
        StackError: the stack has no such party.
        PartyError: it is not there, or not all of it.
    """
    found = find(stack.name, str(party), stack.docker_hosts(party))
    if found.mysql and found.mysql.status != "running":
        raise PartyError(
            f"{found.mysql.name} is {found.mysql.status}: start it with `docker start` or `pulumi "
            "up`"
        )
    return found


def manifest(stack: Stack, party: Deployed, product: str | None) -> Manifest:
    """What a backup of a party will consist of.

    Args:
        stack: its stack.
        party: the party.
        product: the product that its database runs on, if it has one.
    """
    owners = {part: volume.owner.service for part, volume in party.volumes.items()}
    return manifest_of(stack, party.id, stack.name, product, owners)


def manifest_of(
    stack: Stack, party: str, source: str, product: str | None, owners: Mapping[str, str]
) -> Manifest:
    """What a backup of a party will consist of.

    Args:
        stack: the stack whose release it is of.
        party: the party's id.
        source: the name of what the data is from.
        product: the product that its database runs on, if it has one.
        owners: the services that own its volumes, by the last part of the volumes' names.
    """
    facts = {
        name: service
        for one in stack.settings.parties
        if str(one.id) == party
        for cluster in stack.planner.clusters(one)
        for name, service in cluster.facts.services.items()
    }

    def member(name: str, service: str, volume: str | None = None) -> Member:
        image = facts[service].image if service in facts else ""
        return Member(name=name, service=service, image=image, volume=volume)

    members = [member(DATABASE, MYSQL)] if product else []
    members += [member(f"volumes/{part}.tar.gz", service, part) for part, service in owners.items()]
    return Manifest(
        line=stack.release.line,
        release=stack.release.name,
        stack=source,
        party=int(party),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        database=product,
        members=tuple(members),
    )


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
        found_stack = read(stack)
        if database := found_stack.external_database(party):
            raise BackupError(
                f"party {party} has its database {database}, which fatectl does not back up: see "
                "docs/backup.md for how to back up both"
            )
        found = deployed(found_stack, party)
        if Restoring(found, console.print).interrupted():
            raise BackupError(
                f"a restore of party {party} was interrupted: run `fatectl restore {party} --abort`"
            )
        if why := hdfs_backup.fault(found):
            raise BackupError(f"party {party} cannot be backed up: {why}")
        with interrupts.orderly(), new_file(file) as target:
            seconds = _write(console, found_stack, found, target, secret, stop)
    except (
        BackupError, FileError, PassphraseError, StackError, PartyError
    ) as error:  # fmt: skip
        raise failure(error) from None
    except KeyboardInterrupt:
        raise failure(BackupError("interrupted; no file was written, the party runs")) from None
    console.print(summary(file, f"party {party} of FATE {found_stack.release.name}", secret))
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


def _write(
    console: Console, stack: Stack, party: Deployed, file: BinaryIO, secret: str | None, stop: bool
) -> float:
    """Write a backup; returns how long the party stood still, in seconds."""
    tables = database.of(party)
    wanted = manifest(stack, party, tables.product() if tables else None)
    read = {part: partial(volumes.read, party, volume) for part, volume in party.volumes.items()}
    return write(console, file, secret, wanted, party, tables, read, volumes.sizes(party), stop)


def write(
    console: Console,
    file: BinaryIO,
    secret: str | None,
    wanted: Manifest,
    party: Deployed,
    tables: Database | None,
    read: Mapping[str, Callable[[], Iterator[bytes]]],
    sizes: Mapping[str, int],
    stop: bool,
) -> float:
    """Write a backup while the party stands still.

    Args:
        console: where to show progress.
        file: where to.
        secret: the passphrase to encrypt it with, or None.
        wanted: what it will consist of.
        party: the party.
        tables: its database, if it has one.
        read: reads the files of its volumes, by the last part of their names.
        sizes: about how large they are, in bytes, where that is known.
        stop: whether to leave the party stopped.

    Returns:
        How long the party stood still, in seconds.

    Raises:
        PartyError: a part could not be read.
    """
    for host in sparse.reads_holes(party):
        console.print(
            f"warning: no image of the party on {host} has GNU tar 1.29 or newer, or Python 3.6 or "
            "newer: holes in files are read, which takes most of a minute for each partition of "
            "Eggroll's tables",
            markup=False,
        )
    with progress.bars(console) as add:
        known = {**sizes, MYSQL: tables.size()} if tables else sizes
        steps = {
            member.name: add(part, known.get(part))
            for member in wanted.members
            for part in [member.volume or MYSQL]
        }
        with archive.writing(file, wanted, secret) as writer:
            start = time.monotonic()
            with standing_still(party, stop):
                if tables and (jobs := tables.running_jobs()):
                    console.print(f"in the backup these jobs have not ended: {', '.join(jobs)}")
                for member in wanted.members:
                    if member.volume is not None:
                        blocks = read[member.volume]()
                    else:
                        assert tables  # noqa: S101 - it has a member
                        blocks = tables.dump()
                    writer.add(member.name, progress.counted(blocks, steps[member.name]))
            return time.monotonic() - start
