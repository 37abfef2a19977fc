"""The release line of FATE 1.7 to 1.11: Eggroll 2, with rollsite as the gateway."""

from ...line import Line, Serving
from ...settings import SERVING, TRAINING
from . import reread
from .jobs import FATE_FLOW
from .kubefate import FROM_KUBEFATE
from .planner import Planner
from .serving import ServingCluster
from .serving.publishing import publish
from .settings import Settings
from .training import TrainingCluster, exchange

LINE = Line(
    settings=Settings,
    planner=Planner,
    clusters={TRAINING: TrainingCluster, SERVING: ServingCluster},
    exchange=exchange,
    reread=reread,
    fate_flow=FATE_FLOW,
    toy_job=f"{__name__}.toy_job",
    from_kubefate=FROM_KUBEFATE,
    serving=Serving(f"{__name__}.serving.check", publish),
)
