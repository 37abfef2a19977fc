"""client: a notebook in which people write and submit their jobs."""

import pulumi

from ..docker.service import Container, File, Service, Volume
from ..files import ROOT, json_text
from .cluster import ClusterContext

_CONFIG = "/run/secrets/jupyter.json"
_NOTEBOOKS = f"{ROOT}/notebooks"


def config(token: str) -> str:
    """Jupyter's settings: a file keeps the token out of command lines.

    Notebook 6 and 7 read it from different sections.
    """
    return json_text({section: {"token": token} for section in ("NotebookApp", "IdentityProvider")})


def start(context: ClusterContext) -> str:
    """The container's command: configure FATE's clients for FATE Flow, and start the notebook."""
    flow = context.fate_flow
    return f"""set -e
flow init --ip {flow.host} --port {flow.port}
pipeline init --ip {flow.host} --port {flow.port}
exec jupyter notebook --config={_CONFIG} --ip=0.0.0.0 --port={context.port("client")} \\
  --allow-root --no-browser --NotebookApp.notebook_dir={_NOTEBOOKS}
"""


class Client(Service):
    """A party's notebook. It starts independently.

    Args:
        context: the training cluster it belongs to.
        opts: the parent and provider options.
    """

    def __init__(self, context: ClusterContext, opts: pulumi.ResourceOptions) -> None:
        super().__init__(
            "fate:fate2:Client",
            context.place,
            Container(
                service="client",
                networks=[context.attachment("client")],
                command=["bash", "-c", start(context)],
                files=[File(_CONFIG, config(context.notebook_token), secret=True)],
                volumes=[Volume("notebooks", _NOTEBOOKS)],
                folders=context.uploads,
                published={"notebook": context.plan.published["notebook"]},
            ),
            opts=opts,
        )
        self.register_outputs({})
