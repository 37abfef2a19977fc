"""FATE Flow: accepts jobs, and runs them together with the FATE Flows of other parties."""

from collections.abc import Sequence

import pulumi

from ...docker import health
from ...docker.service import Container, File, Service, Volume
from ...party.external import servers
from ...party.files import ROOT, json_text
from ...plan.endpoints import Endpoint
from .cluster import ClusterContext
from .server_conf import server_conf

_FLOW = f"{ROOT}/python/fate_flow"
_OVERRIDES = f"{_FLOW}/settings_overrides.py"
LOGS = Volume("python-logs", f"{ROOT}/python/logs")

_REDIS_PASSWORD = "/run/secrets/redis-password"  # noqa: S105 - a path, not a password

# All containers start at once, and FATE Flow must not run without these: without MySQL and roll it
# exits, without Redis (even if Redis is still loading its data) it never schedules a job again.
_WAIT_FOR_REDIS = """echo "waiting for {host}:{port} to answer PING"
until (
  exec 3<>/dev/tcp/{host}/{port}
  printf 'AUTH %s\\r\\nPING\\r\\n' "$(cat {password})" >&3
  read -t 5 -r _ <&3 && read -t 5 -r pong <&3 && [[ $pong == +PONG* ]]
) 2>/dev/null; do sleep 1; done"""
# settings.py is code of the image: every start appends the overrides to the image's own copy. They
# contain passwords. Python reuses bytecode if its source has the same size and second of change.
START = f"""
cd {_FLOW}
[ -e settings_image.py ] || cp settings.py settings_image.py
chmod 600 settings.py
cat settings_image.py {_OVERRIDES} > settings.py
rm -f __pycache__/settings.*
source /data/projects/python/venv/bin/activate
exec python fate_flow_server.py
"""


def start(context: ClusterContext) -> str:
    """The container's command: wait for dependencies, assemble the settings, start."""
    database, redis, roll = map(context.endpoint, ("mysql", "redis", "roll"))
    waits = [
        health.until_listening(database.host, database.port),
        _WAIT_FOR_REDIS.format(host=redis.host, port=redis.port, password=_REDIS_PASSWORD),
        health.until_listening(roll.host, roll.port),
    ]
    return "\n".join(waits) + START


def overrides(context: ClusterContext) -> str:
    """The settings that differ from the image's settings.py, as Python code to append to it."""
    database, redis = context.endpoint("mysql"), context.endpoint("redis")
    database_settings = {
        "name": context.training.mysql.database,
        "user": context.training.mysql.user,
        "passwd": context.mysql_password,
        "host": database.host,
        "port": database.port,
    }
    redis_settings = {
        "host": redis.host,
        "port": redis.port,
        "password": context.redis_password,
    }
    return "\n".join(
        [
            "",
            "WORK_MODE = 1",
            "# ms; in the image 20 minutes, which a caller of a silent peer would wait",
            "DEFAULT_GRPC_OVERALL_TIMEOUT = 60 * 1000",
            f"DATABASE.update({database_settings!r})",
            f"REDIS.update({redis_settings!r})",
            "RuntimeConfig.init_config(WORK_MODE=WORK_MODE)",
            "",
        ]
    )


class FateFlow(Service):
    """A party's FATE Flow (the service that FATE's images call python).

    Args:
        context: the training cluster it belongs to.
        needs: the containers of MySQL and Redis, which must exist before it starts, if the party
            runs them.
        board: where people reach the party's FATE Board.
        opts: the parent and provider options.
    """

    def __init__(
        self,
        context: ClusterContext,
        needs: Sequence[pulumi.Resource],
        board: Endpoint,
        opts: pulumi.ResourceOptions,
    ) -> None:
        beside = context.plan.beside
        servings = [beside["serving-server"]] if "serving-server" in beside else []
        super().__init__(
            "fate:fate1:FateFlow",
            context.place,
            Container(
                service="python",
                networks=[context.attachment("python")],
                command=["bash", "-c", start(context)],
                files=[
                    File(_OVERRIDES, overrides(context), secret=True),
                    File(
                        f"{ROOT}/python/arch/conf/server_conf.json",
                        json_text(server_conf(context, servings, board)),
                    ),
                    File(
                        f"{ROOT}/python/eggroll/conf/server_conf.json",
                        json_text(server_conf(context, servings)),
                    ),
                    File(_REDIS_PASSWORD, context.redis_password, secret=True),
                    *servers.account_files(context.training.mysql),
                ],
                volumes=[LOGS, Volume("python-jobs", f"{ROOT}/python/jobs")],
                folders=context.uploads,
                published={
                    name: context.plan.published[name]
                    for name in context.plan.facts.services["python"].ports
                },
            ),
            needs=needs,
            opts=opts,
        )
        self.register_outputs({})
