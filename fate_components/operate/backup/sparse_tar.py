"""Writes the files of the working directory to standard output as a tar archive, seeking holes.

It runs in containers whose tar reads holes, with their Python, 3.6 or newer. Sparse files are in
GNU tar's format 1.0 for them, which it reads since 1.16.
"""

import os
import sys
import tarfile
from collections.abc import Iterator
from typing import BinaryIO

_BLOCK = tarfile.BLOCKSIZE
_MOST = 1 << 20  # bytes that are read at once


def main(excluded: "list[str]") -> None:
    """Write the archive.

    Args:
        excluded: names of files and folders in the working directory that are left out.
    """
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        _add(archive, ".", excluded)


def _add(archive: tarfile.TarFile, path: str, excluded: "list[str]") -> None:
    entry = archive.gettarinfo(path)
    if entry is None:
        return  # a socket
    entry.uname = entry.gname = ""
    if entry.isreg():
        with open(path, "rb") as file:
            _add_file(archive, entry, file)
    else:
        archive.addfile(entry)
    archive.members = []  # type: ignore[attr-defined] # it would remember every file
    if entry.isdir():
        for name in sorted(os.listdir(path)):
            if name not in excluded:
                _add(archive, os.path.join(path, name), [])


def _add_file(archive: tarfile.TarFile, entry: tarfile.TarInfo, file: BinaryIO) -> None:
    size = entry.size
    parts = list(_data(file.fileno(), size))
    if sum(length for _, length in parts) == size:
        file.seek(0)
        archive.addfile(entry, file)
        return
    # GNU tar finds the end of a file with a hole there by an empty part.
    listed = parts + ([(size, 0)] if not parts or sum(parts[-1]) < size else [])
    numbers = [len(listed)] + [number for part in listed for number in part]
    content = _padded("".join(f"{number}\n" for number in numbers).encode())
    entry.size = len(content) + sum(-(-length // _BLOCK) * _BLOCK for _, length in parts)
    entry.pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": entry.name,
        "GNU.sparse.realsize": str(size),
    }
    archive.addfile(entry, _Blocks(_content(content, file, parts)))


class _Blocks:
    """Blocks of any length, to be read like a file."""

    def __init__(self, blocks: "Iterator[bytes]") -> None:
        self._blocks, self._block, self._at = blocks, b"", 0

    def read(self, size: int = _MOST) -> bytes:
        content = b""
        while len(content) < size:
            if self._at == len(self._block):
                self._block, self._at = next(self._blocks), 0
            taken = self._block[self._at : self._at + size - len(content)]
            self._at += len(taken)
            content += taken
        return content


def _content(listed: bytes, file: BinaryIO, parts: "list[tuple[int, int]]") -> "Iterator[bytes]":
    yield listed
    for offset, length in parts:
        file.seek(offset)
        while length:
            block = file.read(min(length, _MOST))
            if not block:
                sys.exit("a file became shorter")
            length -= len(block)
            yield block if length else _padded(block)


def _data(file: int, size: int) -> "Iterator[tuple[int, int]]":
    """The parts of a file that are no holes, as offset and length."""
    end = 0
    while end < size:
        try:
            start = os.lseek(file, end, os.SEEK_DATA)
        except OSError:
            return  # the rest is a hole
        end = min(os.lseek(file, start, os.SEEK_HOLE), size)
        yield start, end - start


def _padded(block: bytes) -> bytes:
    return block + bytes(-len(block) % _BLOCK)


if __name__ == "__main__":
    main(sys.argv[1:])
