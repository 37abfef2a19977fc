"""A client for an external MySQL, passed as text to Python in a container of FATE Flow's image.

That image is on the Docker host in any case, official ones and those built from packages have
PyMySQL, and FATE Flow connects with the same library: what works here works there. Nothing else
has a client on all of them, and this machine may not reach the server. FATE 1.3 has Python 3.6.

    check           standard input: the account and the grants that are needed, as JSON
    run ACCOUNT     standard input: statements; ACCOUNT: a JSON file
    query ACCOUNT QUERY
"""

import json
import sys
from typing import Any

# Each statement fails in any case, because there is no such table: without the grant with another
# error, which names it. So the check changes nothing.
_PROBES = {
    "SELECT": "SELECT 1 FROM fate_no_such_table",
    "INSERT": "INSERT INTO fate_no_such_table VALUES (1)",
    "UPDATE": "UPDATE fate_no_such_table SET a = 1",
    "DELETE": "DELETE FROM fate_no_such_table",
    "CREATE": "CREATE TABLE fate_no_such_table LIKE fate_no_such_table_either",
    "CREATE TEMPORARY TABLES": "CREATE TEMPORARY TABLE fate_no_such_table"
    " LIKE fate_no_such_table_either",
    "DROP": "DROP TABLE fate_no_such_table",
    "INDEX": "CREATE INDEX a ON fate_no_such_table (a)",
}
_NO_SUCH_TABLE = (1051, 1146)
_DATABASE_DENIED, _COMMAND_DENIED = 1044, 1142
_SECONDS = 10


def unusable(code: int, text: str, account: Any) -> str:
    """Why an account cannot connect, or use its database.

    Args:
        code: the number of the error.
        text: its text.
        account: the account.
    """
    user, database = account["user"], account["database"]
    if code in (1045, 1698):
        return f"the server refuses the login of {user}: correct user or password ({text})"
    if code == 1130:
        return f"the server accepts no connection from this Docker host: allow {user} to ({text})"
    if code == 1049:
        return f"there is no database {database}: create it on the server, or correct database"
    if code == _DATABASE_DENIED:
        return (
            f"{user} has no rights in database {database}: grant them, create the database if it "
            "does not exist, or correct database"
        )
    if code == 2003:
        return f"it cannot be reached: correct address or port, or open its port ({text})"
    return f"the server gives an error: {text}"


def lacks(grant: str, code: int, text: str) -> bool:
    """Whether an error of a statement says that its grant is missing.

    Args:
        grant: the grant.
        code: the number of the error.
        text: its text.
    """
    command = grant.split()[0]
    return code == _DATABASE_DENIED or (
        code == _COMMAND_DENIED and text.startswith(f"{command} command denied")
    )


def _connect(account: Any) -> Any:
    import pymysql  # type: ignore[import-untyped]
    from pymysql.constants import CLIENT  # type: ignore[import-untyped]

    return pymysql.connect(
        host=account["address"],
        port=account["port"],
        user=account["user"],
        password=account["password"],
        charset="utf8mb4",
        autocommit=True,
        connect_timeout=_SECONDS,
        read_timeout=_SECONDS if "grants" in account else None,
        client_flag=CLIENT.MULTI_STATEMENTS,
    )


def _error(error: Exception) -> Any:
    """The number and the text of an error; 0 if it is not one of MySQL's."""
    code, text = (*error.args, "", "")[:2]
    return (code, str(text)) if isinstance(code, int) else (0, f"{type(error).__name__}: {error}")


def _faults(account: Any) -> Any:
    """Why an account cannot be used, one reason at a time."""
    try:
        connection = _connect(account)
        connection.select_db(account["database"])
    except Exception as error:  # PyMySQL raises others than its own, too
        code, text = _error(error)
        yield unusable(code, text, account)
        return
    missing = []
    with connection.cursor() as cursor:
        for grant in account["grants"]:
            try:
                cursor.execute(_PROBES[grant])
            except Exception as error:
                code, text = _error(error)
                if lacks(grant, code, text):
                    missing.append(grant)
                elif code not in (*_NO_SUCH_TABLE, _COMMAND_DENIED):
                    yield unusable(code, text, account)
                    return
        cursor.execute("SELECT CURRENT_USER()")
        user, _, host = cursor.fetchone()[0].rpartition("@")
    if missing:
        grants, database = ", ".join(missing), account["database"]
        yield (
            f"{user} lacks {grants} in database {database}: "
            f"GRANT {grants} ON `{database}`.* TO '{user}'@'{host}';"
        )


def _rows(file: str, statements: str) -> Any:
    with open(file) as opened:
        account = json.load(opened)
    connection = _connect(account)
    connection.select_db(account["database"])
    with connection.cursor() as cursor:
        cursor.execute(statements)
        rows = cursor.fetchall()
        while cursor.nextset():
            pass
    return rows


def _main(mode: str, *arguments: str) -> None:
    if mode == "check":
        for fault in _faults(json.load(sys.stdin)):
            print(fault)
        return
    file, query = (*arguments, "")[:2]
    for row in _rows(file, query or sys.stdin.read().rstrip()):
        print(*row, sep="\t")


if __name__ == "__main__":
    _main(*sys.argv[1:])
