"""What becomes of a party of FATE 2 that KubeFATE v2.0.0 deploys."""

from ...line import FromKubefate

_VARIANTS = "the images are those of algorithm=Basic, device=CPU"
_DERIVED = "passwords are not copied; this one is derived from fate:masterSecret"

FROM_KUBEFATE = FromKubefate(
    first_spelling=False,
    fixed={
        "algorithm": ("Basic", f"{_VARIANTS}; fate:images: packages has PyTorch (CPU) too"),
        "device": ("CPU", f"{_VARIANTS}; containers get no GPU"),
        "serverTimezone": ("UTC", "Eggroll's connection to MySQL always uses UTC"),
        "fateboard_username": ("admin", "the account of FATE Board is always admin"),
    },
    left={
        "fateboard_password": _DERIVED,
        "notebook_hashed_password": f"{_DERIVED}, as the notebook's token; set "
        "training.client.token for one of your own",
    },
    cores=True,
)
