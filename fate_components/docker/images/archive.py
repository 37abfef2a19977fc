"""An archive of images, as `docker save` writes it, and what of it is loaded into a Docker host.

    python -m fate_components.docker.images.archive --host HOST FILE   (the images are in IMAGES)

Only what the host lacks is sent to it: images that it has keep their names.
"""

import argparse
import gzip
import os
import posixpath
import subprocess
import sys
import tarfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from ..client import cli
from ..client.daemon import Daemon, NoAnswerError

_MANIFEST = "manifest.json"
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_BLOCK = 1 << 20  # bytes that are read at once
_TOLD = 500_000_000  # bytes after which the progress is told


class ArchiveError(Exception):
    """An archive that cannot be used; the text explains why."""


class _Entry(BaseModel):
    config: str = Field(alias="Config")
    tags: list[str] | None = Field(None, alias="RepoTags")
    layers: list[str] = Field(alias="Layers")


_ENTRIES = TypeAdapter(list[_Entry])


@dataclass(frozen=True)
class Archive:
    """What an archive of images contains.

    Args:
        path: its file: a tar file, plain or compressed with gzip or zstd.
        entries: its images, by name.
        links: where its symbolic links lead.
    """

    path: Path
    entries: Mapping[str, _Entry]
    links: Mapping[str, str]

    def has(self, image: str) -> bool:
        """Whether it contains an image of this name."""
        return familiar(image) in self.entries

    def id(self, image: str) -> str | None:
        """The id that an image gets on a Docker host, unless containerd stores its images."""
        entry = self.entries.get(familiar(image))
        if entry is None:
            return None
        return f"sha256:{posixpath.basename(entry.config).removesuffix('.json')}"

    def only(self, images: Collection[str]) -> Iterator[bytes]:
        """An archive that contains some of its images only, block by block.

        Args:
            images: the images' names.

        Raises:
            ArchiveError: it cannot be read.
        """
        names = [familiar(image) for image in images]
        entries = [self.entries[name].model_copy(update={"tags": [name]}) for name in names]
        wanted = {name for entry in entries for name in (entry.config, *entry.layers)}
        wanted |= {self.links[name] for name in wanted & self.links.keys()}
        with _opened(self.path) as tar:
            for member in tar:
                if member.name in wanted:
                    yield member.tobuf(tarfile.GNU_FORMAT)
                    if file := tar.extractfile(member) if member.isreg() else None:
                        while block := file.read(_BLOCK):
                            yield block
                        yield _padding(member.size)
        manifest = _ENTRIES.dump_json(entries, by_alias=True)
        info = tarfile.TarInfo(_MANIFEST)
        info.size = len(manifest)
        yield info.tobuf() + manifest + _padding(info.size) + bytes(2 * tarfile.BLOCKSIZE)


def familiar(image: str) -> str:
    """An image's name as archives have it, without Docker Hub's address and with a tag."""
    for prefix in ("docker.io/", "index.docker.io/"):
        image = image.removeprefix(prefix)
    image = image.removeprefix("library/")
    return image if ":" in image.rpartition("/")[2] else f"{image}:latest"


def read(path: Path) -> Archive:
    """What an archive contains. All of it may have to be read, because it is listed at the end.

    Args:
        path: its file.

    Raises:
        ArchiveError: it is not an archive of images, or cannot be read.
    """
    links = {}
    with _opened(path) as tar:
        for member in tar:
            if member.issym():
                target = posixpath.join(posixpath.dirname(member.name), member.linkname)
                links[member.name] = posixpath.normpath(target)
            if member.name == _MANIFEST and (file := tar.extractfile(member)):
                try:
                    entries = _ENTRIES.validate_json(file.read())
                except ValidationError:
                    raise ArchiveError(
                        f"{path}: its {_MANIFEST} is not that of images, as `docker save` writes it"
                    ) from None
                tagged = {tag: entry for entry in entries for tag in entry.tags or ()}
                return Archive(path, tagged, links)
    raise ArchiveError(
        f"{path} is not an archive of images: it has no {_MANIFEST}, as `docker save` writes it"
    )


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
            file.seek(0)
            if magic.startswith(_GZIP):
                with gzip.open(file) as gzipped, tarfile.open(fileobj=gzipped, mode="r|") as tar:
                    yield tar
            elif magic == _ZSTD:
                with _zstd(path) as plain, tarfile.open(fileobj=plain, mode="r|") as tar:
                    yield tar
            else:
                with tarfile.open(fileobj=file, mode="r:") as tar:
                    yield tar
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise ArchiveError(f"{path} is not an archive of images, or is damaged: {error}") from None
    except OSError as error:
        raise ArchiveError(f"{path} cannot be read: {error.strerror}") from None


@contextmanager
def _zstd(path: Path) -> Iterator[IO[bytes]]:
    try:
        process = subprocess.Popen(
            ["zstd", "-dc", "--", str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except FileNotFoundError:
        raise ArchiveError(
            f"{path} is compressed with zstd, and this machine has no zstd command: install it "
            "(Debian: apt-get install zstd), or decompress the file"
        ) from None
    assert process.stdout  # noqa: S101 - a pipe
    try:
        yield process.stdout
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)


def missing(images: Collection[str], docker_host: str) -> list[str]:
    """Which images a Docker host lacks.

    Args:
        images: the images' names.
        docker_host: how to reach the daemon.

    Raises:
        NoAnswerError: the daemon cannot be reached.
    """
    daemon = Daemon(docker_host)
    return [image for image in images if daemon.get(f"/images/{image}/json") is None]


def load(path: Path, images: Sequence[str], docker_host: str, say: Callable[[str], None]) -> None:
    """Load images into a Docker host that lacks them.

    Args:
        path: the archive's file.
        images: the images' names.
        docker_host: how to reach the daemon.
        say: told what is done.

    Raises:
        ArchiveError: the archive cannot be used, or lacks one of them.
        CommandError: Docker does not load it.
        NoAnswerError: the daemon cannot be reached.
    """
    wanted = missing(images, docker_host)
    if not wanted:
        say("the Docker host has all images")
        return
    say(f"loading {', '.join(wanted)} from {path} …")
    archive = read(path)
    if lacking := [image for image in wanted if not archive.has(image)]:
        raise ArchiveError(f"{path} lacks {', '.join(lacking)}; save it again")
    cli.feed(["load", "--quiet"], cli.environment(docker_host), _told(archive.only(wanted), say))
    say("loaded")


def _told(blocks: Iterator[bytes], say: Callable[[str], None]) -> Iterator[bytes]:
    sent = 0
    for block in blocks:
        if sent // _TOLD != (sent + len(block)) // _TOLD:
            say(f"{(sent + len(block)) / 1e6:.0f} MB sent …")
        sent += len(block)
        yield block


def main() -> None:
    """Load the images that the command line and the environment name; exit with 1 if it fails."""
    parser = argparse.ArgumentParser(description="Loads images into a Docker host.")
    parser.add_argument("--host", required=True, help="the Docker host")
    parser.add_argument("file", type=Path, help="the archive")
    options = parser.parse_args()
    images = os.environ["IMAGES"].split()
    try:
        load(options.file.expanduser(), images, options.host, lambda text: print(text, flush=True))
    except (ArchiveError, NoAnswerError, cli.CommandError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
