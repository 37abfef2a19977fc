"""FATE Flow's part in serving: keeps models, loads them into serving-servers and binds them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import published_model
from .protocol import ANY, HopError, call, log

_FAILED, _REFUSED = 100, 101


@dataclass(frozen=True)
class Publisher:
    me: str
    party: str
    servings: list[str] | None  # from server_conf.json, read once; an empty list does nothing
    roll: Callable[[str, dict[str, Any]], Any]
    remote: Callable[[str, str, dict[str, Any]], Any]

    # models: one table each, as in FATE; the name is the job's id

    def keep(self, model_id: str, version: str, role: str) -> None:
        """Stores this party's part of a job's model."""
        namespace = published_model.party_model_id(role, self.party, model_id)
        pairs = published_model.content(role, self.party)
        self.roll("put", {**_table(version, namespace), "pairs": pairs})

    def transfer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """A model for a serving-server; without data if there is no such model."""
        found = self.roll("read", _table(asked["name"], asked["namespace"]))
        return {"retcode": 0, "retmsg": "success", "data": found}

    # publishing

    def load(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Loads a model into the serving-servers of all its parties, through the proxies. As in
        FATE, data.ROLE.PARTY says what failed: retcode is 0 all the same."""
        request = self._request(asked)
        results: dict[str, dict[str, int]] = {}
        reasons = []
        for role, parties in request["role"].items():
            for party in parties:
                if role == "arbiter":  # has no model to serve
                    continue
                local = {"role": role, "party_id": party}
                try:
                    answer = self.remote(party, "load", {**request, "local": local})
                except HopError as error:
                    answer = {"retcode": _FAILED, "retmsg": str(error)}
                results.setdefault(role, {})[party] = answer["retcode"]
                if answer["retcode"]:
                    reasons.append(answer["retmsg"])
        return {"retcode": 0, "retmsg": "; ".join(reasons) or "success", "data": results}

    def load_here(self, request: dict[str, Any]) -> dict[str, Any]:
        """This party's part of a load."""
        return self._tell(self.servings, "load", request)

    def bind(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Binds a loaded model to a service id, on this party's serving-servers alone."""
        request = self._request(asked, "service_id", "servings")
        if not request.get("service_id"):
            raise HopError(f"{self.me}: bind needs a service_id")
        servings = request.pop("servings", None) or self.servings
        answer = self._tell(servings, "bind", {**request, "local": request["initiator"]})
        if answer["retcode"]:
            return answer
        return {"retcode": 0, "retmsg": f"service id is {request['service_id']}"}

    def _tell(self, servings: list[str] | None, op: str, request: dict[str, Any]) -> dict[str, Any]:
        if servings is None:
            return {"retcode": _FAILED, "retmsg": f"{self.me}: server_conf.json has no servings"}
        for serving in servings:
            host, _, port = serving.rpartition(":")
            try:
                answer = call(self.me, host, int(port), "serving-server", ANY, op, request)
            except HopError as error:
                log(f"{self.me}: {op} failed: {error}")
                return {"retcode": _FAILED, "retmsg": str(error)}
            if answer["statusCode"]:
                log(f"{self.me}: {op} failed: {answer['message']}")
                return {"retcode": _REFUSED, "retmsg": answer["message"]}
        return {"retcode": 0, "retmsg": "success"}

    def _request(self, asked: dict[str, Any], *optional: str) -> dict[str, Any]:
        """A checked request, with the model's name and namespace for each role and party."""
        needed = {"initiator", "role", "job_parameters"}
        if not needed <= set(asked) or set(asked) - needed - set(optional):
            wanted = ", ".join(sorted(needed | set(optional)))
            raise HopError(f"{self.me}: the request has {', '.join(sorted(asked))}; keys: {wanted}")
        parameters, initiator, roles = asked["job_parameters"], asked["initiator"], asked["role"]
        if set(parameters) != {"work_mode", "model_id", "model_version"}:
            raise HopError(f"{self.me}: job_parameters: has {', '.join(sorted(parameters))}")
        if parameters["work_mode"] != 1:
            raise HopError(f"{self.me}: work_mode must be 1 (cluster)")
        parties = [initiator["party_id"], *(party for ids in roles.values() for party in ids)]
        if numbers := [party for party in parties if not isinstance(party, str)]:
            raise HopError(f"{self.me}: party ids must be texts, not numbers: {numbers}")
        if initiator["party_id"] not in roles.get(initiator["role"], []):
            raise HopError(f"{self.me}: the initiator is not among the roles")
        if initiator["party_id"] != self.party:
            raise HopError(f"{self.me}: cannot publish for party {initiator['party_id']}")
        model, version = parameters["model_id"], parameters["model_version"]
        parts = {
            role: {
                party: {
                    "name": version,
                    "namespace": published_model.party_model_id(role, party, model),
                }
                for party in ids
            }
            for role, ids in roles.items()
        }
        return {**asked, "model": parts}


def _table(version: str, namespace: str) -> dict[str, Any]:
    return {"namespace": namespace, "name": version, "partitions": 1}
