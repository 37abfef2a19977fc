"""What becomes of a party of FATE 1.3 that KubeFATE v1.3.0 deploys."""

from ...line import FromKubefate
from ...party.files import ROOT

_ONE_VARIANT = "FATE 1.3 has one variant of its images"
_NO_LOGIN = "FATE Board of FATE 1.3 has no login; its port is bound to 127.0.0.1"

FROM_KUBEFATE = FromKubefate(
    first_spelling=True,
    fixed={
        "algorithm": ("Basic", _ONE_VARIANT),
        "device": ("CPU", f"{_ONE_VARIANT}, for the CPU"),
        "serverTimezone": ("UTC", "the connection to MySQL always uses UTC"),
    },
    left={
        "compute_core": "training.processors is half of the machine's cores by default; with more "
        "than there are, jobs of FATE 1.3 fail",
        "fateboard_username": _NO_LOGIN,
        "fateboard_password": _NO_LOGIN,
        "notebook_hashed_password": "FATE 1.3 has no notebook",
    },
    # Redis is left out: it has what belongs to running jobs, and caches.
    data={
        "egg": ("egg", f"{ROOT}/data-dir"),
        "python-logs": ("python", f"{ROOT}/python/logs"),
        "python-jobs": ("python", f"{ROOT}/python/jobs"),
        "serving-server": ("serving-server", "/root/.fate"),
    },
)
