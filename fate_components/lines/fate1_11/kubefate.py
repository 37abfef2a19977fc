"""What becomes of a party of FATE 1.7 to 1.11 that KubeFATE deploys.

What it keeps, by its docker-compose files of v1.9.0 to v1.11.2: MySQL and the folders below
shared_dir/data as folders on the Docker host, FATE Flow's logs in the volume fate_flow_logs, the
models of FATE Serving in the folder data/server. The configurations of jobs are in the container.
"""

from ...line import FromKubefate
from ...party.files import ROOT

_DERIVED = "passwords are not copied; this one is derived from fate:masterSecret"

FROM_KUBEFATE = FromKubefate(
    first_spelling=False,
    fixed={
        "serverTimezone": ("UTC", "the connection to MySQL always uses UTC"),
        "fateboard_username": ("admin", "the account of FATE Board is always admin"),
    },
    left={
        "fateboard_password": _DERIVED,
        "notebook_hashed_password": f"{_DERIVED}, as the notebook's token; set "
        "training.client.token for one of your own",
    },
    cores=True,
    # A job takes four, unless it says otherwise.
    least_cores=4,
    variants=("federatedai/fateflow", "federatedai/eggroll"),
    data={
        "nodemanager": ("nodemanager", f"{ROOT}/eggroll/data"),
        "fateflow-logs": ("fateflow", f"{ROOT}/fateflow/logs"),
        "fateflow-model": ("fateflow", f"{ROOT}/fateflow/model_local_cache"),
        "fateflow-jobs": ("fateflow", f"{ROOT}/fateflow/jobs"),
        "serving-server": ("serving-server", "/data/projects/fate-serving/serving-server/.fate"),
    },
)
