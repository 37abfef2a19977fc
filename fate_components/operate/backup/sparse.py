"""What copies the files of volumes, so that holes stay holes and are not read.

FATE's data files are sparse: Eggroll 3 creates each partition of a table with 16 GB (_lmdb.py), of
which a small one uses some KiB. GNU tar seeks holes since 1.29. Earlier ones, like CentOS 7's, read
them, which takes most of a minute for each such file, and other tars archive them as data. So one
image copies all volumes of a party on a Docker host, whatever their own images have: one whose tar
seeks holes, or else one with Python, which archives files with a program of ours.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from ...party.deployed import Deployed, PartyError, docker
from ...party.files import ROOT

Version = tuple[int, ...]
SEEKS: Version = (1, 29)
"""The first version of GNU tar that seeks holes."""
# Images of FATE 1.3 have Python here, and not on PATH.
_PYTHONS = f"python3 python {ROOT.rpartition('/')[0]}/python/venv/bin/python"
_PROBE = f"""tar --version 2>/dev/null | head -n 1
for python in {_PYTHONS}; do
  if $python -c 'import sys; sys.exit(sys.version_info < (3, 6))' 2>/dev/null; then
    echo "python $python"
    break
  fi
done"""


@dataclass(frozen=True)
class Copier:
    """What an image can copy files with.

    Args:
        image: the image.
        tar: the version of its GNU tar; an empty one if it has another tar, or none.
        python: the command of its Python, 3.6 or newer; empty if it has none.
    """

    image: str
    tar: Version = ()
    python: str = ""

    @property
    def tar_seeks(self) -> bool:
        """Whether its tar seeks holes."""
        return self.tar >= SEEKS

    @property
    def seeks(self) -> bool:
        """Whether it can archive files without reading holes."""
        return self.tar_seeks or bool(self.python)


def archiver(party: Deployed, docker_host: str) -> Copier:
    """What archives files on one of a party's Docker hosts.

    Args:
        party: the party.
        docker_host: how to reach the host's daemon.
    """
    return _best(
        party, docker_host, lambda copier: (copier.tar_seeks, bool(copier.python), copier.tar)
    )


def unpacker(party: Deployed, docker_host: str) -> Copier:
    """What unpacks archives on one of a party's Docker hosts; GNU tar of any version makes holes.

    Args:
        party: the party.
        docker_host: how to reach the host's daemon.
    """
    return _best(party, docker_host, lambda copier: (copier.tar_seeks, False, copier.tar))


def reads_holes(party: Deployed) -> list[str]:
    """The party's Docker hosts on which nothing can archive files without reading holes."""
    hosts = dict.fromkeys(container.docker_host for container in party.containers)
    return [host for host in hosts if not archiver(party, host).seeks]


def _best(
    party: Deployed, docker_host: str, merits: Callable[[Copier], tuple[bool, bool, Version]]
) -> Copier:
    there = [container for container in party.containers if container.docker_host == docker_host]
    # Those of services with data first: most of them are large images with GNU tar.
    images = dict.fromkeys(
        container.image for container in sorted(there, key=lambda container: not container.volumes)
    )
    copiers: list[Copier] = []
    for image in images:
        copiers.append(_copier(docker_host, image))
        if copiers[-1].tar_seeks:
            break
    return max(copiers, key=merits)


@cache
def _copier(docker_host: str, image: str) -> Copier:
    options = ("--rm", "--pull=never", "--network=none", "--user=0", "--entrypoint=sh")
    try:
        output = docker(docker_host, "run", *options, image, "-c", _PROBE)
    except PartyError:
        return Copier(image)
    tar = re.search(r"^tar \(GNU tar\) (\d+(?:\.\d+)*)", output, re.MULTILINE)
    python = re.search(r"^python (.+)", output, re.MULTILINE)
    version = tuple(map(int, tar[1].split("."))) if tar else ()
    return Copier(image, version, python[1] if python else "")
