"""Files as KubeFATE's operators have them, with all options of its three versions."""

import re

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

OPTIONS = sorted(
    {name for files in FILES.values() for name in re.findall(r"^(\w+)=", "\n".join(files), re.M)}
)
"""All options of the three versions."""


def changed(text: str, **values: str) -> str:
    """A file with other values, written as in the file; options that it lacks are added."""
    for name, value in values.items():
        line = f"{name}={value}"
        found = re.search(rf"^{name}=.*$", text, re.M)
        text = text.replace(found[0], line, 1) if found else f"{text}{line}\n"
    return text
