"""Whether a party's serving cluster works after an `up`; each release line has a module for it.

It asks for a service that nobody has: the answer that there is no model has gone through
serving-proxy and serving-server. Then it connects along every way that leads out of the cluster.
"""

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..docker.client.containers import Containers
from ..party import edge_check
from . import inference
from .inference import ReturnCodes

_EDGE = "serving-edge"
_REFUSED = "certificate verify error"  # nginx's words
_NOBODY = "fate-pulumi-check"
_LIMIT = 60  # a serving-server that has just started answers after some seconds
# What busybox's wget says if there is no connection. Other errors come from what answered.
_NO_CONNECTION = re.compile(
    "can't connect|bad address|timed out|refused|unreachable", re.IGNORECASE
)


@dataclass(frozen=True)
class ServingFacts:
    """What there is to know of the clusters of a release line.

    Args:
        codes: the return codes of inference requests.
        home: the folder in which serving-server and serving-proxy have theirs, in their images.
        fate_flow: the service that FATE Flow runs in.
        servings: where a training cluster's FATE Flow has been told that serving-servers are, each
            HOST:PORT.
    """

    codes: ReturnCodes
    home: str
    fate_flow: str
    servings: Callable[[Containers], Sequence[str]]


def broken(serving: Containers, training: Containers | None, facts: ServingFacts) -> Iterator[str]:
    """Each way that does not work.

    Args:
        serving: the party's serving cluster.
        training: its training cluster, if it has one.
        facts: what there is to know of them.
    """
    known = facts.codes
    try:
        code, _ = inference.codes(inference.ask(serving, _NOBODY, {}, {"device_id": "0"}))
        if code != known.no_model:
            yield f"an inference request at party {serving.id} fails with {known.meaning(code)}"
    except inference.InferenceError as error:
        yield str(error)
    table = serving.exec(
        "serving-proxy", ["cat", f"{facts.home}/serving-proxy/conf/route_table.json"]
    ).stdout
    for party, roles in json.loads(table or "{}").get("route_table", {}).items():
        for to in roles.get("default", []):
            if to["ip"] == _EDGE:
                continue
            yield from _unreachable(
                serving, "serving-proxy", f"serving-proxy of party {party}", to["ip"], to["port"]
            )
    yield from edge_check.broken(serving, _EDGE)
    if training is None:
        return
    conf = serving.exec(
        "serving-server", ["cat", f"{facts.home}/serving-server/conf/serving-server.properties"]
    ).stdout
    match = re.search(r"^model\.transfer\.url=(.*)$", conf, re.MULTILINE)
    if match:
        url = urlsplit(match[1])
        yield from _unreachable(
            serving, "serving-server", "FATE Flow", url.hostname or "", url.port or 80
        )
    for to in facts.servings(training):
        host, _, port = to.partition(":")
        done = training.run(facts.fate_flow, f"exec 3<>/dev/tcp/{host}/{port}", timeout=10)
        if done.returncode:
            yield (
                f"FATE Flow of party {serving.id} cannot reach serving-server at {to}; "
                f"{serving.states('serving-server')}"
            )


def _unreachable(
    caller: Containers, service: str, called: str, host: str, port: int
) -> Iterator[str]:
    done = caller.exec(
        service, ["wget", "-q", "-O", "/dev/null", "-T", "5", f"http://{host}:{port}/"]
    )
    # wget says nothing of a time-out that ends it.
    if done.returncode and (not done.stderr.strip() or _NO_CONNECTION.search(done.stderr)):
        yield (
            f"{service} of party {caller.id} cannot reach {called} at {host}:{port}: "
            f"{done.stderr.strip() or 'no answer'}"
        )


def run(about: str, facts: ServingFacts) -> None:
    """Run the check as a program; exit with 1 and every broken way if one stays broken.

    Args:
        about: what the program does.
        facts: what there is to know of the clusters.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--stack", required=True, help="the stack's name")
    stack, party = parser.parse_args().stack, os.environ["PARTY"]
    serving = Containers(stack, party, os.environ["SERVING_DOCKER"])
    docker = os.environ.get("TRAINING_DOCKER")
    training = Containers(stack, party, docker) if docker else None
    deadline = time.monotonic() + _LIMIT
    before: list[str] = []
    while errors := list(broken(serving, training, facts)):
        # A certificate that is refused for the second time does not become valid by waiting.
        refused = any(_REFUSED in error and error in before for error in errors)
        running = serving.running("serving-proxy", "serving-server")
        if refused or not running or time.monotonic() > deadline:
            sys.exit("\n".join([f"serving of party {party} does not work:", *errors]))
        before = errors
        time.sleep(2)
    print(f"serving of party {party}: every way works")
