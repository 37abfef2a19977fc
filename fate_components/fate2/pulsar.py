"""Pulsar: sends a job's values to the brokers of the other parties."""

import pulumi

from ..docker.service import Container, File, Service
from ..files import properties
from .cluster import ClusterContext

CLUSTER, TENANT = "standalone", "fl-tenant"
_HOME = "/pulsar"
_CONF = f"{_HOME}/conf/standalone.conf"
_LARGEST = 128 << 20  # of a message, in bytes


def config(context: ClusterContext) -> str:
    """standalone.conf; settings that it omits are Pulsar's own.

    All data of a standalone broker is on one machine.
    """
    ports = context.ports("pulsar")
    return properties(
        {
            "clusterName": CLUSTER,
            "brokerServicePort": ports["pulsar"],
            "webServicePort": ports["pulsar-http"],
            "bindAddress": "0.0.0.0",  # noqa: S104 - the container's own addresses
            "maxMessageSize": _LARGEST,
            "nettyMaxFrameSizeBytes": _LARGEST,
            "allowAutoTopicCreation": "true",
            "allowAutoTopicCreationType": "non-partitioned",
            "brokerDeleteInactiveTopicsEnabled": "true",
            "replicationMetricsEnabled": "true",
            "loadBalancerEnabled": "false",
            "loadManagerClassName": "org.apache.pulsar.broker.loadbalance.NoopLoadManager",
            "managedLedgerDefaultEnsembleSize": 1,
            "managedLedgerDefaultWriteQuorum": 1,
            "managedLedgerDefaultAckQuorum": 1,
            "ledgerStorageClass": "org.apache.bookkeeper.bookie.storage.ldb.DbLedgerStorage",
            "journalSyncData": "false",
            "diskUsageThreshold": 0.99,
            "diskUsageWarnThreshold": 0.99,
            "allowLoopback": "true",
        }
    )


class Pulsar(Service):
    """A party's Pulsar. It starts independently. Its data belongs to running jobs, so it has no
    volume: a new container starts empty.

    Args:
        context: the training cluster it belongs to.
        opts: the parent and provider options.
    """

    def __init__(self, context: ClusterContext, opts: pulumi.ResourceOptions) -> None:
        super().__init__(
            "fate:fate2:Pulsar",
            context.place,
            Container(
                service="pulsar",
                networks=[context.attachment("pulsar"), *context.plan.shared("pulsar")],
                command=["bash", "-c", f"cd {_HOME} && exec bin/pulsar standalone -nss"],
                files=[File(_CONF, config(context))],
                published=context.plan.publishes(["pulsar"]),
            ),
            opts=opts,
        )
        self.register_outputs({})
