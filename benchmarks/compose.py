"""`pulumi up` beside docker-compose and beside the bare Docker API, with the same containers.

    python -m benchmarks.compose [--parties 1 2] [--rounds 3] [--line 1.3.0] [--out FILE]

Every round deploys the same parties three times, one way after another: with this project; with
docker-compose, each party in a folder of its own, as KubeFATE lays them out; and straight through
the Docker API with everything at once, which is the least that it can take. All have the same
images, files, networks and health checks, and have succeeded when every container is healthy.

The rounds run on a Docker host of their own (as root), with docker-compose 1.29 from the PATH.
"""

import argparse
import json
import os
import shutil
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.rivals import Api, Compose, Spec, specs
from fate_components.images.packages import build as packages
from fate_components.images.packages.catalogue import IMAGES
from tests.lab.build import build
from tests.support.engine import kept_images
from tests.support.engine.docker_hosts import DockerHost, Lan
from tests.support.engine.stacks import Stack, engine_environment, party, party2

Seconds = dict[str, dict[str, list[float]]]
"""What was measured, by what was done and by who did it."""


def one_party(line: str, number: int) -> dict[str, Any]:
    """A party in the stack file."""
    made: Callable[..., dict[str, Any]] = party if line == "1.3.0" else party2
    return made(9000 + number, "lab", 10000 + 100 * number)


def config(line: str, parties: int, host: dict[str, str]) -> dict[str, Any]:
    """The stack file's config for parties on one Docker host.

    Args:
        line: FATE's release.
        parties: how many parties.
        host: the Docker host in the stack file.
    """
    images = {"fate:registry": "fate-lab"} if line == "1.3.0" else {"fate:images": "packages"}
    return {
        "fate:release": line,
        **images,
        "fate:hosts": {"lab": host},
        "fate:parties": [one_party(line, number) for number in range(parties)],
    }


def prepare(line: str, host: DockerHost) -> None:
    """Bring all images of the deployments to the Docker host, so that no build is timed.

    Args:
        line: FATE's release.
        host: the Docker host.
    """
    if line == "1.3.0":
        build(host.url)
        return
    kept_images.load(host)
    usual = [name for name, image in IMAGES.items() if not image.optional]
    packages.build(host.url, line, usual)


def timed(action: Callable[[], object]) -> float:
    """How long it takes, in seconds."""
    started = time.monotonic()
    action()
    return time.monotonic() - started


def ours(stack: Stack, line: str) -> dict[str, float]:
    """The operations of this project; the parties are there afterwards."""
    found = {"first": timed(stack.up), "nothing": timed(stack.up)}
    found["preview of nothing"] = timed(stack.preview)
    parties = stack.config["fate:parties"]
    parties[0]["training"]["processors" if line == "1.3.0" else "cores"] = 3
    stack.write()
    found["one value"] = timed(stack.up)
    parties.append(one_party(line, len(parties)))
    stack.write()
    found["one more party"] = timed(stack.up)
    parties.pop()
    stack.write()
    stack.up()
    return found


def with_compose(compose: Compose) -> dict[str, float]:
    """The same with docker-compose, except for one more party."""
    found = {"first": timed(compose.up), "nothing": timed(compose.up)}
    found["one value"] = timed(compose.again)
    found["destroy"] = timed(compose.down)
    return found


def removed(host: DockerHost) -> None:
    """Remove the data, too, so that the next deployment is a first one again."""
    for volume in host.docker.volumes.list():
        volume.remove()


def one_round(line: str, parties: int, host: DockerHost, seconds: Seconds) -> None:
    """Deploy the parties in every way, and note how long it takes."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as backend:
        env = engine_environment(Path(backend))
        os.environ["PATH"] = env["PATH"]
        stack = Stack(Path(folder), env, config(line, parties, {"docker": host.url}))
        for what, took in ours(stack, line).items():
            seconds[what]["ours"].append(took)
        same: list[Spec] = specs(stack, host)
        seconds["destroy"]["ours"].append(timed(stack.destroy))
        removed(host)
    with tempfile.TemporaryDirectory() as folder:
        for what, took in with_compose(Compose(same, host, Path(folder))).items():
            seconds[what]["compose"].append(took)
        removed(host)
    api = Api(same, host)
    seconds["first"]["API"].append(timed(api.up))
    seconds["destroy"]["API"].append(timed(api.down))
    removed(host)


def table(line: str, parties: int, seconds: Seconds) -> Table:
    """The medians, and what ours is of each."""
    shown = Table(
        "", "ours s", "compose s", "API s", "ours / compose", "ours / API",
        title=f"{parties} parties of FATE {line}, medians",
    )  # fmt: skip
    for what, by_whom in seconds.items():
        medians = {who: statistics.median(taken) for who, taken in by_whom.items()}
        row = [
            f"{medians[who]:.1f}" if who in medians else "" for who in ("ours", "compose", "API")
        ]
        row += [
            f"{medians['ours'] / medians[who]:.2f}" if who in medians else ""
            for who in ("compose", "API")
        ]
        shown.add_row(what, *row)
    return shown


def main() -> None:
    """Measure, print tables and write JSON."""
    parser = argparse.ArgumentParser(description="Compares with docker-compose.")
    parser.add_argument("--parties", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--line", default="1.3.0", choices=["1.3.0", kept_images.RELEASE])
    parser.add_argument("--out", type=Path, default=Path("benchmarks/compose.json"))
    options = parser.parse_args()
    if shutil.which("docker-compose") is None:
        parser.error("docker-compose is not on the PATH (Debian: apt-get install docker-compose)")
    found = []
    lan = Lan()
    try:
        host = lan.host()
        prepare(options.line, host)
        for parties in options.parties:
            seconds: Seconds = defaultdict(lambda: defaultdict(list))
            for number in range(options.rounds):
                one_round(options.line, parties, host, seconds)
                print(f"{parties} parties: round {number + 1} done", flush=True)
            found.append({"line": options.line, "parties": parties, "seconds": seconds})
            Console().print(table(options.line, parties, seconds))
    finally:
        lan.close()
    options.out.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
