"""FATE Board: the web interface to a party's jobs."""

from collections.abc import Sequence
from dataclasses import replace

import pulumi

from ...docker.service import Container, File, Service
from ...party.files import ROOT, properties
from ...plan.clusters import ClusterPlan
from ...plan.endpoints import Endpoint
from ...settings import Settings
from .cluster import ClusterContext
from .fate_flow import LOGS


def config(context: ClusterContext) -> str:
    """application.properties."""
    database = context.endpoint("mysql")
    fate_flow = context.plan.facts.services["python"].ports["fateflow-http"]
    return properties(
        {
            "server.port": context.port("fateboard"),
            "fateflow.url": f"http://python:{fate_flow}",
            "spring.datasource.driver-Class-Name": "com.mysql.cj.jdbc.Driver",
            "spring.http.encoding.charset": "UTF-8",
            "spring.http.encoding.enabled": "true",
            "server.tomcat.uri-encoding": "UTF-8",
            "spring.datasource.url": f"jdbc:mysql://{database.host}:{database.port}"
            f"/{context.training.mysql.database}?characterEncoding=utf8&characterSetResults=utf8"
            "&autoReconnect=true&failOverReadOnly=false&serverTimezone=GMT%2B8"
            "&allowPublicKeyRetrieval=true&useSSL=false",
            "spring.datasource.username": context.training.mysql.user,
            "spring.datasource.password": context.mysql_password,
            "server.tomcat.max-threads": 1000,
            "server.tomcat.max-connections": 20000,
            "management.endpoints.web.exposure.include": "health",
        }
    )


def published_at(plan: ClusterPlan, settings: Settings) -> Endpoint:
    """Where people reach a party's FATE Board.

    Args:
        plan: the training cluster's part of the topology.
        settings: the stack file's settings.
    """
    published = plan.published["fateboard"]
    # Not "localhost", for which FATE Flow takes the address of its own container.
    address = settings.hosts[plan.host].reachable_at or "127.0.0.1"
    return Endpoint(address if published.everywhere else published.ip, published.port)


class Fateboard(Service):
    """A party's FATE Board. It starts independently: it connects to MySQL and FATE Flow on request.

    Args:
        context: the training cluster it belongs to.
        needs: FATE Flow's logs, which must exist before it starts.
        opts: the parent and provider options.
    """

    def __init__(
        self,
        context: ClusterContext,
        needs: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(
            "fate:fate1:Fateboard",
            context.place,
            Container(
                service="fateboard",
                networks=[context.attachment("fateboard")],
                files=[
                    File(
                        f"{ROOT}/fateboard/conf/application.properties",
                        config(context),
                        secret=True,
                    )
                ],
                volumes=[replace(LOGS, shared=True)],
                published={"fateboard": context.plan.published["fateboard"]},
            ),
            needs=needs,
            opts=opts,
        )
        self.register_outputs({})
