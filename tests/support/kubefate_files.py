"""Files as KubeFATE's operators have them: with all options of three versions, and of each tag."""

import re
from collections.abc import Iterator, Mapping

PARTIES_1_3 = """\
#!/bin/bash

user=root
dir=/data/projects/fate
partylist=(10000 9999)  # the ids
partyiplist=(192.168.1.1 192.168.1.2)
servingiplist=(192.168.1.1 192.168.1.2)

# empty: the parties call each other
exchangeip=
"""

ENV_1_3 = """\
PREFIX=federatedai
RegistryURI=
TAG=1.3.0-release
SERVING_TAG=1.2.2-release

# a comment
"""

PARTIES_1_11 = """\
#!/bin/bash

user=fate
dir=/data/projects/fate
party_list=(10000 9999)
party_ip_list=(192.168.1.1 192.168.1.2)
serving_ip_list=(192.168.1.1 192.168.1.2)

# engines
computing=Eggroll
federation=Eggroll
storage=Eggroll
algorithm=Basic
device=CPU

compute_core=16
gpu_count=1

exchangeip=

mysql_ip=mysql
mysql_user=fate
mysql_password=hunter2
mysql_db=fate_flow
serverTimezone=UTC

name_node=hdfs://namenode:9000

fateboard_username=admin
fateboard_password=hunter2
serving_admin_username=admin
serving_admin_password=hunter2
notebook_hashed_password=
"""

ENV_1_11 = """\
RegistryURI=
TAG=1.11.2-release
SERVING_TAG=2.1.6-release
SSH_PORT=22
"""

PARTIES_2_0 = PARTIES_1_11.replace("federation=Eggroll", "federation=OSX").replace("=16", "=8")

ENV_2_0 = """\
RegistryURI=
SERVING_TAG=2.1.6-release
SSH_PORT=22

KubeFATE_Version=v2.0.0-release

FATEFlow_IMAGE="federatedai/fateflow"
FATEFlow_IMAGE_TAG="2.0.0-release"
FATEBoard_IMAGE="federatedai/fateboard"
FATEBoard_IMAGE_TAG="2.0.0-release"
MySQL_IMAGE="mysql"
MySQL_IMAGE_TAG="8.0.28"
Client_IMAGE="federatedai/client"
Client_IMAGE_TAG="2.0.0-release"
EGGRoll_IMAGE="federatedai/eggroll"
EGGRoll_IMAGE_TAG="2.0.0-release"
OSX_IMAGE="federatedai/osx"
OSX_IMAGE_TAG="2.0.0-release"
Nginx_IMAGE="federatedai/nginx"
Nginx_IMAGE_TAG="2.0.0-release"
RabbitMQ_IMAGE="federatedai/rabbitmq"
RabbitMQ_IMAGE_TAG="3.8.3-management"
Pulsar_IMAGE="federatedai/pulsar"
Pulsar_IMAGE_TAG="2.10.2"
Hadoop_NameNode_IMAGE="federatedai/hadoop-namenode"
Hadoop_NameNode_IMAGE_TAG="2.0.0-hadoop3.2.1-java8"
Hadoop_DataNode_IMAGE="federatedai/hadoop-datanode"
Hadoop_DataNode_IMAGE_TAG="2.0.0-hadoop3.2.1-java8"
Spark_Master_IMAGE="federatedai/spark-master"
Spark_Master_IMAGE_TAG="2.0.0-release"
Spark_Worker_IMAGE="federatedai/spark-worker"
Spark_Worker_IMAGE_TAG="2.0.0-release"
"""

FILES = {
    "1.3": (PARTIES_1_3, ENV_1_3),
    "1.11": (PARTIES_1_11, ENV_1_11),
    "2.0": (PARTIES_2_0, ENV_2_0),
}
"""parties.conf and .env by KubeFATE's version."""

# What each tag changed in parties.conf and in .env: the new value of each option, or None if it is
# gone. The last one is the deployer in FATE's own repository, which comes without .env.
_CHANGES: tuple[tuple[str, Mapping[str, str | None], Mapping[str, str | None]], ...] = (
    (
        "v1.3.0",
        {
            "user": "fate",
            "dir": "/data/projects/fate",
            "partylist": "(10000 9999)",
            "partyiplist": "(192.168.1.1 192.168.1.2)",
            "servingiplist": "(192.168.1.1 192.168.1.2)",
            "exchangeip": "",
        },
        {
            "PREFIX": "federatedai",
            "RegistryURI": "",
            "TAG": "1.3.0-release",
            "SERVING_TAG": "1.2.2-release",
        },
    ),
    (
        "v1.4.0",
        {
            "mysql_ip": "mysql",
            "mysql_user": "fate",
            "mysql_password": "hunter2",
            "mysql_db": "fate_flow",
            "redis_ip": "redis",
            "redis_port": "6379",
            "redis_password": "hunter3",
        },
        {"TAG": "1.4.0-release", "SERVING_TAG": "1.2.4-release"},
    ),
    ("v1.4.1", {}, {"TAG": "1.4.1-release"}),
    ("v1.4.2", {}, {"TAG": "1.4.2-release"}),
    ("v1.4.3", {}, {"TAG": "1.4.3-release"}),
    ("v1.4.4", {}, {"PREFIX": None, "TAG": "1.4.4-release", "SERVING_TAG": "2.0.0-release"}),
    ("v1.4.5", {}, {"TAG": "1.4.5-release"}),
    (
        "v1.5.0",
        {
            "partylist": None,
            "partyiplist": None,
            "servingiplist": None,
            "party_list": "(10000 9999)",
            "party_ip_list": "(192.168.1.1 192.168.1.2)",
            "serving_ip_list": "(192.168.1.1 192.168.1.2)",
            "computing_backend": "eggroll",
        },
        {"TAG": "1.5.0-release"},
    ),
    (
        "v1.5.1",
        {"enabled_nn": "false", "name_node": "hdfs://namenode:9000"},
        {"TAG": "1.5.1-release"},
    ),
    (
        "v1.5.3",
        {"fateboard_username": "admin", "fateboard_password": "hunter4"},
        {"TAG": "1.5.3-release"},
    ),
    (
        "v1.6.0",
        {
            "computing_backend": None,
            "backend": "eggroll",
            "fateboard_username": None,
            "fateboard_password": None,
        },
        {"TAG": "1.6.0-release"},
    ),
    (
        "v1.6.1",
        {"fateboard_username": "admin", "fateboard_password": "hunter4"},
        {"TAG": "1.6.1-release", "SERVING_TAG": "2.0.4-release"},
    ),
    ("v1.7.0", {}, {"TAG": "1.7.0-release"}),
    ("v1.7.1", {}, {"TAG": "1.7.1-release"}),
    ("v1.7.2", {}, {"TAG": "1.7.2-release"}),
    ("v1.8.0", {}, {"TAG": "1.8.0-release"}),
    (
        "v1.8.0-a",
        {
            "redis_ip": None,
            "redis_port": None,
            "redis_password": None,
            "serving_admin_username": "admin",
            "serving_admin_password": "hunter5",
        },
        {"SERVING_TAG": "2.1.5-release"},
    ),
    ("1.8.1", {}, {"TAG": "1.8.1-release"}),
    (
        "v1.9.0",
        {
            "backend": None,
            "enabled_nn": None,
            "computing": "Eggroll",
            "federation": "Eggroll",
            "storage": "Eggroll",
            "algorithm": "Basic",
            "device": "CPU",
            "compute_core": "4",
        },
        {"TAG": "1.9.0-release", "SERVING_TAG": "2.1.6-release", "SSH_PORT": "22"},
    ),
    ("v1.9.1", {}, {"TAG": "1.9.1-release"}),
    ("v1.9.2", {}, {"TAG": "1.9.2-release"}),
    ("v1.10.0", {"notebook_hashed_password": ""}, {"TAG": "1.10.0-release"}),
    ("v1.11.1", {"gpu_count": "1"}, {"TAG": "1.11.1-release"}),
    ("v1.11.2", {"compute_core": "16", "serverTimezone": "UTC"}, {"TAG": "1.11.2-release"}),
    (
        "v2.0.0",
        {"federation": "OSX", "compute_core": "8"},
        {"TAG": None, **dict(re.findall("^([A-Za-z_]+)=(.*)$", ENV_2_0, re.M))},
    ),
    (
        "FATE 2.2.0",
        {"serving_ip_list": None, "exchangeip": None},
        dict.fromkeys(re.findall("^([A-Za-z_]+)=", ENV_2_0, re.M)),
    ),
)


def _files() -> Iterator[tuple[str, tuple[str, str]]]:
    """The files of each tag."""
    written: tuple[dict[str, str | None], ...] = ({}, {})
    for tag, *changes in _CHANGES:
        texts = []
        for options, changed_options in zip(written, changes, strict=True):
            options.update(changed_options)
            lines = [f"{name}={value}\n" for name, value in options.items() if value is not None]
            texts.append("".join(["# the options\n", *lines]) if lines else "")
        yield tag, (texts[0], texts[1])


TAGS = dict(_files())
"""parties.conf and .env by KubeFATE's tag; "" if there is no such file."""

OPTIONS = sorted(
    {
        name
        for files in [*FILES.values(), *TAGS.values()]
        for name in re.findall(r"^(\w+)=", "\n".join(files), re.M)
    }
)
"""All options of all versions."""


def changed(text: str, **values: str) -> str:
    """A file with other values, written as in the file; options that it lacks are added."""
    for name, value in values.items():
        line = f"{name}={value}"
        found = re.search(rf"^{name}=.*$", text, re.M)
        text = text.replace(found[0], line, 1) if found else f"{text}{line}\n"
    return text
