"""What a command of the engine takes: time, processors and memory, by the kind of process."""

import itertools
import os
import subprocess
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import psutil

from tests.support.engine.stacks import Stack

_EVERY = 0.1  # seconds between two looks at the processes
_MEMORY_EVERY = 10  # looks; counting pages takes a fifth of a processor if every look does
_KINDS = {
    "pulumi": "engine",
    "pulumi-resource-docker": "docker plugin",
    "pulumi-resource-command": "command plugin",
    "pulumi-language-python": "language host",
}


@dataclass
class Usage:
    """What processes of a kind took.

    Args:
        cpu: processor time in seconds.
        memory: the largest memory of all of them together in MiB; pages that several of them
            share count once.
        processes: how many there were.
    """

    cpu: float = 0
    memory: float = 0
    processes: int = 0


@dataclass
class Figures:
    """What a command took.

    Args:
        seconds: how long it ran.
        memory: the largest memory of all processes at one moment, in MiB.
        usages: what its processes took, by their kind.
    """

    seconds: float
    memory: float
    usages: dict[str, Usage] = field(default_factory=dict)

    @property
    def cpu(self) -> float:
        """The processor time of all processes, in seconds."""
        return sum(one.cpu for one in self.usages.values())


def run(stack: Stack, *command: str) -> Figures:
    """Run a command of the pulumi CLI, and measure it.

    Args:
        stack: the stack it works on.
        command: the command and its options.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    started = time.monotonic()
    process = subprocess.Popen(
        ["pulumi", *command, "--stack", stack.name, "--color", "never", "--suppress-progress"],
        cwd=stack.folder,
        env={**os.environ, **stack.auto.workspace.env_vars},
        stdout=subprocess.DEVNULL,
    )
    spent: dict[tuple[str, int], float] = {}
    peaks: defaultdict[str, float] = defaultdict(float)
    together = 0.0
    root = psutil.Process(process.pid)
    looks = itertools.count()
    while process.poll() is None:
        sizes = _look(root, spent, with_memory=next(looks) % _MEMORY_EVERY == 0)
        for kind, size in sizes.items():
            peaks[kind] = max(peaks[kind], size)
        together = max(together, sum(sizes.values()))
        time.sleep(_EVERY)
    figures = Figures(time.monotonic() - started, together)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, ["pulumi", *command])
    for (kind, _), seconds in spent.items():
        usage = figures.usages.setdefault(kind, Usage(memory=peaks[kind]))
        usage.cpu += seconds
        usage.processes += 1
    return figures


def _look(
    root: psutil.Process, spent: dict[tuple[str, int], float], *, with_memory: bool
) -> dict[str, float]:
    """Note the processor time of each process; returns the memory of each kind now, if asked to."""
    sizes: defaultdict[str, float] = defaultdict(float)
    try:
        processes: Sequence[psutil.Process] = [root, *root.children(recursive=True)]
    except psutil.Error:
        return sizes
    for one in processes:
        try:
            kind = _kind(one.name())
            times = one.cpu_times()
            spent[kind, one.pid] = times.user + times.system
            if with_memory:
                sizes[kind] += one.memory_full_info().pss / (1 << 20)
        except psutil.Error:  # it has ended
            continue
    return sizes


def _kind(name: str) -> str:
    return "program" if name.startswith("python") else _KINDS.get(name, "others")
