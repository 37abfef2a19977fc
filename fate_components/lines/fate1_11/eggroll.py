"""eggroll.properties, and how the services of Eggroll 2 start."""

from collections.abc import Mapping

from ...docker.service import File
from ...engines.eggroll.conf import (
    DATA,
    ENVIRONMENT,
    HOME,
    database_keys,
    delete_old_logs,
    in_background,
)
from ...party.files import properties
from ...plan.endpoints import EXCHANGE
from .cluster import ClusterContext
from .settings import NODE_MANAGER

__all__ = ["DATA", "ENVIRONMENT", "HOME", "config", "files", "start"]

_MANAGER = "eggroll.resourcemanager"
_BOOTSTRAP = "com.webank.eggroll.core.Bootstrap"
_PACKAGE = "com.webank.eggroll.core.resourcemanager"
_MAIN = {
    "rollsite": "com.webank.eggroll.rollsite.EggSiteBootstrap",
    "clustermanager": f"{_BOOTSTRAP} --bootstraps {_PACKAGE}.ClusterManagerBootstrap",
    NODE_MANAGER: f"{_BOOTSTRAP} --bootstraps {_PACKAGE}.NodeManagerBootstrap",
}
# Within which all processes of a session must be up; Eggroll's own 20 s are few on a busy machine.
_SESSION_SECONDS = 60

# To the container's log, which Docker bounds, instead of to files that nobody removes. rollsite's
# audit has a line for each packet.
_LOG = """status = warn
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%-5level] %d{yyyy-MM-dd HH:mm:ss,SSS} [%t] %c{1.}:%L - %msg%n
logger.audit.name = audit
logger.audit.level = warn
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
"""


def rollsite(party: str, host: str, port: int) -> dict[str, object]:
    """The keys that a rollsite reads.

    Args:
        party: the id of its party, or "exchange".
        host: its name. A packet is its own if its route table has the same name and port.
        port: the port it listens on.
    """
    return {
        "eggroll.rollsite.coordinator": party,
        "eggroll.rollsite.host": host,
        "eggroll.rollsite.port": port,
        "eggroll.rollsite.party.id": party,
        "eggroll.rollsite.route.table.path": "conf/route_table.json",
        # Routes can be set from the rollsite's own container only.
        "eggroll.rollsite.route.table.whitelist": "127.0.0.1",
        "eggroll.rollsite.push.max.retry": 3,
        "eggroll.rollsite.push.long.retry": 2,
        "eggroll.rollsite.push.batches.per.stream": 10,
        "eggroll.rollsite.adapter.sendbuf.size": 100000,
    }


def cluster(context: ClusterContext, node: str, database: bool) -> dict[str, object]:
    """The keys that the services of a training cluster read.

    Args:
        context: the training cluster.
        node: the name of the node manager that reads them, or of any.
        database: whether the reader uses the database.
    """
    manager, site = context.endpoint("clustermanager"), context.endpoint("rollsite")
    pair = f"{_MANAGER}.bootstrap.egg_pair"
    # Up to 1.11.1 it is the image's, from 1.11.2 on Eggroll's own.
    environment = context.plan.facts.services[NODE_MANAGER].environment
    keys: dict[str, object] = {
        f"{_MANAGER}.process.tag": context.party_id,
        f"{_MANAGER}.clustermanager.host": manager.host,
        f"{_MANAGER}.clustermanager.port": manager.port,
        # The processes of a job are called by it. It stays the same on another address.
        f"{_MANAGER}.nodemanager.host": node,
        f"{_MANAGER}.nodemanager.port": context.port(NODE_MANAGER),
        "eggroll.data.dir": "data/",
        "eggroll.logs.dir": "logs/",
        "eggroll.bootstrap.root.script": "bin/eggroll_boot.sh",
        f"{pair}.exepath": "bin/roll_pair/egg_pair_bootstrap.sh",
        f"{pair}.venv": "",
        f"{pair}.pythonpath": environment.get("PYTHONPATH", "python"),
        f"{pair}.filepath": "python/eggroll/roll_pair/egg_pair.py",
        f"{pair}.ld_library_path": "",
        "eggroll.core.grpc.channel.keepalive.timeout.sec": 20,
        # FATE Flow sets it for each job.
        "eggroll.session.processors.per.node": 4,
        "eggroll.session.start.timeout.ms": _SESSION_SECONDS * 1000,
        "eggroll.rollpair.transferpair.sendbuf.size": 250000,
        **rollsite(str(context.party_id), site.host, site.port),
    }
    return keys | (database_keys(context) if database else {})


def config(keys: Mapping[str, object], secret: bool = False) -> File:
    """eggroll.properties, in the section in which Eggroll's Python looks for it.

    Args:
        keys: its keys.
        secret: whether a password is among them.
    """
    return File(f"{HOME}/conf/eggroll.properties", f"[eggroll]\n{properties(keys)}", secret)


def files(keys: Mapping[str, object], secret: bool = False) -> list[File]:
    """The files of a service of Eggroll; see `config`."""
    return [config(keys, secret), File(f"{HOME}/conf/log4j2.properties", _LOG)]


def start(service: str, port: int) -> str:
    """The shell command that a service of Eggroll ends with.

    Args:
        service: rollsite, clustermanager or nodemanager.
        port: the port it listens on.
    """
    # Each prints its whole configuration when it starts, passwords included (ErConf.addProperties).
    quiet = (
        " > >(exec grep --line-buffered -v '^config key ')" if service == "clustermanager" else ""
    )
    listens = "" if service == "rollsite" else f" -p {port} -s EGGROLL_DAEMON"
    # Each session leaves a folder of logs on its nodes.
    clean = f"{in_background(delete_old_logs(service))}\n" if service == NODE_MANAGER else ""
    return f"""cd {HOME}
{clean}exec java -Dlog4j.configurationFile={HOME}/conf/log4j2.properties -cp 'lib/*:conf/' \\
  {_MAIN[service]} -c conf/eggroll.properties{listens}{quiet}
"""


def of_exchange(port: int) -> dict[str, object]:
    """The keys of the exchange.

    Args:
        port: the port it listens on.
    """
    return rollsite(EXCHANGE, EXCHANGE, port)
