"""The release line of FATE 2: a choice of computing, storage and federation engines."""

from ...line import Line
from ...settings import TRAINING
from . import job_queues, reread
from .jobs import FATE_FLOW
from .kubefate import FROM_KUBEFATE
from .planner import Planner
from .settings import Settings
from .training import TrainingCluster, exchange

LINE = Line(
    settings=Settings,
    planner=Planner,
    clusters={TRAINING: TrainingCluster},
    exchange=exchange,
    reread=reread,
    fate_flow=FATE_FLOW,
    toy_job=f"{__name__}.toy_job",
    stuck_jobs=job_queues.stuck,
    from_kubefate=FROM_KUBEFATE,
)
