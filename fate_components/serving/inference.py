"""Inference requests to a party's serving-proxy, and what its answers mean."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..docker.client.containers import Containers

PORT = 8059
_COLD, _PAUSE = 5, 2  # how often to ask a server that may be cold; seconds in between


@dataclass(frozen=True)
class ReturnCodes:
    """The return codes of a release of FATE Serving.

    Args:
        meanings: the cause of each.
        no_model: that of a service that no model is bound to.
        unreachable: that of a server that cannot be reached, or does not answer in time.
    """

    meanings: Mapping[int, str]
    no_model: int
    unreachable: int

    def meaning(self, code: int) -> str:
        """A return code with its cause."""
        return f"{code}: {self.meanings.get(code, 'see the log of serving-server')}"


class InferenceError(Exception):
    """A request that got no usable answer; the text explains why."""


def ask(
    serving: Containers, service: str, features: Mapping[str, Any], remote: Mapping[str, Any]
) -> dict[str, Any]:
    """Send an inference request to a party's serving-proxy.

    Args:
        serving: the party's serving cluster.
        service: the name that a model is bound to.
        features: the guest's features.
        remote: what the host finds its features by, like a device_id.

    Raises:
        InferenceError: there is no answer, or it is not one of FATE Serving's.
    """
    request = {
        "head": {"serviceId": service},
        "body": {"featureData": dict(features), "sendToRemoteFeatureData": dict(remote)},
    }
    done = serving.exec(
        "serving-proxy",
        [
            "wget", "-q", "-O", "-", "-T", "30", "--header", "Content-Type: application/json",
            "--post-data", json.dumps(request),
            f"http://127.0.0.1:{PORT}/federation/v1/inference",
        ],
    )  # fmt: skip
    try:
        answer = dict(json.loads(done.stdout))
        codes(answer)
    except (ValueError, KeyError, TypeError):
        reason = done.stderr.strip() or done.stdout.strip() or "no answer"
        raise InferenceError(
            f"{serving.container('serving-proxy')} "
            f"({serving.state('serving-proxy')}) gave no answer: {reason[:300]}"
        ) from None
    return answer


def ask_patiently(
    serving: Containers,
    service: str,
    features: Mapping[str, Any],
    remote: Mapping[str, Any],
    known: ReturnCodes,
) -> dict[str, Any]:
    """Like `ask`, some times if need be: the first answers after a start take longer than 3 s.

    That is all the time that serving-proxy and serving-server have for an answer, and a JVM that
    has just loaded the model needs more. It may be minutes after its start.

    Args:
        serving: the party's serving cluster.
        service: the name that a model is bound to.
        features: the guest's features.
        remote: what the host finds its features by, like a device_id.
        known: the return codes of the release.
    """
    for _ in range(_COLD - 1):
        answer = ask(serving, service, features, remote)
        if known.unreachable not in codes(answer):
            return answer
        time.sleep(_PAUSE)
    return ask(serving, service, features, remote)


def codes(answer: Mapping[str, Any]) -> tuple[int, int]:
    """The two return codes of an answer: its own, and that of the data from the host, if any.

    serving-proxy's own errors may have a code instead of a retcode, as text.
    """
    own = answer["retcode"] if "retcode" in answer else answer["code"]
    data = answer.get("data")
    inner = data.get("retcode", 0) if isinstance(data, Mapping) else 0
    return int(own), int(inner or 0)
