"""The contents of volumes, in containers of images that their Docker hosts have anyway.

A restore unpacks into a folder of the volume itself. So the switch to the restored data is only a
matter of names, which is quick and needs no space, and it can be undone.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from ..docker import cli
from ..docker.host import labels
from .party import Deployed, PartyError, Volume, docker

# The data that is being restored; the data before it, while it is set aside, and after that.
_NEW, _LEAVING, _OLD = ".fate-restore", ".fate-before.part", ".fate-before"
_OWN = f"-name {_NEW} -o -name {_LEAVING} -o -name {_OLD}"
# FATE's data files are sparse. Alpine's tar knows nothing of that.
_TAR = """set --
if tar --version 2>/dev/null | grep -q GNU; then set -- --sparse --numeric-owner; fi
"""
_DATA = f"find . -mindepth 1 -maxdepth 1 ! \\( {_OWN} \\)"

_SIZE = "du -sk . | cut -f 1"
_READ = (
    f"{_TAR}for own in {_NEW} {_LEAVING} {_OLD}; do\n"
    '  if [ -e "$own" ]; then set -- "$@" --exclude="./$own"; fi\ndone\n'
    'exec tar "$@" -cf - .'
)
_CLEAR = f"rm -rf {_NEW} {_LEAVING} {_OLD}"
_UNPACK = f'{_TAR}mkdir {_NEW}\ncd {_NEW}\nexec tar "$@" -xf -'
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


def size(party: Deployed, volume: Volume) -> int:
    """How much space a volume takes, in bytes."""
    return int(b"".join(_output(party, volume, _SIZE, "backup"))) * 1024


def read(party: Deployed, volume: Volume) -> Iterator[bytes]:
    """A volume's files, as a tar archive.

    Raises:
        PartyError: they could not all be read.
    """
    last = b""
    for block in _output(party, volume, _READ, "backup"):
        last = (last + block)[-1024:]
        yield block
    if last != bytes(1024):
        raise PartyError(f"the archive of volume {volume.name} has no end")


def unpack(party: Deployed, volume: Volume, blocks: Iterable[bytes]) -> None:
    """Unpack a tar archive next to a volume's files, which it does not change.

    Args:
        party: the party.
        volume: the volume.
        blocks: the archive.

    Raises:
        PartyError: it could not be unpacked.
    """
    arguments = _arguments(party, volume, _UNPACK, "restore", "--interactive")
    try:
        cli.feed(arguments, volume.environment, blocks)
    except cli.CommandError as error:
        raise PartyError(f"volume {volume.name}: {error}") from None


def switch(party: Deployed, volume: Volume) -> None:
    """Put the unpacked files in the place of the others, which are kept."""
    _do(party, volume, _SWITCH)


def put_back(party: Deployed, volume: Volume) -> None:
    """Undo a switch, whether it was finished, interrupted or not even begun."""
    _do(party, volume, _PUT_BACK)


def clear(party: Deployed, volume: Volume) -> None:
    """Remove what a restore has left beside the files."""
    _do(party, volume, _CLEAR)


def end_others(party: Deployed, docker_hosts: Iterable[str]) -> None:
    """End what a killed command still does to the party's volumes."""
    for host in docker_hosts:
        wanted = labels(party.stack, party=party.id, helper="restore").items()
        filters = [f"--filter=label={name}={value}" for name, value in wanted]
        for id in docker(host, "ps", "-aq", *filters).split():
            with suppress(PartyError):  # it may end, and be removed, by itself
                docker(host, "rm", "--force", id)


def _do(party: Deployed, volume: Volume, script: str) -> None:
    for _ in _output(party, volume, script, "restore"):
        pass


def _output(party: Deployed, volume: Volume, script: str, helper: str) -> Iterator[bytes]:
    try:
        yield from cli.output(_arguments(party, volume, script, helper), volume.environment)
    except cli.CommandError as error:
        raise PartyError(f"volume {volume.name}: {error}") from None


def _arguments(
    party: Deployed, volume: Volume, script: str, helper: str, *options: str
) -> list[str]:
    marks = labels(party.stack, party=party.id, helper=helper)
    return [
        "run", "--rm", *options, "--pull=never", "--network=none", "--user=0",
        "--log-driver=none",  # what it writes is the data itself
        *(f"--label={name}={value}" for name, value in marks.items()),
        f"--volume={volume.name}:/volume", "--entrypoint=sh", volume.owner.image,
        "-c", f"set -e\ncd /volume\n{script}",
    ]  # fmt: skip
