"""Folders on a Docker host that volumes keep their data in.

Docker mounts such a folder as a volume of its driver "local", so what is known of volumes holds: an
empty one gets the files and the owner that the image has there, and labels find it. But Docker
never creates the folder, and does not start a container whose folder is missing.
"""

import asyncio

import pulumi

from .client import cli

_DATA = "/data"
# Only root can enter the stack's folder on the host. The containers' users enter by the mount.
_MAKE = 'umask 077; mkdir -p "${1%/*}"; umask 022; mkdir -p "$1"'


def options(folder: str) -> dict[str, str]:
    """The options of a volume that keeps its data in a folder of the Docker host."""
    return {"type": "none", "o": "bind", "device": folder}


def hook(
    name: str,
    data: str,
    folder: str,
    image: pulumi.Input[str],
    labels: dict[str, str],
    environment: dict[str, str],
) -> pulumi.ResourceHook:
    """A hook that creates a volume's folder on a Docker host, if it is missing, before the volume.

    It does so in a container, because the host may be another machine.

    Args:
        name: the hook's name.
        data: the folder for all data on the host, which Docker creates if it is missing.
        folder: the volume's folder below it.
        image: the id of an image on the host that has a shell.
        labels: the labels of the container.
        environment: the variables that connect a docker command to the host's daemon.
    """

    async def before_create(_: pulumi.ResourceHookArgs) -> None:
        arguments = [
            "run", "--rm", "--pull=never", "--network=none", "--user=0",
            *(f"--label={label}={value}" for label, value in labels.items()),
            f"--volume={data}:{_DATA}", "--entrypoint=sh",
            str(await pulumi.Output.from_input(image).future()),
            "-ec", _MAKE, "sh", f"{_DATA}{folder.removeprefix(data)}",
        ]  # fmt: skip
        done = await asyncio.to_thread(cli.run, arguments, environment)
        if done.returncode:
            raise RuntimeError(f"{folder} cannot be created: {done.stderr.strip()}")

    return pulumi.ResourceHook(name, before_create)
