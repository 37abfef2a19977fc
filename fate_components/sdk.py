"""What makes Pulumi's Python SDK fast enough for programs with thousands of resources.

Each part works around the SDK (3.272.0), and can go when that no longer needs it. Together they
halve the time of a preview of 100 parties (`python -m benchmarks.scale`).
"""

import asyncio
import atexit
import gc

import pulumi
from pulumi.runtime import resource
from pulumi.runtime.proto import source_pb2


def speed_up() -> None:
    """Prepare this process for a program with many resources, and nothing else.

    - Garbage is not collected: the program ends before there is any worth it, and the SDK keeps all
      outputs until then (pulumi/pulumi#16055). At the end all objects are frozen, or Python would
      search them once more.
    - The SDK's debug messages are dropped: it waits for the engine to take each of them, and sends
      several for each resource (pulumi/pulumi#7292).
    - Registrations carry no Python stack: it would be a quarter of the state, 200 of 723 KB for
      four parties, which is saved at every step.
    """
    gc.disable()
    atexit.register(gc.freeze)
    pulumi.log.debug = lambda *_, **__: None
    resource._get_stack_trace = source_pb2.StackTrace


def run_to_the_end() -> None:
    """End a program that has registered all its resources: let the SDK begin its calls.

    At the end of a program it waits for each call that has begun, and then for every output
    (pulumi/pulumi#15744): if no call has begun, that takes time quadratic in the number of
    resources.
    """
    pulumi.run(_calls_begun)


async def _calls_begun() -> None:
    await asyncio.sleep(0)
