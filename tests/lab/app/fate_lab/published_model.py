"""The models that toy jobs leave and serving-servers use: one number per feature.

A party's score is the sum of 0.1 times each of its features x0, x1, …, and the probability is
1 / (1 + e^-(guest's score + host's score)), so a test can tell whether the host's part is in it.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from typing import Any

PIPELINE = "pipeline.pipeline:Pipeline"
_PARAMETERS = "lab_lr_0.model:LabLRModelParam"
_FEATURES = 100


def model_id(roles: dict[str, list[Any]]) -> str:
    """A job's model, e.g. arbiter-10000#guest-9999#host-10000#model."""
    parties = {role: sorted({str(party) for party in roles[role]}) for role in sorted(roles)}
    return "#".join([*(f"{role}-{'_'.join(ids)}" for role, ids in parties.items()), "model"])


def party_model_id(role: str, party: str, of: str) -> str:
    """One party's part of a model."""
    return f"{role}#{party}#{of}"


def content(role: str, party: str) -> dict[str, str]:
    """A party's part of a model, as FATE Flow stores it and hands it out."""
    parts = {
        PIPELINE: {"role": role, "party": party, "components": ["lab_lr_0"]},
        _PARAMETERS: {f"x{number}": 0.1 for number in range(_FEATURES)},
    }
    return {
        name: base64.b64encode(json.dumps(part).encode()).decode() for name, part in parts.items()
    }


def weights(found: dict[str, str]) -> dict[str, float]:
    """The numbers in a model's content; ValueError if it is no model."""
    try:
        parts = {
            name: json.loads(base64.b64decode(text, validate=True)) for name, text in found.items()
        }
    except (binascii.Error, TypeError) as error:
        raise ValueError(f"not a model: {error}") from None
    if set(parts) != {PIPELINE, _PARAMETERS}:
        raise ValueError(f"not a model: has the parts {sorted(parts)}")
    return dict(parts[_PARAMETERS])


def score(of: dict[str, float], features: dict[str, Any]) -> float:
    return sum(of[name] * float(value) for name, value in features.items() if name in of)


def probability(total: float) -> float:
    return 1.0 / (1.0 + math.exp(-total))
