"""Patches for faults in FATE's own code: what they change, and how they get into FATE Flow.

`settings.Patches` has the reason for each.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic.alias_generators import to_camel

from ....party.files import json_text

_FOLDER = "/usr/local/share/fate"
_APPLY, _PATCHES = f"{_FOLDER}/apply_patches.py", f"{_FOLDER}/patches.json"
_RABBITMQ = "fate.arch.federation.backends.rabbitmq"

START = f"python {_APPLY} {_PATCHES}\n"
"""The part of the start command that applies them, after which FATE Flow may start."""


@dataclass(frozen=True)
class Change:
    """A change to a module of FATE.

    Args:
        module: the module's full name.
        sha256: the SHA-256 digests of the files that it fits, in hexadecimal; any file that has
            the texts to replace, if empty.
        replace: texts, each with its replacement and how many times it must be there.
        append: a text that is added at the end.
    """

    module: str
    sha256: tuple[str, ...] = ()
    replace: tuple[tuple[str, str, int], ...] = ()
    append: str = ""


@dataclass(frozen=True)
class Patch:
    """A patch.

    Args:
        changes: what it changes.
        federation: the federation engine that it is for; all if empty.
    """

    changes: tuple[Change, ...]
    federation: str = ""


def _appended(name: str, call: str = "") -> str:
    """A module of this folder, as the end of one of FATE's."""
    text = Path(__file__).with_name(f"{name}.py").read_text()
    return f"\n\n{text}{call}"


# The digests are of the files in FATE's tags v2.0.0, v2.1.0, v2.1.1 and v2.2.0 and in PyPI's
# pyfate and fate_flow 2.0.0 and 2.2.0, which are the same.
PATCHES = {
    "rabbitmq_threads": Patch(
        (
            Change(
                f"{_RABBITMQ}._mq_channel",
                ("5f90ce7cb0329cfa7e50b18858e61566abe007cbbce2a832843c80d2fcac6d8c",),
                append=_appended("rabbitmq_threads", "\n\nconnect_each_thread(MQChannel)\n"),
            ),
        ),
        "rabbitmq",
    ),
    "rabbitmq_links": Patch(
        (
            Change(
                f"{_RABBITMQ}._rabbit_manager",
                ("09f7890dfbd387c862264aa71c6f830ea3554502d0917cf0086af3e372e9b130",),
                (("requests.put(", "put_until_accepted(", 7),),
                _appended("rabbitmq_links"),
            ),
        ),
        "rabbitmq",
    ),
    "slow_answers": Patch(
        (
            Change(
                "ofx.api.models.fate_flow.resource",
                ("722d94808e6601cd728af3475d69e657df0e4d15b1d4d1c8706df3fcb861d51a",),
                (("try_times=3, timeout=10,", "try_times=3, timeout=60,", 2),),
            ),
            Change(
                "fate_flow.settings",
                (
                    "14226f1bb0a242f257442b9930f8e1b5a59d1b7d8550db58679def3ae258993d",
                    "9a21009eda4563b13a34f8f329f8770db7165f4f232715afd4e33836e7e1e8be",
                ),
                (("HTTP_REQUEST_TIMEOUT = 10 ", "HTTP_REQUEST_TIMEOUT = 60 ", 1),),
            ),
        ),
    ),
    "pulsar_routes": Patch(
        (
            Change(
                "fate.arch.federation.backends.pulsar._federation",
                replace=(("int(party.party_id)", "str(party.party_id)", 5),),
            ),
        ),
        "pulsar",
    ),
}
"""The patches, by the names of their fields in `settings.Patches`."""


def files(chosen: Collection[str], federation: str) -> dict[str, str]:
    """The files that FATE Flow's container needs to apply patches, by path; empty if none fit.

    Args:
        chosen: the names of those that the stack file does not switch off.
        federation: the party's federation engine.
    """
    changes = [
        {"patch": to_camel(name), **asdict(change)}
        for name, patch in PATCHES.items()
        if name in chosen and patch.federation in ("", federation)
        for change in patch.changes
    ]
    if not changes:
        return {}
    apply = Path(__file__).with_name("apply.py").read_text()
    return {_APPLY: apply, _PATCHES: json_text(changes)}
