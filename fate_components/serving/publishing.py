"""Publishing a trained model, as far as releases of FATE do it alike."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..docker.client.containers import Containers
from ..jobs.flow_v1 import FlowClient
from ..line import Publication, PublishError, TellsProgress
from . import inference
from .inference import ReturnCodes


@dataclass(frozen=True)
class Model:
    """A trained model.

    Args:
        guest: the party id of the guest that trained it.
        roles: the party ids of each role of the job.
        id: the model's id.
        version: the model's version, which is the id of the job that trained or deployed it.
    """

    guest: str
    roles: Mapping[str, list[str]]
    id: str
    version: str

    def request(self, **parameters: object) -> dict[str, Any]:
        """The body that FATE Flow needs to load or bind it.

        Args:
            parameters: further job parameters, before those that name the model.
        """
        return {
            "initiator": {"party_id": self.guest, "role": "guest"},
            "role": dict(self.roles),
            "job_parameters": {
                **parameters,
                "model_id": self.id,
                "model_version": self.version,
            },
        }


@dataclass(frozen=True)
class Answer:
    """What a party answered to a request that FATE Flow passed on to it.

    Args:
        role: the party's role.
        party: its id.
        said: the answer, for people.
        failed: whether it failed.
    """

    role: str
    party: str
    said: str
    failed: bool


def model_of(parties: Mapping[str, Containers], job: str, flow: FlowClient) -> Model:
    """The model that a job has trained.

    Args:
        parties: the training clusters of the stack, by party id.
        job: the job's id.
        flow: asks FATE Flow.

    Raises:
        PublishError: no guest of this stack knows the job, or it has trained no model.
        FlowError: FATE Flow gives no answer.
    """
    for id, party in parties.items():
        answer = flow.ask(party, "/v1/job/query", {"job_id": job, "role": "guest", "party_id": id})
        for row in answer.get("data") or []:
            if row.get("f_status") != "success":
                raise PublishError(
                    f"job {job} did not succeed: it is "
                    f"{row.get('f_status')}; `fatectl jobs {id} {job}` shows why"
                )
            conf = _json(row["f_runtime_conf"])
            # With the second version of FATE's DSL they are those that all roles have in common.
            parameters = conf["job_parameters"] | (conf["job_parameters"].get("common") or {})
            if not parameters.get("model_id"):
                raise PublishError(
                    f"job {job} has trained no model; choose one that has, like a HeteroLR job"
                )
            roles = {
                role: [str(party_id) for party_id in ids]
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


def all_succeeded(
    what: str, answer: Mapping[str, Any], told: Sequence[Answer], tell: TellsProgress
) -> None:
    """Tell what each party answered.

    Args:
        what: what was asked for, like "loaded".
        answer: FATE Flow's answer.
        told: what each party answered.
        tell: is told it.

    Raises:
        PublishError: it failed at a party, or no party was asked.
    """
    tell.loaded(
        [(party_answer.role, party_answer.party, party_answer.said) for party_answer in told]
    )
    # FATE Flow's own code may be 0 even if a party failed.
    failed = [
        f"party {party_answer.party} ({party_answer.role})"
        for party_answer in told
        if party_answer.failed
    ]
    if failed or not told or answer.get("retcode"):
        reason = f"at {', '.join(failed)}" if failed else str(answer.get("retmsg", answer))
        raise PublishError(f"the model could not be {what} {reason}")


def tried(
    serving: Mapping[str, Containers], wanted: Publication, guest: str, known: ReturnCodes,
    tell: TellsProgress,
) -> None:  # fmt: skip
    """Send an inference request to a model that was bound.

    Args:
        serving: the serving clusters of the stack, by party id.
        wanted: the publication.
        guest: the id of the guest that the model is bound at.
        known: the return codes of the release.
        tell: is told the answer.

    Raises:
        PublishError: the request failed, or there is nobody to send it to.
    """
    if guest not in serving:
        raise PublishError(
            f"party {guest} has no serving cluster to send a request to; "
            f"add `serving: {{}}` to it in the stack file"
        )
    # A guest may cache the host's answers by the device.
    remote = {"device_id": wanted.device or f"fatectl-{secrets.token_hex(6)}"}
    answer = inference.ask_patiently(serving[guest], wanted.service, wanted.features, remote, known)
    if bad := [code for code in inference.codes(answer) if code]:
        raise PublishError(f"the trial request failed with {known.meaning(bad[0])}")
    tell.said(f"trial request answered: {json.dumps(answer.get('data'))}")
