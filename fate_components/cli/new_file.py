"""A file that a command writes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


class FileError(Exception):
    """A file that cannot be written; the text explains why."""


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that gets its name only when it is complete.

    Raises:
        FileError: there is such a file, or it cannot be written.
    """
    if path.exists():
        raise FileError(f"{path} exists: choose another name, or remove it")
    part = path.with_name(f"{path.name}.part")
    try:
        part.unlink(missing_ok=True)  # left by a command that was killed
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise FileError(f"{part} cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except BaseException as error:
        part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise FileError(f"{part} cannot be written: {error.strerror}") from None
        raise
