"""The file format of a backup: a tar archive, optionally encrypted as a whole.

    manifest.json            what the backup is of
    mysql.sql.gz/000000 …    each member, cut into parts, because tar needs sizes in advance
    volumes/NAME.tar.gz/000000 …
    checksums.json           the size and the SHA-256 of each member

So one that is not encrypted can also be unpacked with tar alone: the parts of a member, one after
the other, are a gzip file.
"""

import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import groupby
from pathlib import Path
from typing import BinaryIO, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from ...crypto.encryption import MAGIC, Decrypter, DecryptionError, Encrypter, Sink, Source

DATABASE = "mysql.sql.gz"
_MANIFEST, _CHECKSUMS = "manifest.json", "checksums.json"
_PART = 8 << 20  # bytes
_GZIP = 31  # zlib's number for the format of gzip files
_FASTEST = 1  # a level that keeps up with a disk; higher ones save little


class ArchiveError(Exception):
    """A file that is not a complete, unaltered backup; the text explains why."""


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True)


class Member(_Facts):
    """A part of a party's data.

    Args:
        name: its name in the archive.
        service: the service that owns it.
        image: the service's image, when the backup was made.
        volume: the last part of the volume's name, or None for the database.
    """

    name: str
    service: str
    image: str
    volume: str | None = None


class Manifest(_Facts):
    """What a backup is of.

    Args:
        format: the version of the file format.
        line: the release line, for people: the release says which it is.
        release: the FATE release.
        stack: the stack that the party was in.
        party: the party's id.
        created: the time when the party was paused for it, in UTC.
        database: the product that the database's dump is from, MySQL or MariaDB; None without one.
        members: the parts of the data.
    """

    format: Literal[1] = 1
    line: str
    release: str
    stack: str
    party: int
    created: str
    database: str | None
    members: tuple[Member, ...]

    @property
    def volumes(self) -> set[str]:
        """The volumes that it has, each the last part of its name."""
        return {member.volume for member in self.members if member.volume is not None}


class Writer:
    """Writes a backup.

    Args:
        file: where to.
        manifest: what it is of; each of its members must be added.
    """

    def __init__(self, file: Sink, manifest: Manifest) -> None:
        self._tar: tarfile.TarFile = tarfile.open(  # type: ignore[call-overload] # noqa: SIM115
            fileobj=file, mode="w|"
        )
        self._checksums: dict[str, dict[str, object]] = {}
        self._file(_MANIFEST, manifest.model_dump_json(indent=2).encode())

    def add(self, name: str, blocks: Iterable[bytes]) -> None:
        """Add a member.

        Args:
            name: its name.
            blocks: its content, not compressed.
        """
        digest, size = hashlib.sha256(), 0
        for number, part in enumerate(_parts(_compressed(blocks))):
            digest.update(part)
            size += len(part)
            self._file(f"{name}/{number:06}", part)
        self._checksums[name] = {"size": size, "sha256": digest.hexdigest()}

    def close(self) -> None:
        """Write the end. The file itself stays open."""
        self._file(_CHECKSUMS, json.dumps(self._checksums, indent=2).encode())
        self._tar.close()

    def abandon(self) -> None:
        """Give up: tarfile would write the end later, to a file that is closed by then."""
        with suppress(OSError):
            self._tar.close()

    def _file(self, name: str, content: bytes) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(content), 0o600
        self._tar.addfile(entry, io.BytesIO(content))
        self._tar.members.clear()  # type: ignore[attr-defined] # it would remember every part


def _compressed(blocks: Iterable[bytes]) -> Iterator[bytes]:
    compressor = zlib.compressobj(_FASTEST, wbits=_GZIP)
    for block in blocks:
        yield compressor.compress(block)
    yield compressor.flush()


def _parts(blocks: Iterable[bytes]) -> Iterator[bytes]:
    waiting = bytearray()
    for block in blocks:
        waiting += block
        while len(waiting) >= _PART:
            yield bytes(waiting[:_PART])
            del waiting[:_PART]
    yield bytes(waiting)


def decompressed(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The content of a member.

    Args:
        blocks: the member as it is in the archive.

    Raises:
        ArchiveError: it is damaged.
    """
    decompressor = zlib.decompressobj(wbits=_GZIP)
    try:
        for block in blocks:
            while block:
                yield decompressor.decompress(block, _PART)
                block = decompressor.unconsumed_tail
        yield decompressor.flush()
    except zlib.error as error:
        raise ArchiveError(f"it is damaged ({error})") from None
    if not decompressor.eof:
        raise ArchiveError("it is damaged (the end of a member is missing)")


class Reader:
    """Reads a backup from its beginning to its end, once.

    Args:
        source: the backup, decrypted.

    Raises:
        ArchiveError: it is not a backup of a format that is known.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._found: dict[str, dict[str, object]] = {}
        try:
            self._tar: tarfile.TarFile = tarfile.open(  # type: ignore[call-overload] # noqa: SIM115
                fileobj=source, mode="r|"
            )
            first = self._next()
            if first is None or first.name != _MANIFEST:
                raise ArchiveError("it is not a backup made by fatectl")
            self.manifest = Manifest.model_validate_json(self._content(first))
        except tarfile.TarError:
            raise ArchiveError("it is not a backup made by fatectl, or it is damaged") from None
        except ValidationError as error:
            wrong = error.errors()[0]
            if wrong["loc"] == ("format",):
                raise ArchiveError(
                    f"its format is {wrong['input']}, and this fatectl reads format 1: use a newer "
                    "version of this project"
                ) from None
            raise ArchiveError(f"its {_MANIFEST} is damaged") from None

    def members(self) -> Iterator[tuple[Member, Iterator[bytes]]]:
        """Its members, each with its content as it is in the archive, to be read in this order.

        Raises:
            ArchiveError: at the end, if anything is missing or not what was written.
        """
        wanted = {member.name: member for member in self.manifest.members}
        checksums = None
        try:
            entries = iter(self._next, None)
            for folder, parts in groupby(entries, lambda entry: entry.name.rpartition("/")[0]):
                if not folder:
                    checksums = json.loads(self._content(next(parts)))
                elif folder in wanted and folder not in self._found:
                    blocks = self._member(folder, parts)
                    yield wanted[folder], blocks
                    for _ in blocks:
                        pass  # what was not read still counts for the checksum
            while self._source.read(_PART):
                pass  # the last block of the encryption
        except (tarfile.TarError, ValueError):
            raise ArchiveError("it is truncated or damaged") from None
        if checksums is None:
            raise ArchiveError("it is truncated: its end is missing")
        for name in wanted:
            if name not in self._found or self._found[name] != checksums.get(name):
                raise ArchiveError(f"it is damaged: the checksum of {name} is wrong")

    def _member(self, name: str, entries: Iterable[tarfile.TarInfo]) -> Iterator[bytes]:
        digest, size = hashlib.sha256(), 0
        for entry in entries:
            part = self._content(entry)
            digest.update(part)
            size += len(part)
            yield part
        self._found[name] = {"size": size, "sha256": digest.hexdigest()}

    def _next(self) -> tarfile.TarInfo | None:
        self._tar.members.clear()  # type: ignore[attr-defined] # it would remember every part
        return self._tar.next()

    def _content(self, entry: tarfile.TarInfo) -> bytes:
        if entry.size > _PART:
            raise ArchiveError("it is damaged")
        try:
            file = self._tar.extractfile(entry)
            return file.read() if file else b""
        except tarfile.TarError:
            raise ArchiveError("it is truncated or damaged") from None


def is_encrypted(path: Path) -> bool:
    """Whether a file is an encrypted backup."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


@contextmanager
def writing(file: BinaryIO, manifest: Manifest, passphrase: str | None) -> Iterator[Writer]:
    """A writer of a backup, complete when the context ends without an error.

    Args:
        file: where to.
        manifest: what it is of.
        passphrase: the passphrase to encrypt it with, or None.
    """
    sink = Encrypter(file, passphrase) if passphrase else None
    writer = Writer(sink or file, manifest)
    try:
        yield writer
    except BaseException:
        writer.abandon()
        raise
    writer.close()
    if sink:
        sink.close()


@contextmanager
def reading(
    path: Path, passphrase: str | None, read: Callable[[int], object] = lambda size: None
) -> Iterator[Reader]:
    """A reader of a backup.

    Args:
        path: the file.
        passphrase: its passphrase, if it is encrypted.
        read: told how many more bytes of the file were read.

    Raises:
        ArchiveError: the file is not a complete, unaltered backup, or the passphrase is wrong.
    """
    with path.open("rb") as raw:
        file = _Counted(raw, read)
        try:
            yield Reader(Decrypter(file, passphrase) if passphrase else file)
        except (ArchiveError, DecryptionError) as error:
            raise ArchiveError(f"{path} cannot be restored: {error}") from None


class _Counted:
    """A file whose progress is told."""

    def __init__(self, file: BinaryIO, read: Callable[[int], object]) -> None:
        self._file, self._told = file, read

    def read(self, size: int) -> bytes:
        block = self._file.read(size)
        self._told(len(block))
        return block
