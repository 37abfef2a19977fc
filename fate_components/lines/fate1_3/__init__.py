"""The release line of FATE 1.3: Eggroll 1 with its eggs, and FATE Serving 1.2."""

from ...line import Line, Serving
from ...settings import SERVING, TRAINING
from . import lost_tables, reread, restored
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
    lost_data=lost_tables.findings,
    adapt_tables=restored.adapt,
)
