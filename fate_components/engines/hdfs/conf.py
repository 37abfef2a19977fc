"""HDFS, in what is common to its name node, its data nodes and their clients."""

from collections.abc import Mapping
from xml.sax.saxutils import escape

from ...docker.service import File
from ..context import EngineContext
from .ports import HdfsPorts

FOLDER = "/etc/hdfs"
ENVIRONMENT = {"HADOOP_CONF_DIR": FOLDER}
"""What makes the drivers of jobs, and Hadoop's own commands, read its settings."""
CLASSES = '[ -n "${CLASSPATH:-}" ] || export CLASSPATH="$(hadoop classpath --glob)"\n'
"""Lets FATE Flow load Hadoop's client, for which PyArrow needs this variable. The official images
have Hadoop, but not the variable (FATE-Builder, modules/fateflow-spark/Dockerfile)."""
NAMES, BLOCKS = "/hadoop/dfs/name", "/hadoop/dfs/data"
EXCLUDED = f"{NAMES}/excluded"
"""The file of the name node with the data nodes that hand over their blocks."""
_CLIENTS = "fate"
URL = f"hdfs://{_CLIENTS}"
"""What clients call it. FATE Flow stores it with every table, so it contains no port."""

_LOGGING = """log4j.rootLogger=INFO,console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.target=System.err
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d{ISO8601} %p %c{1}: %m%n
"""
# Data nodes on other Docker hosts are reached at the names that they have there.
_BY_NAME = {"dfs.client.use.datanode.hostname": "true"}


def command(script: str) -> tuple[list[str], File]:
    """The command line of a container that runs a shell script, and the script.

    The entry point of the official images splits its arguments at blanks.
    """
    file = File(f"{FOLDER}/start.sh", script)
    return ["bash", file.path], file


def ports(context: EngineContext) -> HdfsPorts:
    """Where its parts listen."""
    hdfs_ports = context.hdfs_ports
    assert hdfs_ports is not None  # noqa: S101 - only parties with HDFS have such services
    return hdfs_ports


def server(context: EngineContext, more: Mapping[str, object]) -> list[File]:
    """The settings of the name node, or of a data node.

    Args:
        context: the training cluster it belongs to.
        more: those that not all of them have.
    """
    name_node = f"hdfs://name-node:{ports(context).name_node}"
    return [
        File(f"{FOLDER}/core-site.xml", site({"fs.defaultFS": name_node})),
        File(f"{FOLDER}/hdfs-site.xml", site({**_BY_NAME, **more})),
        File(f"{FOLDER}/log4j.properties", _LOGGING),
    ]


def client(context: EngineContext) -> File:
    """The settings of those who read and write tables.

    They are read again for every task.
    """
    settings = {
        "dfs.nameservices": _CLIENTS,
        f"dfs.ha.namenodes.{_CLIENTS}": "only",
        f"dfs.namenode.rpc-address.{_CLIENTS}.only": f"name-node:{ports(context).name_node}",
        f"dfs.client.failover.proxy.provider.{_CLIENTS}": (
            "org.apache.hadoop.hdfs.server.namenode.ha.ConfiguredFailoverProxyProvider"
        ),
        **_BY_NAME,
        "dfs.replication": context.training.replication,
        # Goes on with fewer data nodes if one fails and there is none to take its place.
        "dfs.client.block.write.replace-datanode-on-failure.best-effort": "true",
    }
    return File(f"{FOLDER}/hdfs-site.xml", site(settings), reread=True)


def site(settings: Mapping[str, object]) -> str:
    """A file of settings as Hadoop reads it."""
    lines = [
        f"  <property><name>{name}</name><value>{escape(str(value))}</value></property>\n"
        for name, value in settings.items()
    ]
    return f"<configuration>\n{''.join(lines)}</configuration>\n"
