"""Two parties with serving clusters, each on a Docker host of its own."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fate_components.lines.fate1_3.serving.return_codes import UNREACHABLE
from fate_components.serving import inference
from tests.support.engine.clusters import Cluster
from tests.support.engine.docker_hosts import DockerHost
from tests.support.engine.stacks import Stack, party

PORTS = ("serving-server", "serving-http", "serving-grpc")


def serving(first_port: int, **more: Any) -> dict[str, Any]:
    """A serving cluster in a stack file, with its published ports from a first one on."""
    return {"publish": {name: first_port + n for n, name in enumerate(PORTS)}, **more}


@dataclass
class Deployment:
    """Party 9999 on one Docker host and 10000 on another, each with both kinds of clusters."""

    stack: Stack
    here: Cluster
    there: Cluster

    def check(self, party: int, cluster: Cluster) -> subprocess.CompletedProcess[str]:
        """The check of a party's serving cluster, as an up with fate:verify runs it."""
        return self.stack.python(
            "fate_components.lines.fate1_3.serving.check",
            PARTY=str(party),
            SERVING_DOCKER=cluster.host.url,
        )

    def publish(self, service: str = "credit") -> subprocess.CompletedProcess[str]:
        """Publish the model of the last job with guest 9999 and host 10000."""
        query = "SELECT max(f_job_id) FROM t_job WHERE f_role = 'guest'"
        ((job,),) = self.here.sql(9999, query)
        return self.stack.fatectl("publish", job, "--service", service)

    def infer(self, cluster: Cluster, device: str, service: str = "credit") -> dict[str, Any]:
        """What party 9999's serving-proxy answers to a request, once no server is cold."""
        for _ in range(3):
            answer = self._infer(cluster, device, service)
            if UNREACHABLE not in inference.codes(answer):
                break
        return answer

    def _infer(self, cluster: Cluster, device: str, service: str) -> dict[str, Any]:
        body = {
            "head": {"serviceId": service},
            "body": {"featureData": {"x0": 1}, "sendToRemoteFeatureData": {"device_id": device}},
        }
        request = (
            "wget -q -O - --header 'Content-Type: application/json'"
            f" --post-data '{json.dumps(body)}' http://127.0.0.1:8059/federation/v1/inference"
        )
        return dict(json.loads(cluster.sh(9999, "serving-proxy", request)))


def two_hosts(
    here: DockerHost, there: DockerHost, env: dict[str, str], folder: Path, first_port: int
) -> Deployment:
    """Both parties in a stack file, not deployed yet.

    Args:
        here: the Docker host of party 9999.
        there: the Docker host of party 10000.
        env: the environment that the engine needs.
        folder: an empty folder for the stack.
        first_port: the first of their published ports, of which they have two hundred.
    """
    stack = Stack(
        folder,
        env,
        {
            "fate:release": "1.3.0",
            "fate:registry": "fate-lab",
            "fate:hosts": {
                "here": {"docker": here.url, "address": here.address},
                "there": {"docker": there.url, "address": there.address},
            },
            "fate:parties": [
                {**party(id, host, first), "serving": serving(first + 10)}
                for id, host, first in (
                    (9999, "here", first_port),
                    (10000, "there", first_port + 100),
                )
            ],
            "fate:verify": True,
        },
    )
    return Deployment(stack, Cluster(here, stack), Cluster(there, stack))


def right(answer: dict[str, Any]) -> bool:
    """Whether an answer holds both parties' shares: the guest's alone has a code in its data."""
    return inference.codes(answer) == (0, 0)
