"""Images built from packages, kept in the user's cache between test runs: building takes minutes.

The names of the images depend on everything that they are built from, so an image from the cache
is the one that a build would produce. Without the cache, as on a new machine, the tests build them.
"""

import subprocess

from fate_components.images.packages.builder import cache
from fate_components.images.packages.catalogue import IMAGES, image_name
from tests.support.engine.docker_hosts import DockerHost

RELEASE = "2.2.0"
_NAMES = [image_name(image, RELEASE) for image in IMAGES]
_FOLDER = cache() / "test-images"
_TARBALL = _FOLDER / f"{'-'.join(name.rpartition('-')[2][:6] for name in _NAMES)}.tar"


def load(host: DockerHost) -> None:
    """Load the images that the cache has into a Docker host; changed ones are built there."""
    for tarball in _FOLDER.glob("*.tar"):
        _docker(host, "load", "--input", str(tarball))


def keep(host: DockerHost) -> None:
    """Keep the images that were built on a Docker host, in place of earlier ones."""
    if _TARBALL.exists() or not all(host.docker.images.list(name) for name in _NAMES):
        return
    _FOLDER.mkdir(parents=True, exist_ok=True)
    for other in _FOLDER.iterdir():
        other.unlink()
    unfinished = _TARBALL.with_suffix(".new")
    _docker(host, "save", "--output", str(unfinished), *_NAMES)
    unfinished.rename(_TARBALL)


def _docker(host: DockerHost, *arguments: str) -> None:
    command = ["docker", "-H", host.url, *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
