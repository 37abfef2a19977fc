"""The steps of a restore. An interruption at any moment leaves what was there, or can be undone.

Everything is loaded beside the data in use first. The switch begins with a mark on a Docker host
and ends when the mark is removed, once all services are healthy with the restored data. As long as
there is a mark, everything can be put back. Without one, what lies beside the data is of no use.
"""

from collections.abc import Callable, Iterable

from ...docker.names import docker_name, labels
from ...party import interrupts
from ...party.deployed import Deployed, docker, each_host, stop, wait_healthy
from . import archive, database, volumes
from .archive import Member


class Restoring:
    """The restore of a party, step by step.

    Args:
        party: the party.
        say: told what is being done.
    """

    def __init__(self, party: Deployed, say: Callable[[str], None]) -> None:
        self._party, self._say = party, say
        self._hosts = list(dict.fromkeys(container.docker_host for container in party.containers))
        # A volume is the smallest thing that a Docker host creates, keeps and removes at once.
        self._mark = docker_name(party.stack, party.id, "restoring")
        self._volumes: list[str] = []  # those that are to be switched
        self._has_tables = False

    def interrupted(self) -> bool:
        """Whether an earlier restore was killed during its switch."""
        names = docker(self._hosts[0], "volume", "ls", "-q", f"--filter=name={self._mark}")
        return self._mark in names.split()

    def load(self, member: Member, blocks: Iterable[bytes]) -> None:
        """Load a member of a backup beside the data in use.

        Args:
            member: the member.
            blocks: its content, as it is in the archive.

        Raises:
            PartyError: it could not be loaded.
            ArchiveError: the archive is damaged.
        """
        content = archive.decompressed(blocks)
        if member.volume is not None:
            self._unpack(member.volume, content)
        elif party_database := database.of(self._party):
            party_database.load(content)
            self._has_tables = True

    def empty(self, part: str) -> None:
        """Have a volume that the backup has nothing for be empty after the switch.

        Args:
            part: the last part of its name.

        Raises:
            PartyError: it cannot be written.
        """
        self._unpack(part, [volumes.NOTHING])

    def _unpack(self, part: str, content: Iterable[bytes]) -> None:
        volumes.unpack(self._party, self._party.volumes[part], content)
        self._volumes.append(part)

    def adapt(self, statements: str) -> None:
        """Make the tables that were loaded fit the party, if there are any.

        Args:
            statements: the SQL that does it.

        Raises:
            PartyError: it failed.
        """
        if tables := self._loaded_tables():
            tables.adapt(statements)

    def _loaded_tables(self) -> database.Database | None:
        return database.of(self._party) if self._has_tables else None

    def switch(self) -> None:
        """Put what was loaded in the place of the data in use.

        Raises:
            PartyError: it failed, or the services are not healthy with it; it was undone.
        """
        party = self._party
        marks = [f"--label={k}={v}" for k, v in labels(party.stack, party=party.id).items()]
        try:
            docker(self._hosts[0], "volume", "create", *marks, self._mark)
            self._say("stopping the services")
            stop(party.others)
            volumes.switch(party, self._volumes)
            if tables := self._loaded_tables():
                tables.switch()
            self._say("starting the services with the restored data")
            each_host("start", party.others)
            wait_healthy(party.containers)
            self._remove_mark()
        except BaseException:
            self.put_back()
            raise
        self.clear()

    def put_back(self) -> None:
        """Undo a switch, however far it got, and start the services.

        Raises:
            PartyError: that failed; the mark is still there, so it can be tried again.
        """
        party = self._party
        with interrupts.ignored():
            self._say("putting back the data from before the restore")
            volumes.end_others(party, self._hosts)
            if party.mysql:
                each_host("start", [party.mysql])
                wait_healthy([party.mysql])
            stop(party.others)
            volumes.put_back(party)
            if tables := database.of(party):
                tables.put_back()
            # They need not become healthy: the data may be why it was to be replaced.
            each_host("start", party.others)
            self._remove_mark()
            self.clear()

    def clear(self) -> None:
        """Remove everything that a restore has left beside the data."""
        with interrupts.ignored():
            volumes.end_others(self._party, self._hosts)
            volumes.clear(self._party)
            if tables := database.of(self._party):
                tables.clear()

    def _remove_mark(self) -> None:
        docker(self._hosts[0], "volume", "rm", "--force", self._mark)
