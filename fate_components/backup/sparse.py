"""The tar that copies the files of volumes, so that holes stay holes.

FATE's data files are sparse: Eggroll 3 creates each partition of a table with 16 GB (_lmdb.py), of
which a small one uses some KiB. GNU tar seeks holes since 1.29. Earlier ones, like CentOS 7's,
read them, which takes most of a minute for each such file, and other tars archive them as data. So
the image with the newest GNU tar copies all volumes of a Docker host, whatever their own have.
"""

import re
from functools import cache

from .party import Deployed, PartyError, docker

Version = tuple[int, ...]
SEEKS: Version = (1, 29)
"""The first version of GNU tar that seeks holes."""
_NONE: Version = ()


def image(party: Deployed, docker_host: str) -> str:
    """The image with the best tar, among those that the party has on a Docker host.

    Args:
        party: the party.
        docker_host: how to reach the daemon of one of its Docker hosts.
    """
    best, best_version = "", _NONE
    for one in _images(party, docker_host):
        found = _version(docker_host, one)
        if not best or found > best_version:
            best, best_version = one, found
        if best_version >= SEEKS:
            break
    return best


def without(party: Deployed) -> list[str]:
    """The party's Docker hosts on which no image has a tar that seeks holes."""
    hosts = dict.fromkeys(one.docker_host for one in party.containers)
    return [host for host in hosts if _version(host, image(party, host)) < SEEKS]


def _images(party: Deployed, docker_host: str) -> dict[str, None]:
    there = [one for one in party.containers if one.docker_host == docker_host]
    # Those of services with data first: most of them are large images with GNU tar.
    return dict.fromkeys(one.image for one in sorted(there, key=lambda one: not one.volumes))


@cache
def _version(docker_host: str, image: str) -> Version:
    """The version of an image's GNU tar; an empty one if it has another tar, or none."""
    options = ("--rm", "--pull=never", "--network=none", "--entrypoint=tar")
    try:
        said = docker(docker_host, "run", *options, image, "--version")
    except PartyError:
        return _NONE
    found = re.match(r"tar \(GNU tar\) (\d+(?:\.\d+)*)", said)
    return tuple(map(int, found[1].split("."))) if found else _NONE
