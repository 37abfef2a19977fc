"""The contents of volumes, in containers of images that their Docker hosts have anyway.

A restore unpacks into a folder of the volume itself. So the switch to the restored data is only a
matter of names, which is quick and needs no space, and it can be undone.
"""

import shlex
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path

from ...docker.client import cli
from ...docker.names import labels
from ...party.deployed import Deployed, PartyError, Volume, docker
from . import sparse

_LIMIT = 3600  # seconds for removing or counting the files of a Docker host's volumes
NOTHING = bytes(tarfile.RECORDSIZE)
"""A tar archive without files."""
# The data that is being restored; the data before it, while it is set aside, and after that.
_NEW, _LEAVING, _OLD = ".fate-restore", ".fate-before.part", ".fate-before"
_OWN = f"-name {_NEW} -o -name {_LEAVING} -o -name {_OLD}"
# Alpine's tar has none of these options.
_TAR = """set --
if tar --version 2>/dev/null | grep -q GNU; then set -- --sparse --numeric-owner; fi
"""
_DATA = f"find . -mindepth 1 -maxdepth 1 ! \\( {_OWN} \\)"

_SIZE = 'echo "$(du -sk . | cut -f 1)" "${volume##*/}"'
_READ = (
    f"{_TAR}for own in {_NEW} {_LEAVING} {_OLD}; do\n"
    '  if [ -e "$own" ]; then set -- "$@" --exclude="./$own"; fi\ndone\n'
    'tar "$@" -cf - .'
)
_SPARSE_TAR = Path(__file__).with_name("sparse_tar.py")
_CLEAR = f"rm -rf {_NEW} {_LEAVING} {_OLD}"
_UNPACK = f'{_TAR}mkdir {_NEW}\ncd {_NEW}\ntar "$@" -xf -\nsync'
# Each step can be repeated after an interruption. What is in _LEAVING was not restored.
_SWITCH = f"""mkdir -p {_LEAVING}
{_DATA} -exec mv {{}} {_LEAVING}/ \\;
[ -z "$({_DATA})" ]
mv {_LEAVING} {_OLD}
find {_NEW} -mindepth 1 -maxdepth 1 -exec mv {{}} . \\;
rmdir {_NEW}
"""
_PUT_BACK = f"""if [ -e {_OLD} ]; then
  {_DATA} -exec rm -rf {{}} +
  mv {_OLD} {_LEAVING}
fi
if [ -e {_LEAVING} ]; then
  cd {_LEAVING}
  find . -mindepth 1 -maxdepth 1 -exec sh -c 'rm -rf "../$1" && mv "$1" ..' _ {{}} \\;
  cd ..
  rmdir {_LEAVING}
fi
rm -rf {_NEW}
"""


def sizes(party: Deployed) -> dict[str, int]:
    """How much space each volume takes, in bytes, by the last part of its name."""
    lines = _all(party, list(party.volumes.values()), _SIZE, "backup").splitlines()
    return {part: int(size) * 1024 for size, part in (line.split() for line in lines)}


def read(party: Deployed, volume: Volume) -> Iterator[bytes]:
    """A volume's files, as a tar archive.

    Raises:
        PartyError: they could not all be read.
    """
    last = b""
    copier = sparse.archiver(party, volume.owner.docker_host)
    script = _read(copier)
    arguments = _arguments(party, [volume], script, "backup", mode=":ro", image=copier.image)
    try:
        for block in cli.output(arguments, volume.environment):
            last = (last + block)[-1024:]
            yield block
    except cli.CommandError as error:
        raise PartyError(f"volume {volume.name} cannot be read: {error}") from None
    if last != bytes(1024):
        raise PartyError(f"volume {volume.name} cannot be read: its archive has no end")


def _read(copier: sparse.Copier) -> str:
    """The script that archives a volume's files."""
    if copier.tar_seeks or not copier.python:
        return _READ
    program = shlex.quote(_SPARSE_TAR.read_text())
    return f"{copier.python} -c {program} {_NEW} {_LEAVING} {_OLD}"


def unpack(party: Deployed, volume: Volume, blocks: Iterable[bytes]) -> None:
    """Unpack a tar archive next to a volume's files, which it does not change.

    Args:
        party: the party.
        volume: the volume.
        blocks: the archive.

    Raises:
        PartyError: it could not be unpacked.
    """
    image = sparse.unpacker(party, volume.owner.docker_host).image
    arguments = _arguments(party, [volume], _UNPACK, "restore", "--interactive", image=image)
    try:
        cli.feed(arguments, volume.environment, blocks)
    except cli.CommandError as error:
        raise PartyError(f"volume {volume.name} cannot be written: {error}") from None


def switch(party: Deployed, parts: Iterable[str]) -> None:
    """Put the unpacked files of some volumes in the place of the others, which are kept."""
    _all(party, [party.volumes[part] for part in parts], _SWITCH, "restore")


def put_back(party: Deployed) -> None:
    """Undo a switch, whether it was finished, interrupted or not even begun."""
    _all(party, list(party.volumes.values()), _PUT_BACK, "restore")


def clear(party: Deployed) -> None:
    """Remove what a restore has left beside the files."""
    _all(party, list(party.volumes.values()), _CLEAR, "restore")


def end_others(party: Deployed, docker_hosts: Iterable[str]) -> None:
    """End what a killed command still does to the party's volumes."""
    for host in docker_hosts:
        wanted = labels(party.stack, party=party.id, helper="restore").items()
        filters = [f"--filter=label={name}={value}" for name, value in wanted]
        for id in docker(host, "ps", "-aq", *filters).split():
            with suppress(PartyError):  # it may end, and be removed, by itself
                docker(host, "rm", "--force", id)


def _all(party: Deployed, wanted: Iterable[Volume], script: str, helper: str) -> str:
    """Run a script in each of some volumes, in one container for each Docker host."""
    output = ""
    for host, there in groupby(wanted, lambda volume: volume.owner.docker_host):
        output += docker(host, *_arguments(party, list(there), script, helper), limit=_LIMIT)
    return output


def _arguments(
    party: Deployed,
    wanted: Sequence[Volume],
    script: str,
    helper: str,
    *options: str,
    mode: str = "",
    image: str = "",
) -> list[str]:
    """A docker command that runs a script in each of some volumes of a Docker host.

    Args:
        party: the party.
        wanted: the volumes.
        script: the script.
        helper: what it is for, as in the container's label.
        options: more options of docker run.
        mode: how the volumes are mounted, like ":ro".
        image: the image to run it in, if it is not that of the first volume's service.
    """
    marks = labels(party.stack, party=party.id, helper=helper)
    return [
        "run", "--rm", *options, "--pull=never", "--network=none", "--user=0",
        "--log-driver=none",  # what it writes is the data itself
        *(f"--label={name}={value}" for name, value in marks.items()),
        *(f"--volume={volume.name}:/volumes/{volume.part}{mode}" for volume in wanted),
        "--entrypoint=sh", image or wanted[0].owner.image,
        "-c", f"set -e\nfor volume in /volumes/*; do\ncd $volume\n{script}\ndone",
    ]  # fmt: skip
