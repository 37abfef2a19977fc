"""eggroll.properties: the configuration that all parts of Eggroll read, in FATE Flow too."""

from collections.abc import Sequence
from pathlib import Path

from ...docker.service import File
from ...party.context import TrainingContext
from ...party.files import ROOT, properties
from ..context import EngineContext

HOME = f"{ROOT}/eggroll"
DATA = f"{HOME}/data"
ENVIRONMENT = {"EGGROLL_HOME": HOME}
TABLES = (
    "node_resource", "processor_resource", "server_node", "session_main", "session_option",
    "session_processor", "session_ranks", "store_locator", "store_option", "store_partition",
)  # fmt: skip
"""The tables of the cluster manager."""
# How the keys and the values of a table are written, and its keys are spread.
_SERIALIZERS = {
    2: """  partitioner VARCHAR(2000) NOT NULL DEFAULT 'BYTESTRING_HASH',
  serdes VARCHAR(2000) NOT NULL DEFAULT '',
""",
    3: """  key_serdes_type INT NOT NULL DEFAULT 0,
  value_serdes_type INT NOT NULL DEFAULT 0,
  partitioner_type INT NOT NULL DEFAULT 0,
""",
}
PRESENT = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND "
PRESENT += f"table_name IN ({', '.join(map(repr, TABLES))})"
"""The query for those that are there."""


def schema(version: int) -> str:
    """The SQL that creates those that are missing.

    Args:
        version: Eggroll's, 2 or 3. What only the other one uses does no harm.
    """
    text = Path(__file__).with_name("eggroll.sql").read_text()
    return text.replace("__VERSION__", str(version)).replace(
        "__SERIALIZERS__", _SERIALIZERS[version]
    )


LOG_DAYS = 7
"""Days after which a log file that has not been written to is deleted."""
_CLEAN_EVERY = 3600  # seconds
_MANAGER = "eggroll.resourcemanager"


def config(context: EngineContext, database: bool = False) -> File:
    """eggroll.properties, in the section in which Eggroll's Python looks for it.

    Args:
        context: the training cluster it belongs to.
        database: whether the reader uses the database.
    """
    manager, node = context.endpoint("clustermanager"), context.endpoint("nodemanager")
    pair = f"{_MANAGER}.bootstrap.egg_pair"
    keys: dict[str, object] = {
        f"{_MANAGER}.process.tag": context.party_id,
        f"{_MANAGER}.clustermanager.host": manager.host,
        f"{_MANAGER}.clustermanager.port": manager.port,
        f"{_MANAGER}.nodemanager.host": node.host,
        f"{_MANAGER}.nodemanager.port": node.port,
        f"{_MANAGER}.nodemanager.net.device": "eth0",
        f"{_MANAGER}.nodemanager.gpu.num.shell": "nvidia.sh",
        "eggroll.data.dir": f"{DATA}/",
        "eggroll.logs.dir": f"{HOME}/logs/",
        "eggroll.bootstrap.root.script": "bin/eggroll_boot.sh",
        f"{pair}.exepath": "bin/roll_pair/egg_pair_bootstrap.sh",
        f"{pair}.venv": "",
        f"{pair}.pythonpath": "python",
        f"{pair}.filepath": "python/eggroll/computing/egg_pair/egg_pair.py",
        f"{pair}.ld_library_path": "",
        "eggroll.session.processors.per.node": context.training.cores,
    }
    if database:
        keys |= database_keys(context)
    return File(
        f"{HOME}/conf/eggroll.properties", f"[eggroll]\n{properties(keys)}", secret=database
    )


def database_keys(context: TrainingContext) -> dict[str, object]:
    """The keys with which the cluster manager finds its database."""
    server, keys = context.endpoint("mysql"), f"{_MANAGER}.clustermanager.jdbc"
    url = f"jdbc:mysql://{server.host}:{server.port}/{context.training.mysql.database}"
    options = "useSSL=false&serverTimezone=UTC&characterEncoding=utf8&allowPublicKeyRetrieval=true"
    return {
        f"{keys}.driver.class.name": "com.mysql.cj.jdbc.Driver",
        f"{keys}.url": f"{url}?{options}",
        f"{keys}.username": context.training.mysql.user,
        f"{keys}.password": context.mysql_password,
    }


# Otherwise the log begins with the whole configuration, passwords included.
_QUIET = File(
    f"{HOME}/conf/quiet.xml",
    """<Configuration>
  <Loggers>
    <Logger name="org.fedai.eggroll.core.config.MetaInfo" level="warn"/>
  </Loggers>
</Configuration>
""",
)


def files(context: EngineContext, database: bool = False) -> list[File]:
    """The files of a part of Eggroll; see `config`."""
    return [config(context, database), _QUIET]


def environment(module: str) -> dict[str, str]:
    """The variables of a part of Eggroll.

    Args:
        module: clustermanager or nodemanager. Eggroll's log4j2.xml names log files by it.
    """
    return {**ENVIRONMENT, "module": module}


def start(module: str, port: int) -> str:
    """The command that runs a part of Eggroll, and deletes its old log files.

    Eggroll deletes none: log4j2.xml begins new files every day, and every session leaves a folder
    on the node manager. What the Java services log is also in the container's log.

    Args:
        module: clustermanager or nodemanager.
        port: the port it listens on.
    """
    options: Sequence[str] = (
        f"-Dlog4j.configurationFile={HOME}/conf/log4j2.xml,{_QUIET.path}",
        "-cp 'lib/*'",
    )
    return f"""cd {HOME}
{in_background(delete_old_logs(module))}
exec java -server {" ".join(options)} \\
  org.fedai.eggroll.{module}.Bootstrap -p {port} -s EGGROLL_DAEMON -c conf/eggroll.properties
"""


def delete_old_logs(module: str) -> str:
    """The script that deletes what has not been written to for `LOG_DAYS`, again and again.

    Args:
        module: clustermanager or nodemanager.
    """
    # Java goes on writing to the files that it has open, however old they are.
    closed = f"\\( ! -path 'logs/eggroll/{module}*.log' -o -name '*.log.*' \\)"
    return f"""while sleep {_CLEAN_EVERY}; do
  find logs -type f -mtime +{LOG_DAYS} {closed} -delete
  find logs -mindepth 1 -depth -type d -mtime +0 -exec rmdir {{}} \\; 2>/dev/null
done"""


def in_background(script: str) -> str:
    """A shell command that runs a script beside what the shell is replaced with.

    Args:
        script: the script.
    """
    # The inner shell is left to the container's init process, which reaps it.
    return f"( ( {script} ) & )"
