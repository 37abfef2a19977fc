"""External database servers as resources: verified before anything uses them, and set up."""

import json
import shlex
from collections.abc import Collection, Sequence

import pulumi

from ...docker import delivery, tool
from ...docker.inspect import drift
from ...docker.service import File, Place, Service
from ...line import DatabaseClient
from ...plan.clusters import ClusterPlan
from ...settings import TRAINING, Mysql, Server
from .check import mysql_command

_ACCOUNT = "/run/secrets/mysql.json"


def verified(
    place: Place, plan: ClusterPlan, client: DatabaseClient, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Verify the external servers of a cluster, if it has any, for all of its party to wait for.

    They are verified in a container that is removed afterwards, in the party's network: what its
    services will reach from there may be out of reach for this machine.

    Args:
        place: where the cluster's containers run.
        plan: the cluster's part of the topology.
        client: what it uses them with.
        opts: the parent and provider options.
    """
    servers: dict[str, Server] = {
        f"{plan.kind}.{server.key}": server
        for server in getattr(plan.party, plan.kind).external.values()
    }
    if not servers:
        return []
    passwords = {key: _password(server) for key, server in servers.items()}
    shown = {key: _account(server, client.grants) for key, server in servers.items()}
    verified = tool.run(
        place.resource_name("databases" if plan.kind == TRAINING else f"{plan.kind}-databases"),
        "fate_components.party.external.check",
        [],
        environment={
            **place.host.environment,
            "IMAGE": place.host.images.id(place.services[client.service]),
            "NETWORK": place.networks[plan.network.name].name,
            "PARTY": str(place.party),
            "SERVERS": json.dumps(shown),
            "STACK": place.stack,
        },
        opts=opts,
        stdin=pulumi.Output.secret(json.dumps(passwords)),
    )
    return [verified]


def account_files(server: Mysql) -> list[File]:
    """The file with the account of an external MySQL, for a container of FATE Flow.

    Args:
        server: the MySQL, which may also be one that this stack runs: there is no file then.
    """
    if server.address is None:
        return []
    content = {**_account(server, ()), "password": _password(server)}
    return [File(_ACCOUNT, json.dumps(content), secret=True)]


def asking(query: str) -> str:
    """The shell command that asks a query in an external MySQL inside FATE Flow's container: rows
    with tabs between columns.
    """
    return f"bash -c {shlex.quote(mysql_command('query', _ACCOUNT, query))}"


def run(
    name: str,
    fate_flow: Service,
    sql: str,
    query: str,
    result: Collection[str],
) -> pulumi.Resource:
    """Run statements in the external MySQL of a party whenever they change, FATE Flow's container
    is replaced, or what they did was undone by hand.

    Args:
        name: their purpose, used as part of the resource's logical name.
        fate_flow: the party's FATE Flow, whose container has the client and the account's file.
        sql: the statements, which must be idempotent.
        query: shows what they did.
        result: the rows that it must return after the statements, with tabs between columns.

    Returns:
        what others can depend on.
    """
    command = shlex.quote(mysql_command("run", _ACCOUNT))
    return delivery.in_container(
        name,
        fate_flow,
        f'docker exec -i "$CONTAINER" bash -c {command}',
        stdin=sql,
        opts=pulumi.ResourceOptions(parent=fate_flow),
        wrong=drift.undone(asking(query), result),
    )


def _account(server: Server, grants: Sequence[str]) -> dict[str, object]:
    """What is to be known of a server but its password."""
    account: dict[str, object] = {"address": server.address, "port": server.port}
    if isinstance(server, Mysql):
        account |= {"user": server.user, "database": server.database}
        if grants:
            account["grants"] = list(grants)
    return account


def _password(server: Server) -> str:
    assert server.password  # noqa: S101 - an external server has one
    return server.password.get_secret_value()
