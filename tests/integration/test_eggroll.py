"""FATE 2 with Eggroll and OSX, in lab images: jobs both ways, directly and through the exchange.
Then with Spark and Pulsar in their place.

One of the parties has its MySQL, its notebook and its FATE Board on another Docker host, and later
its FATE Board on the first one again.
"""

import json
from pathlib import Path
from typing import Any

from fate_components.engines.osx import ROUTE_TABLE
from tests.support.engine.clusters import Cluster, no_password_readable, toy_job, whole
from tests.support.engine.docker_hosts import DockerHost, wait_for
from tests.support.engine.stacks import Stack

AWAY = {"mysql", "client", "fateboard"}
SERVICES = {"mysql", "osx", "clustermanager", "nodemanager", "fateflow", "fateboard", "client"}
PORTS = ("fateflow-http", "fateflow-grpc", "notebook", "fateboard", "osx")
IN_PULSAR = {"mysql", "nginx", "pulsar", "fateflow", "fateboard", "client"}


def test_two_parties(
    docker_host: DockerHost, other_host: DockerHost, engine_env: dict[str, str], tmp_path: Path
) -> None:
    stack = Stack(
        tmp_path,
        engine_env,
        {
            "fate:release": "2.2.0",
            "fate:registry": "fate-lab",
            "fate:engines": {"computing": "eggroll", "federation": "osx"},
            "fate:hosts": {
                "lab": {"docker": docker_host.url, "address": docker_host.address},
                "other": {"docker": other_host.url, "address": other_host.address},
            },
            "fate:parties": [
                {
                    "id": id,
                    **hosts,
                    "training": {
                        "publish": {name: first + n for n, name in enumerate(PORTS)},
                        "place": dict.fromkeys(sorted(away), "other"),
                    },
                }
                for id, hosts, away, first in (
                    (9999, {"hosts": ["lab", "other"]}, AWAY, 9600),
                    (10000, {"host": "lab"}, set[str](), 9700),
                )
            ],
            "fate:verify": True,
        },
    )
    cluster, elsewhere = Cluster(docker_host, stack), Cluster(other_host, stack)
    try:
        stack.up()
        assert "success on both parties" in stack.outputs("verify-9999-10000")["stdout"]
        whole(cluster, SERVICES - AWAY, [9999])
        whole(elsewhere, AWAY, [9999])
        whole(cluster, SERVICES, [10000])
        flow = f"{docker_host.address}:9600"
        config = "/data/projects/fate/fate_board/conf/application.properties"
        assert f"fateflow.url=http://{flow}" in elsewhere.sh(9999, "fateboard", f"cat {config}")
        said = elsewhere.container(9999, "client").attrs["Config"]["Cmd"][2]
        assert "flow init --ip {} --port {}".format(*flow.split(":")) in said
        ask = f"from urllib.request import *; urlopen('http://{flow}/v2/server/fateflow')"
        elsewhere.sh(9999, "client", f'python3 -c "{ask}"')
        for there in (cluster, elsewhere):
            no_password_readable(there, {stack.master_secret})

        _killed_node_manager_registers_again(cluster)
        cluster.container(9999, "nodemanager").remove(force=True)
        before = cluster.lives()
        stack.change(lambda config: config.update({"fate:exchange": {"host": "lab"}}))
        stack.up()
        assert "success on both parties" in stack.outputs("verify-9999-10000")["stdout"]
        _one_node_manager(cluster, 10000)
        _one_node_manager(elsewhere, 9999)
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
        whole(cluster, IN_PULSAR - AWAY | {"fateboard"}, [9999])
        whole(elsewhere, AWAY - {"fateboard"}, [9999])
        whole(cluster, IN_PULSAR, [10000])
        stack.preview(expect_no_changes=True)
    finally:
        stack.destroy()


def _killed_node_manager_registers_again(cluster: Cluster) -> None:
    """It is killed, and then restarted, while the cluster manager still knows it."""
    container = cluster.container(10000, "nodemanager")
    started = container.attrs["State"]["StartedAt"]
    cluster.sh(10000, "nodemanager", "kill -9 $(pgrep -o -P 1)")

    def again() -> bool:
        container.reload()
        return bool(container.attrs["State"]["StartedAt"] != started)

    wait_for("the node manager to start again", again)
    cluster.wait_healthy()
    container.restart()
    cluster.wait_healthy()


def _one_node_manager(cluster: Cluster, party: int) -> None:
    """The cluster manager knows the node manager that it knew.

    Args:
        cluster: the containers on the Docker host of the party's MySQL.
        party: the party's id.
    """
    rows = "SELECT host, status FROM server_node WHERE node_type = 'NODE_MANAGER'"
    assert cluster.sql(party, rows) == [["nodemanager", "HEALTHY"]]


def _use_pulsar(config: dict[str, Any]) -> None:
    config["fate:engines"] = {"computing": "spark_local", "federation": "pulsar"}
    del config["fate:exchange"]
    del config["fate:parties"][0]["training"]["place"]["fateboard"]
    for party in config["fate:parties"]:
        ports = party["training"]["publish"]
        first = ports.pop("osx")
        names = ("pulsar", "nginx-http", "nginx-grpc")
        ports |= {name: first + n for n, name in enumerate(names)}
