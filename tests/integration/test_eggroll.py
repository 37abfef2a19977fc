"""FATE 2 with Eggroll and OSX, in lab images: jobs both ways, directly and through the exchange.
Then with Spark and Pulsar in their place.
"""

import json
from pathlib import Path
from typing import Any

from fate_components.fate2.osx import ROUTE_TABLE
from tests.integration.clusters import Cluster, no_password_readable, toy_job, whole
from tests.integration.docker_hosts import DockerHost
from tests.integration.stacks import Stack

SERVICES = {"mysql", "osx", "clustermanager", "nodemanager", "fateflow", "fateboard", "client"}
PORTS = ("fateflow-http", "fateflow-grpc", "notebook", "fateboard", "osx")
IN_PULSAR = {"mysql", "nginx", "pulsar", "fateflow", "fateboard", "client"}


def test_two_parties(docker_host: DockerHost, engine_env: dict[str, str], tmp_path: Path) -> None:
    stack = Stack(
        tmp_path,
        engine_env,
        {
            "fate:release": "2.2.0",
            "fate:registry": "fate-lab",
            "fate:engines": {"computing": "eggroll", "federation": "osx"},
            "fate:hosts": {"lab": {"docker": docker_host.url}},
            "fate:parties": [
                {
                    "id": id,
                    "host": "lab",
                    "training": {"publish": {name: first + n for n, name in enumerate(PORTS)}},
                }
                for id, first in ((9999, 9600), (10000, 9700))
            ],
            "fate:verify": True,
        },
    )
    cluster = Cluster(docker_host, stack)
    try:
        stack.up()
        assert "success on both parties" in stack.outputs("verify-9999-10000")["stdout"]
        whole(cluster, SERVICES)
        no_password_readable(cluster, {stack.master_secret})
        before = cluster.lives()

        stack.change(lambda config: config.update({"fate:exchange": {"host": "lab"}}))
        stack.up()
        assert before.items() <= cluster.lives().items(), "a new exchange interrupts nobody"
        for party in (9999, 10000):
            table = json.loads(cluster.sh(party, "osx", f"cat {ROUTE_TABLE}"))
            assert table["route_table"].keys() == {"default", str(party)}
        back = toy_job(cluster, "fate2", 10000, 9999)
        assert back.returncode == 0, back.stdout + back.stderr
        report = json.loads(stack.fatectl("doctor", "--json").stdout)
        assert report["errors"] == []
        assert len(report["ways"]) == 4
        stack.preview(expect_no_changes=True)

        stack.change(_use_pulsar)
        stack.up()
        assert "success on both parties" in stack.outputs("verify-9999-10000")["stdout"]
        whole(cluster, IN_PULSAR)
        stack.preview(expect_no_changes=True)
    finally:
        stack.destroy()


def _use_pulsar(config: dict[str, Any]) -> None:
    config["fate:engines"] = {"computing": "spark_local", "federation": "pulsar"}
    del config["fate:exchange"]
    for party in config["fate:parties"]:
        ports = party["training"]["publish"]
        first = ports.pop("osx")
        names = ("pulsar", "nginx-http", "nginx-grpc")
        ports |= {name: first + n for n, name in enumerate(names)}
