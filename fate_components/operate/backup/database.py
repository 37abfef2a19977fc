"""A party's database: dumped and loaded with the clients of its own container.

A dump holds the tables of the services and no accounts, so it suits a stack with other passwords.
It is loaded beside the tables in use. RENAME TABLE then exchanges all of them at once.
"""

import shlex
from collections.abc import Callable, Iterable, Iterator

from ...docker.client import cli
from ...party import mysql
from ...party.deployed import Deployed, Found, PartyError

_NEW, _OLD = f"{mysql.DATABASE}_restore", f"{mysql.DATABASE}_before"
_END = b"-- Dump completed"
_JOBS = "t_job"  # FATE Flow's table of jobs
# Binary values are written as numbers, so no character set can change them.
_DUMP = (
    "mysqldump --single-transaction --no-tablespaces --hex-blob --max-allowed-packet=1G"
    " --default-character-set=utf8mb4"
)
_LOAD = f"mysql --binary-mode --max-allowed-packet=1G --default-character-set=utf8mb4 {_NEW}"


class Database:
    """The database of a party.

    Args:
        party: the party.
        container: the container of its MySQL.
        as_root: makes the shell command that runs a client program as root in it.
        name: the name of the database to dump.
    """

    def __init__(
        self,
        party: Deployed,
        container: Found,
        as_root: Callable[[str], str] = mysql.as_root,
        name: str = mysql.DATABASE,
    ) -> None:
        self._party, self._container, self._as_root = party, container, as_root
        self._environment = cli.environment(container.docker_host)
        self._name = name

    def named_by_its_jobs(self) -> "Database":
        """The database of the same server that has FATE Flow's table of jobs; this one if none has.

        Raises:
            PartyError: several have one.
        """
        where = f"FROM information_schema.tables WHERE table_name = '{_JOBS}'"
        schemas = [name for (name,) in self._rows(f"SELECT DISTINCT table_schema {where}")]
        if len(schemas) > 1:
            raise PartyError(
                f"{self._container.name}: several databases have a table {_JOBS}: "
                f"{', '.join(sorted(schemas))}; move all to another server but that of FATE Flow"
            )
        name = schemas[0] if schemas else self._name
        return Database(self._party, self._container, self._as_root, name)

    def product(self) -> str:
        """MySQL or MariaDB, which do not read each other's dumps."""
        ((version,),) = self._rows("SELECT VERSION()")
        return "MariaDB" if "mariadb" in version.lower() else "MySQL"

    def size(self) -> int:
        """About how large its dump is, in bytes."""
        where = f"FROM information_schema.tables WHERE table_schema = '{self._name}'"
        ((size,),) = self._rows(f"SELECT COALESCE(SUM(data_length), 0) {where}")
        return int(float(size))

    def running_jobs(self) -> list[str]:
        """The ids of FATE Flow's jobs that have not ended."""
        name = f"`{self._name}`"
        if _JOBS not in self._tables(name):
            return []
        where = f"FROM {name}.{_JOBS} WHERE f_status IN ('waiting', 'ready', 'running')"
        return [job for (job,) in self._rows(f"SELECT DISTINCT f_job_id {where}")]

    def dump(self) -> Iterator[bytes]:
        """The statements that create its tables with their rows.

        Raises:
            PartyError: it could not be dumped whole.
        """
        last = b""
        command = self._exec(f"{_DUMP} {shlex.quote(self._name)}")
        try:
            for block in cli.output(command, self._environment):
                last = (last + block)[-200:]
                yield block
        except cli.CommandError as error:
            raise PartyError(f"{self._container.name}: mysqldump failed: {error}") from None
        if _END not in last:
            raise PartyError(f"{self._container.name}: mysqldump ended early; try again")

    def load(self, blocks: Iterable[bytes]) -> None:
        """Load a dump beside the tables in use.

        Raises:
            PartyError: it could not be loaded.
        """
        self._run(f"CREATE DATABASE {_NEW}")
        try:
            cli.feed(self._exec(_LOAD, "--interactive"), self._environment, blocks)
        except cli.CommandError as error:
            raise PartyError(f"{self._container.name}: loading the dump failed: {error}") from None
        if not self._tables(_NEW):
            raise PartyError(
                f"{self._container.name}: the dump in the backup has no tables; use another backup"
            )

    def adapt(self, statements: str) -> None:
        """Run statements on what was loaded."""
        self._run(statements, _NEW)

    def switch(self) -> None:
        """Put the tables that were loaded in the place of the others, which are kept."""
        self._run(f"CREATE DATABASE IF NOT EXISTS {_OLD}")
        self._exchange(_OLD, _NEW)

    def put_back(self) -> None:
        """Undo a switch, whether it was finished, interrupted or not even begun."""
        databases = {name for (name,) in self._rows("SHOW DATABASES")}
        if {_OLD, _NEW} <= databases and not self._tables(_NEW):
            self._exchange(_NEW, _OLD)

    def clear(self) -> None:
        """Remove what a restore has left beside the tables."""
        self._run(f"DROP DATABASE IF EXISTS {_NEW}; DROP DATABASE IF EXISTS {_OLD}")

    def _exchange(self, to: str, source: str) -> None:
        """Move the tables in use to one database, and those of another one in their place."""
        moves = [(mysql.DATABASE, name, to) for name in self._tables(mysql.DATABASE)]
        moves += [(source, name, mysql.DATABASE) for name in self._tables(source)]
        if moves:
            renamed = (f"{at}.`{name}` TO {into}.`{name}`" for at, name, into in moves)
            self._run(f"SET lock_wait_timeout = 60; RENAME TABLE {', '.join(renamed)}")

    def _tables(self, database: str) -> list[str]:
        return [name for (name,) in self._rows(f"SHOW TABLES FROM {database}")]

    def _rows(self, query: str) -> list[list[str]]:
        return [line.split("\t") for line in self._run(query).splitlines()]

    def _run(self, statements: str, database: str = "") -> str:
        command = self._exec(f"mysql --skip-column-names {database}", "--interactive")
        done = cli.run(command, self._environment, statements, timeout=600)
        if done.returncode:
            raise PartyError(f"{self._container.name}: {done.stderr.strip()}")
        return done.stdout

    def _exec(self, program: str, *options: str) -> list[str]:
        return ["exec", *options, self._container.id, "sh", "-c", self._as_root(program)]


def of(party: Deployed) -> Database | None:
    """The database of a party, if it has one."""
    container = party.mysql
    return Database(party, container) if container else None
