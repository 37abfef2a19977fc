"""Where the tables of a party's jobs are: in a volume, or a folder that its Docker hosts share."""

import pulumi

from ...docker import tool
from ...docker.service import HostFolder, Volume
from ...party.files import ROOT
from ..context import EngineContext
from ..settings import WORKER

VOLUME = Volume("fateflow-localfs", f"{ROOT}/fate_flow/localfs")
"""The volume, which is one of FATE Flow."""


def folders(context: EngineContext) -> list[HostFolder]:
    """The shared folder, if there is one, as it is mounted in a container."""
    if context.training.spark.tables is None:
        return []
    return [HostFolder(_folder(context), VOLUME.path, writable=True, required=True)]


def shared(
    context: EngineContext, opts: pulumi.ResourceOptions
) -> dict[str, list[pulumi.Resource]]:
    """What must have succeeded before a container uses the folder, by Docker host.

    The first host creates the folder with a mark in it, and the others must find that when the
    folder is new to them. A container that starts later needs no more than that the folder is
    there: where the file system is not mounted, it is missing.

    Args:
        context: the training cluster.
        opts: the parent and provider options.
    """
    root, plan = context.training.spark.tables, context.plan
    resources: dict[str, list[pulumi.Resource]] = {}
    if root is None:
        return resources
    mark: dict[str, pulumi.Input[str]] = {}
    places = {plan.host: context.place, **context.place.elsewhere}
    for name in dict.fromkeys([plan.host, *context.training.workers_at(plan.host)]):
        place = places[name]
        verified = tool.run(
            place.resource_name("tables" if name == plan.host else f"tables-at-{name}"),
            "fate_components.engines.spark.shared_folder",
            [root, _folder(context)],
            environment={
                **place.host.environment,
                **mark,
                "HOST": name,
                "IMAGE": place.host.images.id(place.services[WORKER]),
                "STACK": place.stack,
            },
            opts=opts,
        )
        mark = mark or {"MARK": verified.stdout}
        resources[name] = [verified]
    return resources


def _folder(context: EngineContext) -> str:
    """Below the file system's own: where that is not mounted, it is missing."""
    return f"{context.training.spark.tables}/{context.place.stack}/{context.party_id}"
