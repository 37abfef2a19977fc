"""FATE Flow's part in serving in FATE 1.11: it keeps models, deploys, loads and binds them.

Its FATE Flow routes the paths in `pages` here. Models are in the folder that keeps them:
ROLE#PARTY#MODEL/VERSION.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .. import published_model
from ..protocol import ANY, HopError, call

Answer = dict[str, Any]
_FAILED, _PARTLY, _UNREACHABLE = 100, 101, 104
_CONTENT, _DEPLOYED = "lab_model.json", "lab_deployed"
_TRANSFER = "/v1/model/transfer"


class Models:
    """The models of a party.

    Args:
        party: the party's id.
        folder: where they are kept: model_local_cache.
        at: the host and port of this FATE Flow, as it tells serving-servers.
        ask: asks a party's FATE Flow, itself as well, for a path with a body; an answer with
            retcode 104 says that it could not be reached.
        servings: the serving-servers in service_conf.yaml, each HOST:PORT.
        roles: the parties of each role of a model by its id and version, from the database; None if
            it has no such model.
        new_id: makes the id of a job, which a deployed model gets as its version.
    """

    def __init__(
        self,
        party: str,
        folder: str,
        at: tuple[str, int],
        ask: Callable[[str, str, Mapping[str, Any]], Answer],
        servings: Callable[[], list[str]],
        roles: Callable[[str, str], dict[str, list[Any]] | None],
        new_id: Callable[[], str],
    ) -> None:
        self.me, self.party, self.folder, self.at = f"fateflow {party}", party, folder, at
        self.ask, self.servings, self.roles, self.new_id = ask, servings, roles, new_id

    @property
    def pages(self) -> dict[str, Callable[[dict[str, Any]], Answer]]:
        """What answers a POST, by path. An exception becomes {"retcode": 100, "retmsg": its repr},
        and an answer with retcode 404 is one with that status of HTTP.
        """
        return {
            "/v1/model/deploy": self.deploy,
            "/v1/model/deploy/do": self.deploy_here,
            "/v1/model/load": self.load,
            "/v1/model/load/do": self.load_here,
            "/v1/model/bind": self.bind,
            _TRANSFER: self.transfer,
        }

    # models

    def keep(self, role: str, model: str, version: str) -> None:
        """Keeps this party's part of a model that a job has trained."""
        at = self._at(role, model, version)
        os.makedirs(at, exist_ok=True)
        with open(f"{at}/{_CONTENT}", "w", encoding="utf-8") as file:
            json.dump(published_model.content(role, self.party), file)

    def transfer(self, asked: dict[str, Any]) -> Answer:
        """A model for a serving-server."""
        if not (asked.get("namespace") and asked.get("name")):
            return {"retcode": 400, "retmsg": "namespace and name are required"}
        path = f"{self.folder}/{asked['namespace']}/{asked['name']}/{_CONTENT}"
        if not os.path.isfile(path):
            return {"retcode": 404, "retmsg": "model not found"}
        with open(path, encoding="utf-8") as file:
            return {"retcode": 0, "retmsg": "success", "data": json.load(file)}

    def _at(self, role: str, model: str, version: str) -> str:
        return f"{self.folder}/{published_model.party_model_id(role, self.party, model)}/{version}"

    # deploying: training leaves a model that cannot be loaded

    def deploy(self, asked: dict[str, Any]) -> Answer:
        for key in ("model_id", "model_version"):
            if key not in asked:
                return {"retcode": 101, "retmsg": f"required argument are missing: {key}; "}
        model, version = str(asked["model_id"]), str(asked["model_version"])
        roles = self.roles(model, version)
        if roles is None:
            text = f"Deploy model failed. Model {model} {version} not found."
            return {"retcode": 404, "retmsg": text}
        new = self.new_id()
        body = {"model_id": model, "model_version": version, "child_model_version": new}
        data: dict[str, Any] = {"detail": {}, "model_id": model, "model_version": new}
        bad = False
        for role, party in _parties(roles):
            answer = self.ask(party, "/v1/model/deploy/do", {**body, "local": _local(role, party)})
            code, text = answer["retcode"], answer["retmsg"]
            if code == _UNREACHABLE:
                code, text = _FAILED, "request failed"
            bad = bad or bool(code)
            data.setdefault(role, {})[party] = code
            data["detail"].setdefault(role, {})[party] = {"retcode": code, "retmsg": text}
        return _all(bad, data)

    def deploy_here(self, asked: dict[str, Any]) -> Answer:
        """This party's part of deploying a model."""
        role, party = asked["local"]["role"], asked["local"]["party_id"]
        model, version = asked["model_id"], asked["model_version"]
        before, after = (
            self._at(role, model, one) for one in (version, asked["child_model_version"])
        )
        where = f"deploy model of role {role} {party}"
        if role != "arbiter" and not os.path.isdir(before):
            error = FileNotFoundError(f"Can not found {model} {version} model local cache.")
            return {"retcode": _FAILED, "retmsg": f"{where} failed, details: {error!r}"}
        if os.path.exists(f"{before}/{_DEPLOYED}"):
            error_text = "Exception('Child model could not be deployed.')"
            return {"retcode": _FAILED, "retmsg": f"{where} failed, details: {error_text}"}
        if os.path.isdir(before):
            shutil.copytree(before, after)
            with open(f"{after}/{_DEPLOYED}", "w", encoding="utf-8"):
                pass
        return {"retcode": 0, "retmsg": f"{where} success"}

    # loading and binding

    def load(self, asked: dict[str, Any]) -> Answer:
        body = self._with_model(asked)
        data: dict[str, Any] = {"detail": {}}
        bad = False
        for role, party in _parties(asked["role"]):
            if role == "arbiter":
                continue
            data.setdefault(role, {})
            data["detail"].setdefault(role, {})
            answer = self.ask(party, "/v1/model/load/do", {**body, "local": _local(role, party)})
            code = answer["retcode"]
            if code == _UNREACHABLE:  # an exception there, which leaves no detail
                code = _FAILED
            else:
                detail = {"retcode": code, "retmsg": answer["retmsg"]}
                data["detail"][role][party] = detail
            bad = bad or bool(code)
            data[role][party] = code
        return _all(bad, data)

    def load_here(self, asked: dict[str, Any]) -> Answer:
        """This party's part of loading a model."""
        role, party = asked["local"]["role"], asked["local"]["party_id"]
        parameters = asked["job_parameters"]
        model, version = parameters["model_id"], parameters["model_version"]
        at = self._at(role, model, version)
        if not os.path.isdir(at):
            name = published_model.party_model_id(role, party, model)
            raise FileNotFoundError(f"Model {name} {version} not exists in model local cache.")
        if not os.path.exists(f"{at}/{_DEPLOYED}"):
            text = "Only deployed models could be used to execute process of loading. "
            return {"retcode": _FAILED, "retmsg": f"{text}Please deploy model before loading."}
        url = f"http://{self.at[0]}:{self.at[1]}{_TRANSFER}"
        path = "" if parameters.get("use_transfer_url_on_serving") else url
        request = {**_request(asked), "loadType": "FATEFLOW", "filePath": path}
        return self._tell("publishLoad", request, self.servings(), "success")

    def bind(self, asked: dict[str, Any]) -> Answer:
        """Binds a loaded model to a service, on this party's serving-servers alone."""
        service = asked.get("service_id")
        if not service:
            return {"retcode": 101, "retmsg": "no service id"}
        for key in ("initiator", "role", "job_parameters"):
            if key not in asked:
                raise HopError(f"the {key} cannot be found in the request")
        body = {**self._with_model(asked), "local": asked["initiator"]}
        request = {**_request(body), "serviceId": str(service)}
        servings = asked.get("servings") or self.servings()
        return self._tell("publishBind", request, servings, f"service id is {service}")

    def _tell(self, op: str, request: Answer, servings: list[str], done: str) -> Answer:
        if not servings:
            return {"retcode": _FAILED, "retmsg": "Please configure servings address"}
        for serving in servings:
            host, _, port = serving.rpartition(":")
            # The real one's is an error of gRPC, whose text has its status in it.
            answer = call(self.me, host, int(port), "serving-server", ANY, op, request)
            if answer["statusCode"]:
                return {"retcode": answer["statusCode"], "retmsg": answer["message"]}
        return {"retcode": 0, "retmsg": done}

    def _with_model(self, asked: dict[str, Any]) -> dict[str, Any]:
        """A request with the id and version of each party's part of the model."""
        parameters = asked["job_parameters"]
        model, version = parameters["model_id"], parameters["model_version"]
        parts: dict[str, Any] = {}
        for role, party in _parties(asked["role"]):
            name = published_model.party_model_id(role, party, model)
            parts.setdefault(role, {})[party] = {"model_id": name, "model_version": version}
        return {**asked, "model": parts}


def _request(asked: dict[str, Any]) -> Answer:
    """FATE Serving's PublishRequest."""
    local = asked["local"]
    return {
        "local": {"role": local["role"], "partyId": str(local["party_id"])},
        "role": {role: [str(one) for one in parties] for role, parties in asked["role"].items()},
        "model": {
            role: {
                party: {"tableName": one["model_version"], "namespace": one["model_id"]}
                for party, one in parts.items()
            }
            for role, parts in asked["model"].items()
        },
    }


def _parties(roles: Mapping[str, list[Any]]) -> Iterator[tuple[str, str]]:
    for role, parties in roles.items():
        if role in ("guest", "host", "arbiter"):
            for party in parties:
                yield role, str(party)


def _local(role: str, party: str) -> dict[str, str]:
    return {"role": role, "party_id": party}


def _all(bad: bool, data: Answer) -> Answer:
    return {
        "retcode": _PARTLY if bad else 0,
        "retmsg": "failed" if bad else "success",
        "data": data,
    }
