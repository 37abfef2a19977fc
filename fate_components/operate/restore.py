"""A party's data, back from the file of a backup."""

from pathlib import Path

from ..engines.hdfs import backup as hdfs_backup
from ..party.deployed import Deployed, wait_healthy
from .backup import archive, database
from .backup.archive import Manifest
from .backup.restoring import Restoring
from .backup.writing import deployed
from .progress import Progress
from .stack import Stack


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


def check_own_database(stack: Stack, party: int) -> None:
    """Check that the database of a party is its own.

    Args:
        stack: its stack.
        party: the party's id.

    Raises:
        StackError: the stack has no such party.
        RestoreError: it is on a MySQL of somebody else.
    """
    if external := stack.external_database(party):
        raise RestoreError(
            f"party {party} has its database {external}, which fatectl does not restore: see "
            "docs/backup.md for how to restore both"
        )


def is_encrypted(file: Path) -> bool:
    """Whether a backup needs a passphrase.

    Raises:
        RestoreError: it cannot be read.
    """
    try:
        return archive.is_encrypted(file)
    except OSError as error:
        raise RestoreError(f"{file} cannot be read: {error.strerror}") from None


class Restore:
    """Replaces all data of a party with that of a backup.

    Args:
        stack: the party's stack.
        party: the party's id.
        tell: is told how far it is.

    Raises:
        StackError: the stack has no such party.
        PartyError: it is not there, or not all of it.
    """

    def __init__(self, stack: Stack, party: int, tell: Progress) -> None:
        self.where = f"party {party} of stack {stack.name}"
        self._stack, self._tell = stack, tell
        self._party = deployed(stack, party)
        self._restoring = Restoring(self._party, tell.said)

    def verify(self, file: Path, secret: str | None) -> None:
        """Check all of a backup before anything is touched.

        Args:
            file: the backup.
            secret: its passphrase, if it is encrypted.

        Raises:
            ArchiveError: it is damaged.
            RestoreError: it does not suit the party.
        """
        tables = database.of(self._party)
        product = tables.product() if tables else None
        with self._tell.bars() as add:
            step = add("verifying", file.stat().st_size)
            with archive.reading(file, secret, step) as reader:
                manifest = reader.manifest
                try:
                    check(manifest, self._stack, self._party, product)
                except RestoreError as error:
                    raise RestoreError(f"{file} cannot be restored: {error}") from None
                for _ in reader.members():
                    pass
        self._tell.said(
            f"{file} is complete: party {manifest.party} of stack {manifest.stack}, "
            f"{manifest.created}"
        )

    def replace(self, file: Path, secret: str | None) -> None:
        """Put a backup that was verified in the place of the data.

        Args:
            file: the backup.
            secret: its passphrase, if it is encrypted.

        Raises:
            ArchiveError: it is damaged.
            PartyError: it failed, and the party has the data it had.
        """
        self._undo()
        try:
            self._load(file, secret)
        except BaseException:
            self._restoring.clear()
            raise
        self._restoring.switch()

    def abort(self) -> bool:
        """Put back what an interrupted restore was to replace, and remove what one has left.

        Returns:
            Whether there was one.

        Raises:
            PartyError: that failed, or the party is not healthy.
        """
        undone = self._undo()
        if undone:
            wait_healthy(self._party.containers)
        return undone

    def arrange(self) -> str | None:
        """Bring the restored files to as many data nodes of HDFS as they should be on.

        Returns:
            Why they are not, or None.
        """
        return hdfs_backup.arrange(self._party)

    def _undo(self) -> bool:
        interrupted = self._restoring.interrupted()
        if interrupted:
            self._restoring.put_back()
        else:
            self._restoring.clear()
        return interrupted

    def _load(self, file: Path, secret: str | None) -> None:
        with self._tell.bars() as add:
            step = add("loading", file.stat().st_size)
            with archive.reading(file, secret, step) as reader:
                for member, blocks in reader.members():
                    self._restoring.load(member, blocks)
        for part in hdfs_backup.added(self._party, reader.manifest.volumes):
            self._restoring.empty(part)
        if adapt := self._stack.line.adapt_tables:
            own = self._stack.party(int(self._party.id))
            if statements := adapt(self._stack.settings, self._stack.release, own):
                self._restoring.adapt(statements)
