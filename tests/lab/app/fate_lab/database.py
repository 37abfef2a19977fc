"""MySQL as the services use it: one short connection per query, errors that name the hop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .protocol import HopError

_REASONS = {
    1044: "access to database {database} denied for user {user}",
    1045: "login refused for user {user}",
    1049: "no database {database}",
}


class DatabaseError(HopError):
    """The database did not do what was asked.

    Args:
        code: the number of MySQL's error; 2003 if there is no connection.
        text: why.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class Database:
    caller: str  # the calling service, for errors
    host: str
    port: int
    database: str
    user: str
    password: str

    def run(self, *statements: tuple[str, Sequence[Any]]) -> list[dict[str, Any]]:
        """Runs the statements as one transaction; returns the rows of the last one."""
        import pymysql  # type: ignore[import-untyped]
        import pymysql.cursors  # type: ignore[import-untyped]

        where = f"{self.caller}: mysql {self.host}:{self.port}"
        try:
            connection = pymysql.connect(
                host=self.host,
                port=self.port,
                user=self.user,
                password=self.password,
                database=self.database,
                connect_timeout=3,
                read_timeout=20,
                charset="utf8mb4",
                cursorclass=pymysql.cursors.DictCursor,
            )
            with connection:
                with connection.cursor() as cursor:
                    for statement, values in statements:
                        cursor.execute(statement, values)
                    rows = list(cursor.fetchall())
                connection.commit()
            return rows
        except pymysql.MySQLError as error:
            code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
            raise DatabaseError(code, f"{where}{self._reason(error)}") from None

    def _reason(self, error: Exception) -> str:
        code = error.args[0] if error.args else 0
        text = str(error.args[-1]) if error.args else type(error).__name__
        if code == 2003:  # no connection; the text contains the operating system's error
            for part, reason in (("refused", " refused"), (" name", ": no host of that name")):
                if part in text:
                    return reason
        if code == 1146:  # Table 'database.node' doesn't exist
            table = text.split("'")[1].rpartition(".")[2]
            return f": table {table} missing in database {self.database}"
        if code in _REASONS:
            text = _REASONS[code].format(database=self.database, user=self.user)
        return f": {text}"
