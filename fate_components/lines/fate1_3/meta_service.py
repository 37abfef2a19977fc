"""meta-service: EggRoll's directory of tables and nodes, kept in MySQL."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pulumi

from ...docker.service import Container, File, Service
from ...party.files import ROOT, properties
from ...releases.facts import ServiceFacts
from .cluster import ClusterContext

Node = tuple[str, int, str]
"""The address, the port and the type of a node."""

NODES = "SELECT ip, port, type FROM node WHERE status = 'HEALTHY'"
"""The query for the nodes that EggRoll uses."""

_SCHEMA = Path(__file__).with_name("meta_service.sql")


def config(context: ClusterContext) -> str:
    """meta-service.properties."""
    database = context.endpoint("mysql")
    return properties(
        {
            "party.id": context.party_id,
            "service.port": context.port("meta-service"),
            "jdbc.driver.classname": "com.mysql.cj.jdbc.Driver",
            "jdbc.url": f"jdbc:mysql://{database.host}:{database.port}/{context.training.mysql.database}"
            "?useSSL=false&serverTimezone=UTC&characterEncoding=utf8&allowPublicKeyRetrieval=true",
            "jdbc.username": context.training.mysql.user,
            "jdbc.password": context.mysql_password,
        }
    )


def nodes(services: Mapping[str, ServiceFacts], eggs: Iterable[str]) -> list[Node]:
    """The nodes that EggRoll must know.

    Args:
        services: the facts of the release's services.
        eggs: the eggs' names.
    """
    all_nodes = [
        ("roll", services["roll"].port, "ROLL"),
        ("proxy", services["proxy"].port, "PROXY"),
    ]
    for egg in eggs:
        all_nodes += [
            (egg, services["egg"].ports["egg"], "EGG"),
            (egg, services["egg"].ports["storage"], "STORAGE"),
        ]
    return all_nodes


def statements(wanted: Iterable[Node]) -> str:
    """The SQL that creates meta-service's missing tables and sets the nodes as wanted.

    An existing node keeps its id, because stored data is found by it. A node that is no longer
    wanted is LOST to EggRoll but keeps its row in case it comes back.
    """
    rows = ",\n  ".join(f"('{ip}', {port}, '{kind}', 'HEALTHY')" for ip, port, kind in wanted)
    return _SCHEMA.read_text().replace("__NODES__", rows)


def rows(wanted: Iterable[Node]) -> list[str]:
    """What the query for the nodes must return, with tabs between columns."""
    return [f"{ip}\t{port}\t{kind}" for ip, port, kind in wanted]


class MetaService(Service):
    """A party's meta-service. It starts without MySQL and connects once MySQL is there.

    Args:
        context: the training cluster it belongs to.
        opts: the parent and provider options.
    """

    def __init__(self, context: ClusterContext, opts: pulumi.ResourceOptions) -> None:
        super().__init__(
            "fate:fate1:MetaService",
            context.place,
            Container(
                service="meta-service",
                networks=[context.attachment("meta-service")],
                files=[
                    File(
                        f"{ROOT}/meta-service/conf/meta-service.properties",
                        config(context),
                        secret=True,
                    )
                ],
            ),
            opts=opts,
        )
        self.register_outputs({})
