"""Publishing a trained model: FATE Flow loads it at all its parties, and binds it to a service."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ....docker.client.containers import Containers
from ....jobs.flow_v1 import FlowError
from ....line import Publication, PublishError, TellsProgress
from ....serving import inference, publishing
from ....serving.publishing import Answer
from ..flow_client import FLOW
from . import bindings
from .return_codes import CODES, NO_MODEL

_LOAD_CODES = {0: "loaded", 100: "its serving-server cannot be reached", 101: "has no such model"}


def answers(answer: Mapping[str, Any]) -> Iterator[Answer]:
    """What each party answered to a request to load a model."""
    for role, parties in (answer.get("data") or {}).items():
        if isinstance(parties, Mapping):
            for party, code in parties.items():
                meaning = _LOAD_CODES.get(int(code), f"failed with code {int(code)}")
                yield Answer(role, party, meaning, bool(int(code)))


def publish(
    training: Mapping[str, Containers], serving: Mapping[str, Containers], wanted: Publication,
    tell: TellsProgress,
) -> None:  # fmt: skip
    """Load and bind a trained model at all its parties, and try one inference."""
    try:
        _publish(training, serving, wanted, tell)
    except (FlowError, inference.InferenceError) as error:
        raise PublishError(str(error)) from None


def _publish(
    training: Mapping[str, Containers], serving: Mapping[str, Containers], wanted: Publication,
    tell: TellsProgress,
) -> None:  # fmt: skip
    model = publishing.model_of(training, wanted.job, FLOW)
    tell.said(f"model {model.id} {model.version}")
    request = model.request(work_mode=1)
    answer = FLOW.ask(training[model.guest], "/v1/model/load", request)
    publishing.all_succeeded("loaded", answer, list(answers(answer)), tell)
    if model.guest in serving:
        _warn(tell, bindings.services(serving[model.guest], model.version), wanted.service)
    _bind(training[model.guest], request, wanted.service)
    tell.said(f"bound to service {wanted.service} at party {model.guest}")
    publishing.tried(serving, wanted, model.guest, CODES, tell)


def _warn(tell: TellsProgress, before: Iterable[str], service: str) -> None:
    """Tell that a model has another name, which it loses."""
    for name in before:
        if name != service:
            tell.warning(
                f"Serving 1.2.2 keeps one service per model: the model is published as {name}, "
                f"which answers until serving-server is started again, and then with code "
                f"{NO_MODEL}; only {service} remains"
            )


def _bind(guest: Containers, request: Mapping[str, Any], service: str) -> None:
    body = {**request, "service_id": service, "servings": []}
    answer = FLOW.ask(guest, "/v1/model/bind", body)
    if answer.get("retcode"):
        raise PublishError(f"the model could not be bound: {answer.get('retmsg', answer)}")
