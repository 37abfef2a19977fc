"""FATE on Docker hosts: from the stack file to running parties."""

import pulumi

from fate_components import deployment, sdk
from fate_components.settings import SettingsError
from fate_components.stack_file import load

sdk.speed_up()

try:
    settings, release = load()
except SettingsError as error:
    raise pulumi.RunError(str(error)) from None

for name, value in deployment.register(settings, release, pulumi.get_stack()).outputs.items():
    pulumi.export(name, value)

sdk.run_to_the_end()
