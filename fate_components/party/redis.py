"""Redis: the queue and cache of a party's services, in any release line."""

from collections.abc import Sequence

import pulumi

from ..docker import health
from ..docker.networks import Attachment
from ..docker.ports import Published
from ..docker.service import Container, File, Place, Service, Volume

_CONFIG = "/usr/local/etc/redis/redis.conf"
# The server runs as user redis. A file keeps the password out of command lines.
_START = f"chown redis {_CONFIG} && exec docker-entrypoint.sh redis-server {_CONFIG}"
_CLIENT = f"REDISCLI_AUTH=\"$(sed -n 's/^requirepass //p' {_CONFIG})\" redis-cli"

SAVE = f"{_CLIENT} save"
"""The shell command that writes all data to disk, inside the container; it answers OK."""


def config(password: str) -> str:
    """The settings that the image's own defaults lack."""
    return f"dir /data\nrequirepass {password}\n"


class Redis(Service):
    """A party's Redis.

    Args:
        place: where its container runs.
        service: its service's name in the release.
        attachment: its attachment to the party's network.
        password: its password.
        opts: the parent and provider options.
        forwarded: the ports at which the party's other Docker hosts call it.
    """

    def __init__(
        self,
        place: Place,
        service: str,
        attachment: Attachment,
        password: str,
        opts: pulumi.ResourceOptions,
        forwarded: Sequence[tuple[int, Published]] = (),
    ) -> None:
        super().__init__(
            "fate:index:Redis",
            place,
            Container(
                service=service,
                networks=[attachment],
                command=["sh", "-c", _START],
                files=[File(_CONFIG, config(password), secret=True)],
                volumes=[Volume(service, "/data")],
                forwarded=forwarded,
                check=health.answers(
                    f"{_CLIENT} ping",
                    "PONG",
                    "redis-cli ping",
                ),
            ),
            opts=opts,
        )
        self.register_outputs({})
