"""Pulsar: sends a job's values to the brokers of the other parties."""

from pathlib import Path

import pulumi

from ..docker import delivery
from ..docker.service import Container, File, Service
from ..party.files import properties
from .context import EngineContext

CLUSTER, TENANT = "standalone", "fl-tenant"
_HOME = "/pulsar"
_CONF = f"{_HOME}/conf/standalone.conf"
_ADDRESSES = f"{_HOME}/data/addresses.txt"  # where the image's user can write
_UPDATE = Path(__file__).with_name("pulsar_addresses.sh").read_text()
_LARGEST = 128 << 20  # of a message, in bytes


def config(context: EngineContext) -> str:
    """standalone.conf; settings that it omits are Pulsar's own.

    All data of a standalone broker is on one machine.
    """
    ports, at = context.ports("pulsar"), context.spark_ports
    more: dict[str, str] = {}
    if at and at.broker:
        # A listener must be advertised; clients of a standalone broker keep to their own address.
        more = {
            "advertisedListeners": f"spark:pulsar://localhost:{at.broker}",
            "bindAddresses": f"spark:pulsar://0.0.0.0:{at.broker}",
        }
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
        | more
    )


def table(context: EngineContext) -> File:
    """The addresses of the other parties' brokers, as a file of the container: a party's id and a
    URL on each line.
    """
    # Pulsar keeps old ones: the script that delivers them changes them in it, and restarts it.
    brokers = {party: reach["pulsar"] for party, reach in sorted(context.plan.others.items())}
    text = "".join(f"{party} pulsar://{at.host}:{at.port}\n" for party, at in brokers.items())
    return File(_ADDRESSES, text, reread=True)


def update(port: int) -> str:
    """The end of the script that delivers the addresses, for a Pulsar that knows old ones.

    Args:
        port: where its admin API listens.
    """
    return _UPDATE.replace("ADMIN_PORT", str(port))


class Pulsar(Service):
    """A party's Pulsar. It starts independently. Its data belongs to running jobs, so it has no
    volume: a new container starts empty. It learns from jobs which parties there are; if the
    address of one that it knows changes, it is told and restarted.

    Args:
        context: the training cluster it belongs to.
        opts: the parent and provider options.
    """

    def __init__(self, context: EngineContext, opts: pulumi.ResourceOptions) -> None:
        addresses = table(context)
        super().__init__(
            "fate:fate2:Pulsar",
            context.place,
            Container(
                service="pulsar",
                networks=[context.attachment("pulsar"), *context.plan.shared("pulsar")],
                command=["bash", "-c", f"cd {_HOME} && exec bin/pulsar standalone -nss"],
                files=[File(_CONF, config(context)), addresses],
                published=context.plan.publishes(["pulsar"]),
                forwarded=context.plan.forwarded("pulsar"),
            ),
            opts=opts,
        )
        port = context.ports("pulsar")["pulsar-http"]
        opts = pulumi.ResourceOptions(parent=self)
        delivery.file("pulsar-routes", self, addresses, opts, then=update(port))
        self.register_outputs({})
