"""The available images and their names. This module does not use Docker.

A name ends in a key, a hash of everything that the image is built from. So the same files give the
same name, and an image whose name exists on a Docker host needs no build.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .builder import SUITE, Rootfs, files_of, hash_of, inputs_below

HERE = Path(__file__).resolve().parent
PREFIX = "fate-packages"
LABEL = "fate.images.inputs"  # an image's key
RELEASES = ("2.0.0", "2.2.0")

# The same Debian for every host that can pull it. The build's upgrade installs later updates.
DEBIAN = "debian:bookworm-20250520-slim"
# The same for all other hosts.
ROOTFS = Rootfs(
    "images",
    "about a minute",
    slim=(
        "usr/share/doc/*", "usr/share/man/*", "usr/share/info/*", "usr/share/locale/*",
        "usr/share/lintian/*", "var/cache/apt/*", "var/lib/apt/lists/*", "var/log/*.log",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Image:
    """An image.

    Args:
        takes: how long its build takes with an empty cache, shown to the user.
        version: the start of its tag; empty if that is FATE's release.
        locked: whether it installs locks/NAME-RELEASE.txt.
        parent: its parent image, "base" for Debian alone.
        optional: whether only stacks with a certain engine need it.
    """

    takes: str
    version: str = ""
    locked: bool = False
    parent: str = "base"
    optional: bool = False


IMAGES = {
    "fateflow": Image("4 min", locked=True),
    "fateflow-spark": Image("2 min", parent="fateflow", optional=True),
    "fateflow-spark-hdfs": Image("1 min", parent="fateflow-spark", optional=True),
    "hadoop": Image("1 min", version="3.3.6", optional=True),
    "rabbitmq": Image("25 s", version="3.10"),
    "mysql": Image("20 s", version="10.11"),
    "nginx": Image("10 s", version="1.22"),
    "edge": Image("10 s", version="1.22"),
    "client": Image("90 s", locked=True),
}
BASE = Image("20 s", version=SUITE)


def image_name(image: str, release: str) -> str:
    """An image's full name, e.g. fate-packages/fateflow:2.2.0-0123456789ab.

    Args:
        image: one of IMAGES, or "base".
        release: FATE's release, one of RELEASES.

    Raises:
        ValueError: there is no such image or release; the text is a one-line message.
    """
    return f"{PREFIX}/{image}:{_image(image).version or release}-{image_key(image, release)}"


@cache
def image_key(image: str, release: str) -> str:
    """The first 12 hexadecimal digits of a hash of everything that the image is built from."""
    definition = _image(image)
    if release not in RELEASES:
        raise ValueError(f"no images for FATE {release}: available are {', '.join(RELEASES)}")
    parent = DEBIAN + ROOTFS.key if image == "base" else image_key(definition.parent, release)
    files = inputs_below(HERE / image)
    if definition.locked:
        files.append(lock_file(image, release))
    return hash_of([parent.encode(), *files_of(files, HERE)])[:12]


def lineage(image: str) -> list[str]:
    """An image and those that it is based on, the first of them first, without the base."""
    parent = _image(image).parent
    return [image] if parent == "base" else [*lineage(parent), image]


def lock_file(image: str, release: str) -> Path:
    """The Python packages of an image, with their versions and hashes."""
    return HERE / "locks" / f"{image}-{release}.txt"


def _image(image: str) -> Image:
    if image == "base":
        return BASE
    if image not in IMAGES:
        raise ValueError(f"no image {image!r}: available are {', '.join(IMAGES)}")
    return IMAGES[image]
