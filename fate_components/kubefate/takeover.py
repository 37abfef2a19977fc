"""The data of a party that KubeFATE runs, taken over into a stack."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import BinaryIO

from .. import lines
from ..operate.backup.database import Database
from ..operate.backup.writing import Source, manifest_of, write
from ..operate.progress import Progress
from ..operate.stack import Stack
from ..releases import catalogue
from . import running


class TakeoverError(Exception):
    """A party whose data cannot be taken over; the text explains why."""


def data(stack: Stack, party: int) -> Mapping[str, tuple[str, str]]:
    """Where the data of a party of KubeFATE is.

    Args:
        stack: the stack that it is to be taken over into.
        party: the party's id.

    Returns:
        The service and the path in its container, by the last part of the name that the volume
        with it will have.

    Raises:
        StackError: the stack has no such party.
        TakeoverError: the data cannot be taken over into it.
    """
    known = stack.line.from_kubefate
    if known is None or not known.data:
        able = [release for release in catalogue.known() if _takes_over(release)]
        raise TakeoverError(
            f"stack {stack.name} deploys FATE {stack.release.name}: only data of FATE "
            f"{' and '.join(able)}, from KubeFATE, can be taken over"
        )
    if external := stack.external_database(party):
        raise TakeoverError(
            f"party {party} is to have its database {external}, and fatectl does not restore into "
            "it: take over the data into a stack without training.mysql.address first"
        )
    services = {**stack.release.services, **stack.release.serving}
    return {part: place for part, place in known.data.items() if place[0] in services}


def _takes_over(release: str) -> bool:
    known = lines.of(catalogue.load(release)).from_kubefate
    return bool(known and known.data)


def other_images(stack: Stack, images: Mapping[str, str]) -> Iterator[str]:
    """Images of KubeFATE that seem to be of another release than a stack deploys.

    Args:
        stack: the stack.
        images: the names of KubeFATE's images, by service.
    """
    facts = {**stack.release.services, **stack.release.serving}
    known = stack.line.from_kubefate
    for service in dict.fromkeys(owner for owner, _ in known.data.values()) if known else ():
        wanted = facts[service].image.rpartition(":")[2] if service in facts else ""
        if wanted and service in images and images[service].rpartition(":")[2] != wanted:
            yield f"{images[service]} (not {wanted})"


class Takeover:
    """Writes the data of a party of KubeFATE to a backup.

    Args:
        stack: the stack that it is to be taken over into.
        party: the party's id.
        tell: is told how far it is.

    Raises:
        NoAnswerError: a Docker host does not answer.
        PartyError: the party is not there.
        StackError: the stack has no such party.
        TakeoverError: the data cannot be taken over into it, or MySQL does not run.
    """

    def __init__(self, stack: Stack, party: int, tell: Progress) -> None:
        self._stack, self._tell = stack, tell
        hosts = stack.docker_hosts(party)
        self._places = data(stack, party)
        self._running = running.find(party, hosts, self._places)
        mysql = self._running.party.mysql
        if mysql and mysql.status != "running":
            raise TakeoverError(f"{mysql.name} is {mysql.status}: start it with `docker start`")
        if others := list(other_images(stack, self._running.images)):
            tell.said(
                f"warning: KubeFATE runs {', '.join(others)}: data of another release than "
                f"{stack.release.name} does not work with it"
            )

    def write(self, file: BinaryIO, secret: str | None, stop: bool) -> float:
        """Write the backup.

        Args:
            file: where to.
            secret: the passphrase to encrypt it with, or None.
            stop: whether to leave KubeFATE's containers stopped.

        Returns:
            How long they stood still, in seconds.

        Raises:
            PartyError: a part could not be read.
        """
        party = self._running.party
        server = Database(party, party.mysql, running.as_root) if party.mysql else None
        # From v1.4 on, parties.conf has the name of the database.
        tables = server.named_by_its_jobs() if server else None
        parts = self._running.data
        manifest = manifest_of(
            self._stack,
            party.id,
            "KubeFATE",
            tables.product() if tables else None,
            {data.part: self._places[data.part][0] for data in parts},
        )
        read = {data.part: partial(data.read, party) for data in parts}
        return write(Source(party, manifest, tables, read), file, secret, stop, self._tell)
