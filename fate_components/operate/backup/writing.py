"""The backup of a party, written to one file while the party stands still."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import BinaryIO

from ...engines.hdfs import backup as hdfs_backup
from ...party.deployed import MYSQL, Deployed, PartyError, find, standing_still
from ..progress import Progress, counted
from ..stack import Stack
from . import archive, database, sparse, volumes
from .archive import DATABASE, Manifest, Member
from .database import Database
from .restoring import Restoring


class BackupError(Exception):
    """A backup that cannot be made; the text explains why."""


def deployed(stack: Stack, party: int) -> Deployed:
    """A party of a stack as it is on its Docker hosts.

    Raises:
        StackError: the stack has no such party.
        PartyError: it is not there, or not all of it.
    """
    there = find(stack.name, str(party), stack.docker_hosts(party))
    mysql = there.mysql
    if mysql and mysql.status != "running":
        raise PartyError(
            f"{mysql.name} is {mysql.status}: start it with `docker start` or `pulumi up`"
        )
    return there


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
        for declared in stack.settings.parties
        if str(declared.id) == party
        for cluster in stack.planner.clusters(declared)
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


@dataclass(frozen=True)
class Source:
    """What a backup is made of.

    Args:
        party: the party.
        manifest: what the backup will consist of.
        tables: the party's database, if it has one.
        read: reads the files of its volumes, by the last part of their names.
        sizes: about how large they are, in bytes, where that is known.
    """

    party: Deployed
    manifest: Manifest
    tables: Database | None
    read: Mapping[str, Callable[[], Iterator[bytes]]]
    sizes: Mapping[str, int] = field(default_factory=dict)


def ready(stack: Stack, party: int) -> Deployed:
    """A party that can be backed up.

    Args:
        stack: its stack.
        party: the party's id.

    Raises:
        StackError: the stack has no such party.
        PartyError: it is not there, or not all of it.
        BackupError: it cannot be backed up; the text says what to do first.
    """
    if external := stack.external_database(party):
        raise BackupError(
            f"party {party} has its database {external}, which fatectl does not back up: see "
            "docs/backup.md for how to back up both"
        )
    there = deployed(stack, party)
    if Restoring(there, lambda _: None).interrupted():
        raise BackupError(
            f"a restore of party {party} was interrupted: run `fatectl restore {party} --abort`"
        )
    if why := hdfs_backup.fault(there):
        raise BackupError(f"party {party} cannot be backed up: {why}")
    return there


def back_up(
    stack: Stack, party: Deployed, file: BinaryIO, secret: str | None, stop: bool, tell: Progress
) -> float:
    """Write the backup of a party.

    Args:
        stack: its stack.
        party: the party.
        file: where to.
        secret: the passphrase to encrypt it with, or None.
        stop: whether to leave the party stopped.
        tell: is told how far it is.

    Returns:
        How long the party stood still, in seconds.

    Raises:
        PartyError: a part could not be read.
    """
    tables = database.of(party)
    source = Source(
        party,
        manifest(stack, party, tables.product() if tables else None),
        tables,
        {part: partial(volumes.read, party, volume) for part, volume in party.volumes.items()},
        volumes.sizes(party),
    )
    return write(source, file, secret, stop, tell)


def write(source: Source, file: BinaryIO, secret: str | None, stop: bool, tell: Progress) -> float:
    """Write a backup while the party stands still.

    Args:
        source: what it is made of.
        file: where to.
        secret: the passphrase to encrypt it with, or None.
        stop: whether to leave the party stopped.
        tell: is told how far it is.

    Returns:
        How long the party stood still, in seconds.

    Raises:
        PartyError: a part could not be read.
    """
    party, tables, members = source.party, source.tables, source.manifest.members
    for host in sparse.reads_holes(party):
        tell.said(
            f"warning: no image of the party on {host} has GNU tar 1.29 or newer, or Python 3.6 or "
            "newer: holes in files are read, which takes most of a minute for each partition of "
            "Eggroll's tables"
        )
    with tell.bars() as add:
        sizes = {**source.sizes, MYSQL: tables.size()} if tables else source.sizes
        steps = {
            member.name: add(part, sizes.get(part))
            for member in members
            for part in [member.volume or MYSQL]
        }
        with archive.writing(file, source.manifest, secret) as writer:
            start = time.monotonic()
            with standing_still(party, stop):
                if tables and (jobs := tables.running_jobs()):
                    tell.said(f"in the backup these jobs have not ended: {', '.join(jobs)}")
                for member in members:
                    if member.volume is not None:
                        blocks = source.read[member.volume]()
                    else:
                        assert tables  # noqa: S101 - it has a member
                        blocks = tables.dump()
                    writer.add(member.name, counted(blocks, steps[member.name]))
            return time.monotonic() - start
