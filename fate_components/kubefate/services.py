"""KubeFATE's options of single services: databases, logins, cores and image variants."""

from ..line import FromKubefate
from ..party.mysql import DATABASE, USER
from ..releases.facts import Release
from .options import Options

_MAX_CORES = 1024
_ALGORITHM, _REDIS, _SERVING_ADMIN = "algorithm", "redis", "serving-admin"
_DATABASE = "fate_flow"  # KubeFATE's, in its parties.conf
_DERIVED = "passwords are not copied; this one is derived from fate:masterSecret"


def mysql(options: Options, parties: int) -> dict[str, str]:
    """The value of training.mysql without its password, if the files have an external MySQL.

    Args:
        options: the options; those about MySQL are reported.
        parties: how many parties the stack runs.
    """
    address = options.text("mysql_ip", "mysql")
    if address == "mysql":
        options.taken("mysql_ip", "each party has a MySQL of its own")
        _same(options, "mysql_user", USER, f"the services' account is always {USER}")
        _same(options, "mysql_db", DATABASE, f"the database is always {DATABASE}")
        options.left(
            "mysql_password",
            f"{_DERIVED}; set training.mysql.password for one of your own",
            secret=True,
        )
        return {}
    if parties > 1:
        options.refuse(
            "mysql_ip",
            f"is an external MySQL, and {parties} parties would have one database in it and take "
            "each other's jobs for their own; import each with --party into a stack of its own, or "
            "write mysql_ip=mysql to give each party its own",
        )
    user = options.text("mysql_user") or USER
    database = options.text("mysql_db") or _DATABASE
    options.taken("mysql_ip", f"training.mysql.address: {address}")
    options.taken("mysql_user", f"training.mysql.user: {user}")
    options.taken("mysql_db", f"training.mysql.database: {database}")
    options.left(
        "mysql_password",
        "passwords are not copied; set training.mysql.password as the stack file says",
        secret=True,
    )
    return {"address": address, "user": user, "database": database}


def others(options: Options, line: FromKubefate, facts: Release) -> int | None:
    """Report the options of services that a release line has or lacks.

    Args:
        options: the options.
        line: what becomes of them in the line.
        facts: the facts of the release.

    Returns:
        The value of training.cores, if there is one.
    """
    _common(options, line, facts)
    for name, (value, otherwise) in line.fixed.items():
        _same(options, name, value, otherwise)
    if variant := line.fixed.get(_ALGORITHM):
        _same(options, "enabled_nn", "false", variant[1])
    for name, why in line.left.items():
        options.left(name, why, name.endswith("_password"))
    return _cores(options, line)


def _cores(options: Options, line: FromKubefate) -> int | None:
    """The value of training.cores, if the files have one and the line a place for it."""
    cores = options.text("compute_core") if line.cores else ""
    if not cores:
        return None
    if not (
        cores.isascii() and cores.isdigit() and len(cores) < 5 and 1 <= int(cores) <= _MAX_CORES
    ):
        options.refuse("compute_core", f"is not a number of cores; use 1 to {_MAX_CORES}")
        return None
    count = max(int(cores), line.least_cores)
    fewer = (
        f"; FATE Flow refuses each job that does not ask for fewer than {count}, its usual number, "
        "if there are no more"
    )
    options.taken("compute_core", f"training.cores: {count}{fewer if count != int(cores) else ''}")
    return count


def _common(options: Options, line: FromKubefate, facts: Release) -> None:
    along = (
        f". To take along data of FATE {facts.name}, see Taking over the data in "
        "docs/from-kubefate.md before you stop KubeFATE"
    )
    options.left(
        "dir",
        "data is kept in Docker volumes. What KubeFATE keeps in this folder stays there, and the "
        f"stack does not use it{along if line.data else ''}",
    )
    options.left("gpu_count", "containers get no GPU")
    options.left(
        "name_node",
        "a stack with its tables in HDFS has an HDFS of its own, without the tables of this one",
    )
    redis = f"FATE {facts.name} needs no Redis"
    if _REDIS in facts.services:
        redis = (
            "each party has a Redis of its own; training.redis and serving.redis of a party name "
            "an external one"
        )
    for name in ("redis_ip", "redis_port", "redis_password"):
        options.left(name, redis, name.endswith("_password"))
    if not facts.serving:
        admin = f"stacks of FATE {facts.name} have no FATE Serving"
    elif _SERVING_ADMIN in facts.serving:
        admin = "the account and its password are the stack's own"
    else:
        admin = "serving clusters of a stack have no admin service"
    for name in ("serving_admin_username", "serving_admin_password"):
        options.left(name, admin, name.endswith("_password"))


def _same(options: Options, name: str, value: str, otherwise: str) -> None:
    """Report an option of which stacks have one value only."""
    if options.text(name) == value:
        options.taken(name, "stacks have the same")
    else:
        options.left(name, otherwise)
