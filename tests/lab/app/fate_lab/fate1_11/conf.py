"""eggroll.properties of Eggroll 2.5, as its Java services and its Python programs read it."""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Mapping

from .. import strictconf
from ..strictconf import PROJECT, Check, ConfError

HOME = f"{PROJECT}/eggroll"
MANAGER = "eggroll.resourcemanager.clustermanager"
NODE = "eggroll.resourcemanager.nodemanager"
SITE = "eggroll.rollsite"
_PAIR = "eggroll.resourcemanager.bootstrap.egg_pair"
_FRAME = "eggroll.resourcemanager.bootstrap.egg_frame"
_TLS = "eggroll.core.security"
PROCESSORS, START_TIMEOUT = (
    "eggroll.session.processors.per.node",
    "eggroll.session.start.timeout.ms",
)
DATA, LOGS = "eggroll.data.dir", "eggroll.logs.dir"
_SECTION = "[eggroll]"

_ADDRESS: Mapping[str, Check] = {
    f"{MANAGER}.host": strictconf.host,
    f"{MANAGER}.port": strictconf.port,
}
_DATABASE: Mapping[str, Check] = {
    f"{MANAGER}.jdbc.url": strictconf.jdbc_url,
    f"{MANAGER}.jdbc.username": strictconf.filled,
    f"{MANAGER}.jdbc.password": strictconf.filled,
}
_BOOT: Mapping[str, Check] = {
    DATA: strictconf.filled,
    LOGS: strictconf.filled,
    "eggroll.bootstrap.root.script": strictconf.file_there,
    f"{_PAIR}.exepath": strictconf.file_there,
    f"{_PAIR}.filepath": strictconf.file_there,
    f"{_PAIR}.pythonpath": strictconf.filled,
}
REQUIRED: Mapping[str, Mapping[str, Check]] = {
    "rollsite": {
        f"{SITE}.host": strictconf.host,
        f"{SITE}.port": strictconf.port,
        f"{SITE}.party.id": strictconf.filled,
        f"{SITE}.coordinator": strictconf.filled,
    },
    "clustermanager": {**_ADDRESS, **_DATABASE},
    "nodemanager": {**_ADDRESS, **_BOOT, f"{NODE}.port": strictconf.port},
    "egg_pair": {**_ADDRESS, DATA: strictconf.filled},
    "fateflow": _ADDRESS,
}
"""What each program cannot do without."""


def _flag(value: object) -> str | None:
    return strictconf.true_or_false(value)


# All other keys that a deployer has a reason to write. None of them is checked more closely than
# this where no stand-in uses it; a misspelt one is an error.
_KNOWN: Mapping[str, Check] = {
    **dict.fromkeys((*_ADDRESS, *_DATABASE, *_BOOT), strictconf.anything),
    **dict.fromkeys(
        (
            f"{MANAGER}.jdbc.driver.class.name",
            f"{MANAGER}.jdbc.password.decryptor",
            f"{MANAGER}.jdbc.password.decryptor.args",
            f"{MANAGER}.jdbc.password.decryptor.args.spliter",
            f"{MANAGER}.node.heartbeat.expire.count",
            f"{MANAGER}.datasource.db.max.idle",
            f"{MANAGER}.datasource.db.max.total",
            f"{NODE}.containers.data.dir",
            "eggroll.resourcemanager.process.tag",
            f"{_PAIR}.venv",
            f"{_PAIR}.ld_library_path",
            f"{_FRAME}.exepath",
            f"{_FRAME}.javahome",
            f"{_FRAME}.classpath",
            f"{_FRAME}.mainclass",
            f"{_FRAME}.jvm.options",
            "arrow.enable_unsafe_memory_access",
            "hadoop.fs.defaultFS",
            "hadoop.dfs.nameservices",
            "hadoop.dfs.namenode.rpc-address.nn1",
            "hadoop.dfs.namenode.rpc-address.nn2",
            "eggroll.container.deepspeed.distributed.backend",
            "eggroll.container.deepspeed.python.exec",
            f"{SITE}.coordinator",
            f"{SITE}.party.id",
            f"{SITE}.jvm.options",
            f"{SITE}.route.table.path",
            f"{SITE}.route.table.key",
            f"{SITE}.route.table.whitelist",
            f"{SITE}.audit.topics",
            f"{_TLS}.ca.crt.path",
            f"{_TLS}.crt.path",
            f"{_TLS}.key.path",
            f"{_TLS}.client.ca.crt.path",
            f"{_TLS}.client.crt.path",
            f"{_TLS}.client.key.path",
        ),
        strictconf.anything,
    ),
    **dict.fromkeys(
        (
            "eggroll.core.grpc.channel.keepalive.timeout.sec",
            "eggroll.core.grpc.channel.keepalive.time.sec",
            "eggroll.core.malloc.mmap.max",
            "eggroll.core.malloc.mmap.threshold",
            "eggroll.rollpair.transferpair.sendbuf.size",
            PROCESSORS,
            START_TIMEOUT,
            "eggroll.session.stop.timeout.ms",
            f"{NODE}.heartbeat.interval",
            f"{NODE}.cpu.vcores",
            f"{SITE}.adapter.sendbuf.size",
            f"{SITE}.overall.timeout.sec",
            f"{SITE}.polling.concurrency",
            f"{SITE}.pull.object.timeout.sec",
            f"{SITE}.push.batches.per.stream",
            f"{SITE}.push.client.max.retry",
            f"{SITE}.push.long.retry",
            f"{SITE}.push.max.retry",
        ),
        strictconf.count,
    ),
    f"{NODE}.gpu.vcores": strictconf.filled,
    f"{NODE}.host": strictconf.host,
    f"{NODE}.port": strictconf.port,
    f"{SITE}.host": strictconf.host,
    f"{SITE}.port": strictconf.port,
    f"{SITE}.secure.port": strictconf.port,
    # The lab has no polling.
    f"{SITE}.polling.client.enabled": strictconf.exactly("false"),
    f"{SITE}.polling.server.enabled": strictconf.exactly("false"),
    f"{_TLS}.secure.client.auth.enabled": _flag,
    "eggroll.session.use.resource.dispatch": strictconf.exactly("false"),
}


def java(path: str, service: str) -> dict[str, str]:
    """The properties as one of the JVMs loads them, to which the section is a key like others.

    Like the real ones, it prints all of them, the password of the database too; no configuration
    of Log4j has a say in that (ErConf.addProperties of Eggroll 2.5.1).
    """
    content = "\n".join(
        "" if _is_section(one) else one for one in strictconf.read(path).splitlines()
    )
    required = REQUIRED[service]
    optional = {key: check for key, check in _KNOWN.items() if key not in required}
    found = strictconf.properties_of(path, content, required, optional)
    print(f"current dir: {os.getcwd()}/.\nread config file : {path}", file=sys.__stdout__)
    for key, value in found.items():
        print(f"config key {key}={value}", file=sys.__stdout__, flush=True)
    return found


def _is_section(line: str) -> bool:
    return line.strip() == _SECTION


def python(path: str, service: str) -> dict[str, str]:
    """The properties as Eggroll's Python reads them: only those below the line of the section, and
    none whose value has a percent sign that stands for itself."""
    strictconf.read(path)
    parser = configparser.ConfigParser()
    try:
        parser.read(path)
        found = dict(parser[_SECTION[1:-1]])
    except configparser.MissingSectionHeaderError:
        raise ConfError(path, "", f"File contains no section headers: {_SECTION}") from None
    except KeyError:
        raise ConfError(path, "", f"KeyError: 'eggroll', for there is no line {_SECTION}") from None
    except configparser.Error as error:
        raise ConfError(path, "", str(error)) from None
    for key, check in REQUIRED[service].items():
        if key not in found:
            raise ConfError(path, key, "is missing")
        if wrong := check(found[key]):
            raise ConfError(path, key, wrong)
    return found


def at_manager(found: Mapping[str, str]) -> tuple[str, int, str]:
    """Where the cluster manager is, and what kind of service it is."""
    return found[f"{MANAGER}.host"], int(found[f"{MANAGER}.port"]), "clustermanager"
