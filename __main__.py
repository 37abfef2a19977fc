"""FATE on Docker hosts: from the stack file to running parties."""

import asyncio
import atexit
import gc

import pulumi
from pulumi.runtime import resource
from pulumi.runtime.proto import source_pb2

from fate_components import deployment
from fate_components.settings import SettingsError
from fate_components.stack_file import load

# With 100 parties, a preview would take more than twice as long without these.
gc.disable()  # the program ends before there is garbage worth collecting
atexit.register(gc.freeze)  # or Python would search all objects for garbage once more at its end
# The SDK waits for the engine to take each of its debug messages, several per resource.
pulumi.log.debug = lambda *_, **__: None
# The stack of each registration would be a quarter of the state, which is saved at every step.
resource._get_stack_trace = source_pb2.StackTrace

try:
    settings, release = load()
except SettingsError as error:
    raise pulumi.RunError(str(error)) from None

for name, value in deployment.register(settings, release, pulumi.get_stack()).outputs.items():
    pulumi.export(name, value)


async def _calls_begun() -> None:
    """Let the SDK begin its calls to the engine.

    At the end of a program it waits for each call that has begun, and then for every output: if no
    call has begun, that takes time quadratic in the number of resources.
    """
    await asyncio.sleep(0)


pulumi.run(_calls_begun)
