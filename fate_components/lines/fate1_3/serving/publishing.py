"""Publishing a trained model: FATE Flow loads it at all its parties, and binds it to a service."""

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ....docker.client.containers import Containers
from ....jobs.flow_v1 import FlowError
from ....line import Publication, PublishError, TellsProgress
from ..flow_client import FLOW
from . import bindings, inference

_LOAD_CODES = {0: "loaded", 100: "its serving-server cannot be reached", 101: "has no such model"}


@dataclass(frozen=True)
class Model:
    """A trained model.

    Args:
        guest: the party id of the guest that trained it.
        roles: the party ids of each role of the job.
        id: the model's id.
        version: the model's version, which is the job's id.
    """

    guest: str
    roles: Mapping[str, list[str]]
    id: str
    version: str

    @property
    def request(self) -> dict[str, Any]:
        """The body that FATE Flow needs to load it."""
        return {
            "initiator": {"party_id": self.guest, "role": "guest"},
            "role": dict(self.roles),
            "job_parameters": {
                "work_mode": 1,
                "model_id": self.id,
                "model_version": self.version,
            },
        }


def model_of(parties: Mapping[str, Containers], job: str) -> Model:
    """The model that a job has trained.

    Args:
        parties: the training clusters of the stack, by party id.
        job: the job's id.

    Raises:
        PublishError: no guest of this stack knows the job, or it has trained no model.
        FlowError: FATE Flow gives no answer.
    """
    for id, party in parties.items():
        answer = FLOW.ask(party, "/v1/job/query", {"job_id": job, "role": "guest", "party_id": id})
        for row in answer.get("data") or []:
            if row.get("f_status") != "success":
                raise PublishError(
                    f"job {job} did not succeed: it is "
                    f"{row.get('f_status')}; `fatectl jobs {id} {job}` shows why"
                )
            conf = _json(row["f_runtime_conf"])
            parameters = conf["job_parameters"]
            if not parameters.get("model_id"):
                raise PublishError(
                    f"job {job} has trained no model; choose one that has, like a HeteroLR job"
                )
            roles = {
                role: [str(one) for one in ids]
                for role, ids in conf["role"].items()
                if role != "local"
            }
            return Model(id, roles, parameters["model_id"], parameters.get("model_version") or job)
    raise PublishError(
        "no party of this stack was the guest of job "
        f"{job} ({', '.join(parties) or 'no parties'}); "
        "run the command with the stack of its guest"
    )


def _json(value: object) -> dict[str, Any]:
    return dict(json.loads(value)) if isinstance(value, str) else dict(value)  # type: ignore[call-overload]


def answers(answer: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    """What each party answered to a request: its role, its id and its code."""
    for role, parties in (answer.get("data") or {}).items():
        if isinstance(parties, Mapping):
            for party, code in parties.items():
                yield role, party, int(code)


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
    model = model_of(training, wanted.job)
    tell.said(f"model {model.id} {model.version}")
    _load(tell, training[model.guest], model)
    if model.guest in serving:
        _warn(tell, bindings.services(serving[model.guest], model.version), wanted.service)
    _bind(training[model.guest], model, wanted.service)
    tell.said(f"bound to service {wanted.service} at party {model.guest}")
    if model.guest not in serving:
        raise PublishError(
            f"party {model.guest} has no serving cluster to send a request to; "
            f"add `serving: {{}}` to it in the stack file"
        )
    # The guest caches the host's answers by the device.
    remote = {"device_id": wanted.device or f"fatectl-{secrets.token_hex(6)}"}
    answer = inference.ask_patiently(serving[model.guest], wanted.service, wanted.features, remote)
    if bad := [code for code in inference.codes(answer) if code]:
        raise PublishError(f"the trial request failed with {inference.meaning(bad[0])}")
    tell.said(f"trial request answered: {json.dumps(answer.get('data'))}")


def _warn(tell: TellsProgress, before: Iterable[str], service: str) -> None:
    """Tell that a model has another name, which it loses."""
    for name in before:
        if name != service:
            tell.warning(
                f"Serving 1.2.2 keeps one service per model: the model is published as {name}, "
                f"which answers until serving-server is started again, and then with code "
                f"{inference.NO_MODEL}; only {service} remains"
            )


def _load(tell: TellsProgress, guest: Containers, model: Model) -> None:
    answer = FLOW.ask(guest, "/v1/model/load", model.request)
    told = list(answers(answer))
    tell.loaded(
        [
            (role, party, _LOAD_CODES.get(code, f"failed with code {code}"))
            for role, party, code in told
        ]
    )
    # FATE Flow's own code is 0 even if a party failed.
    failed = [f"party {party} ({role})" for role, party, code in told if code]
    if failed or not told or answer.get("retcode"):
        reason = f"at {', '.join(failed)}" if failed else str(answer.get("retmsg", answer))
        raise PublishError(f"the model could not be loaded {reason}")


def _bind(guest: Containers, model: Model, service: str) -> None:
    body = {**model.request, "service_id": service, "servings": []}
    answer = FLOW.ask(guest, "/v1/model/bind", body)
    if answer.get("retcode"):
        raise PublishError(f"the model could not be bound: {answer.get('retmsg', answer)}")
