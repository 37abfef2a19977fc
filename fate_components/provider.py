"""The deployment as a component for Pulumi programs in other languages: `pulumi package add`."""

from typing import TypedDict

import pulumi

from .deployment import register
from .settings import SettingsError
from .stack_file import load

PACKAGE = "fate"


class DeploymentArgs(TypedDict):
    """None: what to deploy is in the config of the program's stack."""


class Deployment(pulumi.ComponentResource):
    """A deployment of FATE: the parties that the stack's config describes under `fate:`.

    A program can have one. Its resources have the same names as those of a stack of this project.

    Args:
        name: its logical name.
        args: none.
        opts: the options of the component.

    Raises:
        pulumi.RunError: the config cannot be deployed, or a Docker host is not ready; the error
            lists every mistake, and nothing was changed.
    """

    parties: pulumi.Output[dict[str, dict[str, str]]]
    """Where each party's services are reached, by the party's id and by name."""
    topology: pulumi.Output[str]
    """The picture of the deployment, as text for Mermaid."""

    def __init__(
        self,
        name: str,
        args: DeploymentArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Deployment", name, {}, opts)
        try:
            settings, release = load()
        except SettingsError as error:
            raise pulumi.RunError(str(error)) from None
        outputs = register(settings, release, pulumi.get_stack()).outputs
        self.parties = pulumi.Output.from_input(outputs["parties"])
        self.topology = pulumi.Output.from_input(outputs["topology"])
        self.register_outputs({"parties": self.parties, "topology": self.topology})
