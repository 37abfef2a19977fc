"""FATE Board: the web interface to a party's jobs, from FATE 1.7 on."""

from collections.abc import Sequence

import pulumi

from ..docker.service import Container, File, Service, Volume
from ..plan.endpoints import Endpoint
from .context import TrainingContext
from .files import ROOT, properties

USER = "admin"


def config(context: TrainingContext, flow: Endpoint) -> str:
    """application.properties; settings that it omits are as in the image.

    Args:
        context: the training cluster it belongs to.
        flow: where it calls FATE Flow.
    """
    return properties(
        {
            "server.port": context.port("fateboard"),
            "fateflow.url": f"http://{flow.host}:{flow.port}",
            "fateflow.url-list": "",
            "fateflow.http_app_key": "",
            "fateflow.http_secret_key": "",
            "server.servlet.encoding.charset": "UTF-8",
            "server.servlet.encoding.enabled": "true",
            "server.tomcat.uri-encoding": "UTF-8",
            "fateboard.front_end.cors": "false",
            "fateboard.front_end.url": "http://localhost:8028",
            "server.tomcat.max-threads": 1000,
            "server.tomcat.max-connections": 20000,
            "spring.servlet.multipart.max-file-size": "10MB",
            "spring.servlet.multipart.max-request-size": "100MB",
            "spring.servlet.session.timeout": "1800s",
            "server.compression.enabled": "true",
            "server.compression.mime-types": "application/json,application/xml,text/html,text/xml,"
            "text/plain",
            "server.board.login.username": USER,
            "server.board.login.password": context.password("fateboard"),
            "server.board.encrypt.private_key": "",
            "server.board.encrypt.enable": "false",
            "server.servlet.session.cookie.max-age": "4h",
            "server.servlet.session.timeout": "4h",
            "management.endpoints.web.exposure.exclude": "*",
            "feign.client.config.default.connectTimeout": 10000,
            "feign.client.config.default.readTimeout": 10000,
        }
    )


class Fateboard(Service):
    """A party's FATE Board. It starts independently, and queries FATE Flow on request.

    Args:
        token: the component's type.
        context: the training cluster it belongs to.
        flow: where it calls FATE Flow.
        logs: FATE Flow's logs, if it reads them from a volume.
        needs: what must exist before it starts: that volume.
        opts: the parent and provider options.
    """

    def __init__(
        self,
        token: str,
        context: TrainingContext,
        flow: Endpoint,
        logs: Sequence[Volume],
        needs: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions,
    ) -> None:
        conf = f"{ROOT}/{context.plan.facts.services['fateboard'].folder}/conf"
        super().__init__(
            token,
            context.place_of("fateboard"),
            Container(
                service="fateboard",
                networks=[context.attachment("fateboard")],
                files=[File(f"{conf}/application.properties", config(context, flow), secret=True)],
                volumes=logs,
                published={"fateboard": context.plan.published["fateboard"]},
            ),
            needs=needs,
            opts=opts,
        )
        self.register_outputs({})
