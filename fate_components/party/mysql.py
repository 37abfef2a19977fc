"""MySQL: the database of a party's services, in any release line."""

import shlex
from collections.abc import Collection

import pulumi

from .. import settings
from ..docker import delivery
from ..docker.inspect import drift
from ..docker.service import Container, File, Service, Volume
from .context import TrainingContext

_DEFAULTS = settings.Mysql()
DATABASE, USER = _DEFAULTS.database, _DEFAULTS.user

_PASSWORD = "/run/secrets/mysql-password"  # noqa: S105 - a path, not a password
_ROOT_PASSWORD = "/run/secrets/mysql-root-password"  # noqa: S105
_ACCOUNTS = "/run/secrets/mysql-accounts.sql"

# Queries over TCP, because the server that only initializes the data has no network.
_CLIENT = f'MYSQL_PWD="$(cat {_PASSWORD})" mysql -h 127.0.0.1 -u {USER} {DATABASE}'
# The server runs as user mysql. The image sets no passwords on existing data, so the server does at
# startup: changed passwords, and data left by another deployment, then match the settings.
_START = (
    f"chown mysql {_PASSWORD} {_ROOT_PASSWORD} {_ACCOUNTS}; "
    f"if [ -d /var/lib/mysql/mysql ]; then set -- --init-file={_ACCOUNTS}; fi; "
    'exec docker-entrypoint.sh mysqld "$@"'
)


def accounts(password: str, root_password: str) -> str:
    """The statements that set the passwords of both accounts, one per line as MySQL requires.

    root works only inside the container; over the network there is only the services' account.
    """
    return "\n".join(
        [
            f"CREATE DATABASE IF NOT EXISTS {DATABASE};",
            f"CREATE USER IF NOT EXISTS '{USER}'@'%' IDENTIFIED BY '{password}';",
            f"ALTER USER '{USER}'@'%' IDENTIFIED BY '{password}';",
            f"GRANT ALL ON {DATABASE}.* TO '{USER}'@'%';",
            f"ALTER USER 'root'@'localhost' IDENTIFIED BY '{root_password}';",
            "",
        ]
    )


def as_root(program: str) -> str:
    """The shell command that runs a client program as root, inside the container.

    Args:
        program: the program with its arguments, like mysqldump fate.
    """
    name, _, arguments = program.partition(" ")
    return f'MYSQL_PWD="$(cat {_ROOT_PASSWORD})" exec {name} -u root {arguments}'


def asking(query: str) -> str:
    """The shell command that asks a query inside the container: rows with tabs between columns."""
    return f"{_CLIENT} -B -N -e {shlex.quote(query)}"


class Mysql(Service):
    """A party's MySQL.

    Args:
        context: the training cluster it belongs to. root can log in from inside the container only.
        opts: the parent and provider options.
    """

    def __init__(self, context: TrainingContext, opts: pulumi.ResourceOptions) -> None:
        password, root_password = context.mysql_password, context.mysql_root_password
        super().__init__(
            "fate:index:Mysql",
            context.place_of("mysql"),
            Container(
                service="mysql",
                networks=[context.attachment("mysql")],
                command=["bash", "-c", _START],
                environment={
                    "MYSQL_DATABASE": DATABASE,
                    "MYSQL_USER": USER,
                    "MYSQL_PASSWORD_FILE": _PASSWORD,
                    "MYSQL_ROOT_PASSWORD_FILE": _ROOT_PASSWORD,
                    "MYSQL_ROOT_HOST": "localhost",
                },
                files=[
                    File(_PASSWORD, password, secret=True),
                    File(_ROOT_PASSWORD, root_password, secret=True),
                    File(_ACCOUNTS, accounts(password, root_password), secret=True),
                ],
                volumes=[Volume("mysql", "/var/lib/mysql")],
                forwarded=context.plan.forwarded("mysql"),
                check=f"{_CLIENT} -e 'SELECT 1' 2>&1 >/dev/null",
            ),
            opts=opts,
        )
        self.register_outputs({})

    def run(self, name: str, sql: str, query: str, result: Collection[str]) -> pulumi.Resource:
        """Run statements in the database whenever they change, the server is replaced, or what they
        did was undone by hand.

        They run once the server is healthy.

        Args:
            name: their purpose, used as part of the resource's logical name.
            sql: the statements, which must be idempotent.
            query: shows what they did.
            result: the rows that it must return after the statements, with tabs between columns.

        Returns:
            what others can depend on.
        """
        return delivery.once_healthy(
            name,
            self,
            f"docker exec -i \"$CONTAINER\" sh -c '{_CLIENT}'",
            stdin=sql,
            opts=pulumi.ResourceOptions(parent=self),
            wrong=drift.undone(asking(query), result),
        )
