"""Publishing a trained model: FATE Flow deploys it, loads it at all its parties, and binds it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ....docker.client.containers import Containers
from ....jobs.flow_v1 import FlowError
from ....line import Publication, PublishError, TellsProgress
from ....serving import inference, publishing
from ....serving.publishing import Answer, Model
from ..jobs import FLOW
from .return_codes import CODES

# What a serving-server does not accept in the name of a service (ModelManager, v2.1.6).
_NOT_IN_NAMES = "?:/&"
_NO_ANSWER = "request failed"
_UNREACHABLE = (
    "its FATE Flow cannot be reached: start it, or check the route to it with `fatectl doctor`"
)
_LOST = "its FATE Flow has lost the model: restore its volumes from a backup, or train it again"
# What a party's FATE Flow says, and what to do; the first that fits. Others are shown as they are.
_REASONS = {
    "Roll Site": _UNREACHABLE,
    "Please configure servings address": "its FATE Flow knows no serving-server: add `serving: {}` "
    "to the party in its stack file",
    "Only deployed models": "this version of the model is not deployed there: publish it again",
    "FileNotFoundError": _LOST,
    "model local cache": _LOST,
    "Deploy model failed": "the database of its FATE Flow has no such model: restore it from a "
    "backup, or train the model again",
    "UNAVAILABLE": "its serving-server cannot be reached: start it, or see with `fatectl status` "
    "why it does not run",
    "DEADLINE_EXCEEDED": "its serving-server gives no answer: see its log",
    "model initialization error": "its serving-server cannot get the model from FATE Flow: run "
    "`fatectl doctor` there",
    _NO_ANSWER: _UNREACHABLE,
}
_BIND_CODES = {
    101: "FATE Flow got no name of a service",
    104: "the guest's serving-server does not have it, because it was just replaced or its volume "
    "is lost: publish it again",
}


def publish(
    training: Mapping[str, Containers], serving: Mapping[str, Containers], wanted: Publication,
    tell: TellsProgress,
) -> None:  # fmt: skip
    """Deploy, load and bind a trained model at all its parties, and try one inference."""
    if bad := sorted({*wanted.service} & {*_NOT_IN_NAMES}):
        raise PublishError(
            f"--service: {wanted.service} has {' '.join(bad)} in it, which FATE Serving does not "
            "accept; choose another name"
        )
    try:
        _publish(training, serving, wanted, tell)
    except (FlowError, inference.InferenceError) as error:
        raise PublishError(str(error)) from None


def _publish(
    training: Mapping[str, Containers], serving: Mapping[str, Containers], wanted: Publication,
    tell: TellsProgress,
) -> None:  # fmt: skip
    trained = publishing.model_of(training, wanted.job, FLOW)
    tell.said(f"model {trained.id} {trained.version}")
    guest = training[trained.guest]
    model = _deploy(guest, trained, tell)
    tell.said(f"deployed as version {model.version}")
    # serving-server has an address of FATE Flow that it can reach; FATE Flow only knows its own.
    request = model.request(use_transfer_url_on_serving=True)
    answer = FLOW.ask(guest, "/v1/model/load", request)
    publishing.all_succeeded("loaded", answer, list(answers(answer, "loaded")), tell)
    answer = FLOW.ask(guest, "/v1/model/bind", {**request, "service_id": wanted.service})
    if code := answer.get("retcode"):
        message = str(answer.get("retmsg", answer))
        raise PublishError(
            f"the model could not be bound: {_BIND_CODES.get(code, _reason(message))}"
        )
    tell.said(f"bound to service {wanted.service} at party {trained.guest}")
    publishing.tried(serving, wanted, trained.guest, CODES, tell)


def _deploy(guest: Containers, model: Model, tell: TellsProgress) -> Model:
    """The version of a model that can be loaded; training leaves one that cannot."""
    names = {"model_id": model.id, "model_version": model.version}
    answer = FLOW.ask(guest, "/v1/model/deploy", names)
    party_answers = list(answers(answer, "deployed"))
    if answer.get("retcode") and not party_answers:
        raise PublishError(
            f"the model could not be deployed: {_reason(str(answer.get('retmsg', answer)))}"
        )
    if any(party_answer.failed for party_answer in party_answers):
        publishing.all_succeeded("deployed", answer, party_answers, tell)
    version = (answer.get("data") or {}).get("model_version")
    if not version:
        raise PublishError(f"the model could not be deployed: {answer.get('retmsg', answer)}")
    return replace(model, version=str(version))


def answers(answer: Mapping[str, Any], done: str) -> Iterator[Answer]:
    """What each party answered to a request to deploy or load a model.

    Args:
        answer: FATE Flow's answer.
        done: what a party that succeeded has done.
    """
    data = answer.get("data") or {}
    details = data.get("detail") or {}
    for role, parties in data.items():
        if role == "detail" or not isinstance(parties, Mapping):
            continue
        for party, code in parties.items():
            # There is no detail of a party that could not be asked.
            detail = (details.get(role) or {}).get(party) or {}
            reason = _reason(str(detail.get("retmsg") or _NO_ANSWER), int(code))
            yield Answer(role, str(party), reason if code else done, bool(code))


def _reason(message: str, code: int | None = None) -> str:
    for words, reason in _REASONS.items():
        if words in message:
            return reason
    return f"failed{f' with code {code}' if code else ''}: {message[:300]}"
