"""client: a notebook in which people write and submit their jobs, from FATE 1.7 on."""

from collections.abc import Collection

import pulumi

from ..docker import delivery
from ..docker.service import Container, File, Service, Volume
from ..plan.endpoints import Endpoint
from .context import TrainingContext
from .files import ROOT, json_text

_CONFIG = "/run/secrets/jupyter.json"
_PARTIES = f"{ROOT}/parties.json"
_NOTEBOOKS = f"{ROOT}/notebooks"
TRAINING_JOB = f"{_NOTEBOOKS}/training-job.ipynb"
# Notebooks belong to those who work with them, so what is delivered is only what a missing one is
# copied from.
_ORIGINAL = "/usr/local/share/fate/training-job.ipynb"


def config(token: str) -> str:
    """Jupyter's settings: a file keeps the token out of command lines.

    Notebook 6 and 7 read it from different sections.
    """
    return json_text({section: {"token": token} for section in ("NotebookApp", "IdentityProvider")})


def parties(context: TrainingContext, everyone: Collection[int]) -> File:
    """What notebooks know of the federation: the party's own id, and those of all others.

    Args:
        context: the training cluster.
        everyone: the ids of all parties that the stack file has. Those behind an exchange have no
            route of their own.
    """
    others = sorted({*everyone} - {context.party_id})
    known = {"party": context.party_id, "others": others}
    return File(_PARTIES, json_text(known), reread=True)


def start(context: TrainingContext, flow: Endpoint, example: bool) -> str:
    """The container's command: configure FATE's clients for FATE Flow, and start the notebook.

    The example is copied once, and not again when it has been changed.

    Args:
        context: the training cluster it belongs to.
        flow: where it calls FATE Flow.
        example: whether there is one.
    """
    copy = f"[ -e {TRAINING_JOB} ] || cp {_ORIGINAL} {TRAINING_JOB}\n" if example else ""
    return f"""set -e
flow init --ip {flow.host} --port {flow.port}
pipeline init --ip {flow.host} --port {flow.port}
{copy}exec jupyter notebook --config={_CONFIG} --ip=0.0.0.0 --port={context.port("client")} \\
  --allow-root --no-browser --NotebookApp.notebook_dir={_NOTEBOOKS}
"""


class Client(Service):
    """A party's notebook, with a training job in it. It starts independently; the ids of other
    parties are delivered into the running container.

    Args:
        token: the component's type.
        context: the training cluster it belongs to.
        flow: where it calls FATE Flow.
        secret: the token that the notebook asks for at login.
        everyone: the ids of all parties that the stack file has.
        example: the notebook with the training job; "" if there is none.
        opts: the parent and provider options.
    """

    def __init__(
        self,
        token: str,
        context: TrainingContext,
        flow: Endpoint,
        secret: str,
        everyone: Collection[int],
        example: str,
        opts: pulumi.ResourceOptions,
    ) -> None:
        known = parties(context, everyone)
        super().__init__(
            token,
            context.place_of("client"),
            Container(
                service="client",
                networks=[context.attachment("client")],
                command=["bash", "-c", start(context, flow, bool(example))],
                files=[
                    File(_CONFIG, config(secret), secret=True),
                    known,
                    *([File(_ORIGINAL, example)] if example else []),
                ],
                volumes=[Volume("notebooks", _NOTEBOOKS)],
                folders=context.uploads,
                published={"notebook": context.plan.published["notebook"]},
            ),
            opts=opts,
        )
        delivery.file("client-parties", self, known, pulumi.ResourceOptions(parent=self))
        self.register_outputs({})
