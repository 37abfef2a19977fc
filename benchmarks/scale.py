"""How previews grow with the number of parties.

    python -m benchmarks.scale [--parties 10 50 100] [--hosts 10] [--out FILE]

Parties of FATE 1.3.0 without images: a first preview asks the Docker hosts and starts nothing. Each
Docker host has a daemon of its own in a network namespace (as root).
"""

import argparse
import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.measure import Figures, run
from tests.support.engine.docker_hosts import Lan
from tests.support.engine.stacks import Stack, engine_environment


def config(parties: int, hosts: dict[str, str]) -> dict[str, object]:
    """The stack file's config for parties spread evenly over Docker hosts.

    Args:
        parties: how many parties.
        hosts: how to reach the daemons, by the Docker hosts' addresses.
    """
    names = [f"h{number}" for number in range(len(hosts))]
    ports = ("proxy", "fateboard", "fateflow-grpc", "fateflow-http")
    return {
        "fate:release": "1.3.0",
        "fate:hosts": {
            name: {"docker": url, "address": address}
            for name, (address, url) in zip(names, hosts.items(), strict=True)
        },
        "fate:parties": [
            {
                "id": 9000 + number,
                "host": names[number % len(names)],
                "training": {
                    "publish": {
                        port: 10000 + len(ports) * (number // len(names)) + index
                        for index, port in enumerate(ports)
                    }
                },
            }
            for number in range(parties)
        ],
    }


def resources(stack: Stack) -> int:
    """How many resources a first preview creates."""
    return len(stack.preview().operations())


def row(parties: int, count: int, figures: Figures) -> list[str]:
    """A row of the table."""
    kinds = ("program", "engine", "docker plugin", "command plugin")
    spent = [figures.usages[kind].cpu if kind in figures.usages else 0 for kind in kinds]
    return [
        str(parties),
        str(count),
        f"{figures.seconds:.1f}",
        f"{1000 * figures.seconds / count:.1f}",
        *(f"{seconds:.1f}" for seconds in spent),
        f"{figures.memory:.0f}",
    ]


def main() -> None:
    """Measure, print a table and write JSON."""
    parser = argparse.ArgumentParser(description="Measures how previews grow.")
    parser.add_argument("--parties", type=int, nargs="+", default=[10, 50, 100])
    parser.add_argument("--hosts", type=int, default=10)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/scale.json"))
    options = parser.parse_args()
    table = Table(
        "parties", "resources", "seconds", "ms each", "program s", "engine s", "docker s",
        "command s", "MiB", title="first preview, FATE 1.3.0",
    )  # fmt: skip
    found = []
    lan = Lan()
    try:
        hosts = {host.address: host.url for host in (lan.host() for _ in range(options.hosts))}
        for parties in options.parties:
            with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as backend:
                env = engine_environment(Path(backend))
                os.environ["PATH"] = env["PATH"]  # the automation API starts pulumi itself
                stack = Stack(Path(folder), env, config(parties, hosts))
                count = resources(stack)
                figures = run(stack, "preview")
            table.add_row(*row(parties, count, figures))
            found.append({"parties": parties, "resources": count, **asdict(figures)})
            print(f"{parties} parties: {figures.seconds:.1f} s", flush=True)
    finally:
        lan.close()
    Console().print(table)
    options.out.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
