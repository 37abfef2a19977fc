"""RabbitMQ: sends a job's values to the brokers of the other parties."""

import base64
import hashlib

import pulumi

from ..docker import health
from ..docker.service import Container, File, Service
from ..docker.software import HttpProbe, Probe
from ..party.files import json_text
from .context import EngineContext

USER = "fate"

_CONFIG = "/etc/rabbitmq/rabbitmq.conf"
_DEFINITIONS = "/etc/rabbitmq/definitions.json"
PASSWORD = "/run/secrets/rabbitmq-password"  # noqa: S105 - a path, not a password
"""The file in its container with the password of the administrator."""
# The broker runs as user rabbitmq.
_START = f"chown rabbitmq {_CONFIG} {_DEFINITIONS} && exec docker-entrypoint.sh rabbitmq-server"
# Federated jobs create their own users, virtual hosts and upstreams through these.
_PLUGINS = ("rabbitmq_management", "rabbitmq_federation", "rabbitmq_federation_management")
# The management plugin sleeps for 5 s when it stops, until 3.13 even if the whole broker stops.
# Source: https://github.com/rabbitmq/rabbitmq-server/pull/11070
_STOP_SECONDS = 1


def config(password: str, another_port: int | None = None) -> str:
    """rabbitmq.conf. Definitions are read at every start, whatever the data contains, so a changed
    password applies. On empty data RabbitMQ 3.8 also creates an account, otherwise named guest.

    Args:
        password: the administrator's password.
        another_port: where it listens, too.
    """
    listens = (
        f"listeners.tcp.default = 5672\nlisteners.tcp.spark = {another_port}\n"
        if another_port
        else ""
    )
    return f"""load_definitions = {_DEFINITIONS}
default_user = {USER}
default_pass = {password}
max_message_size = {512 << 20}
{listens}"""


def password_hash(password: str) -> str:
    """A password as RabbitMQ stores it: base64 of a 4-byte salt and SHA-256 over both.

    The salt is derived from the password: a random one would change the file at every `up`.
    Source: RabbitMQ's documentation, "Credentials and Passwords".
    """
    salt = hashlib.sha256(f"salt/{password}".encode()).digest()[:4]
    digest = hashlib.sha256(salt + password.encode()).digest()
    return base64.b64encode(salt + digest).decode()


def definitions(password: str) -> str:
    """The broker's accounts: the administrator, and no guest."""
    return json_text(
        {
            "users": [
                {
                    "name": USER,
                    "password_hash": password_hash(password),
                    "hashing_algorithm": "rabbit_password_hashing_sha256",
                    "tags": "administrator",
                }
            ],
            "vhosts": [{"name": "/"}],
            "permissions": [
                {"user": USER, "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}
            ],
        }
    )


class Rabbitmq(Service):
    """A party's RabbitMQ. It starts independently. Its data belongs to running jobs, so it has no
    volume: a new container starts empty.

    Args:
        context: the training cluster it belongs to.
        opts: the parent and provider options.
    """

    def __init__(self, context: EngineContext, opts: pulumi.ResourceOptions) -> None:
        ports = context.ports("rabbitmq")
        password, at = context.rabbitmq_password, context.spark_ports
        overview = HttpProbe(
            port=ports["rabbitmq-management"],
            path="/api/overview",
            headers={
                "Authorization": f"Basic $(printf %s:%s {USER} $(cat {PASSWORD}) | base64 -w 0)"
            },
            answers="rabbitmq_version",
        )
        super().__init__(
            "fate:fate2:Rabbitmq",
            context.place,
            Container(
                service="rabbitmq",
                networks=[context.attachment("rabbitmq"), *context.plan.shared("rabbitmq")],
                command=["sh", "-c", _START],
                files=[
                    File("/etc/rabbitmq/enabled_plugins", f"[{','.join(_PLUGINS)}].\n"),
                    File(_CONFIG, config(password, at.broker if at else None), secret=True),
                    File(_DEFINITIONS, definitions(password), secret=True),
                    File(PASSWORD, password, secret=True),
                ],
                published=context.plan.publishes(ports),
                forwarded=context.plan.forwarded("rabbitmq"),
                check=health.check(Probe(http=overview)),
                stop_seconds=_STOP_SECONDS,  # its data goes with the container in any case
            ),
            opts=opts,
        )
        self.register_outputs({})
