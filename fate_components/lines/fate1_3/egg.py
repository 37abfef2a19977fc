"""egg: a node that stores and computes; a party can have several."""

import pulumi

from ...docker.service import Container, File, Service, Volume
from ...party.files import ROOT, json_text, properties
from .cluster import ClusterContext
from .server_conf import server_conf
from .settings import EGG

_EGG = f"{ROOT}/eggroll/egg"
_CONFIG = f"{_EGG}/conf/egg.properties"
_STARTER = f"{_EGG}/conf/start-processor.sh"
_PYTHON = f"{ROOT}/eggroll/python"
START_PORT, PORTS = 50000, 5000
"""The processors of all jobs take the ports after this one in turn, as many as there are."""
_COUNT = "eggroll.computing.processor.session.max.count"

# The image's script passes the egg's name, but the egg compares heartbeats by its address, so no
# processor would ever count as alive. If an option is given twice, the last one wins.
START_PROCESSOR = f"""#!/bin/bash
exec bash {_EGG}/conf/processor-starter.sh "$@" --engine-addr "$(hostname -I | cut -d' ' -f1)"
"""

# The image's own command works only in a new container, never after a restart. If the storage
# service exits, the egg is terminated too, and Docker restarts both.
_START = f"""
if ! grep -q '^{_COUNT}=' {_CONFIG}; then
  half=$(($(nproc) / 2))
  echo "{_COUNT}=$((half > 0 ? half : 1))" >> {_CONFIG}
fi
cd {ROOT}/eggroll/storage-service-cxx
mkdir -p logs
{{
  ./storage-service -p __STORAGE__ -d {ROOT}/data-dir >> logs/console.log 2>> logs/error.log
  kill $$
}} &
cd {_EGG}
exec java -cp "conf/:lib/*:eggroll-egg.jar" \
  com.webank.ai.eggroll.framework.egg.Egg -c conf/egg.properties
"""


def config(context: ClusterContext) -> str:
    """egg.properties. All paths are inside the container, whatever the Docker host has.

    Every job starts new processors, and all of them must be up within 5 s (hard-coded in the
    egg). If the settings give no number, the start command uses half of the container's cores.
    """
    processor = "eggroll.computing.processor"
    processors = context.training.processors
    return properties(
        {
            "party.id": context.party_id,
            "service.port": context.port("egg"),
            "eggroll.computing.engine.names": "processor",
            f"{processor}.bootstrap.script": _STARTER,
            f"{processor}.start.port": START_PORT,
            f"{processor}.venv": "/data/projects/python/venv",
            f"{processor}.engine-path": f"{_PYTHON}/eggroll/computing/processor.py",
            f"{processor}.python-path": f"{ROOT}/python:{_PYTHON}",
            f"{processor}.data-dir": f"{ROOT}/data-dir",
            f"{processor}.logs-dir": f"{_PYTHON}/eggroll/logs/processor",
            **({_COUNT: processors} if processors else {}),
        }
    )


class Egg(Service):
    """One of a party's eggs. It starts independently.

    Args:
        context: the training cluster it belongs to.
        name: the container's name.
        host: the name of its Docker host.
        opts: the parent and provider options.
    """

    def __init__(
        self, context: ClusterContext, name: str, host: str, opts: pulumi.ResourceOptions
    ) -> None:
        storage = context.plan.facts.services[EGG].ports["storage"]
        files = [
            File(_CONFIG, config(context), extended=not context.training.processors),
            File(_STARTER, START_PROCESSOR, executable=True),
        ]
        # An egg is called and calls nobody. Elsewhere the file would name what is out of reach.
        if host == context.plan.host:
            conf = json_text(server_conf(context))
            files.append(File(f"{_PYTHON}/eggroll/conf/server_conf.json", conf))
        super().__init__(
            "fate:fate1:Egg",
            context.place_of(name),
            Container(
                service=EGG,
                name=name,
                networks=[context.egg(name)],
                command=["bash", "-c", _START.replace("__STORAGE__", str(storage))],
                files=files,
                volumes=[Volume(name, f"{ROOT}/data-dir")],
            ),
            opts=opts,
        )
        self.register_outputs({})
