"""The stand-in for rollsite routes as Eggroll 2.5.1 does."""

import json
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from fate_lab.fate1_11 import rollsite  # type: ignore[import-not-found]
from fate_lab.fate1_11.routes import Route, RouteError, Routes  # type: ignore[import-not-found]
from fate_lab.protocol import HopError  # type: ignore[import-not-found]

_OWN = {
    "default": [{"ip": "rollsite", "port": 9370}],
    "fateflow": [{"ip": "fateflow", "port": 9360}],
}
_PEER = {"default": [{"ip": "10.0.0.2", "port": 9371}, {"ip": "10.0.0.3", "port": 1}]}
_SITE = "eggroll.rollsite"
_CONF = {f"{_SITE}.host": "rollsite", f"{_SITE}.port": "9370", f"{_SITE}.party.id": "9999"}


def routes(folder: Path, **parties: Any) -> Any:
    path = folder / "route_table.json"
    table = {"9999": _OWN, "10000": _PEER} | {key.strip("_"): one for key, one in parties.items()}
    path.write_text(json.dumps({"route_table": table, "permission": {"default_allow": True}}))
    found = Routes(str(path))
    found.read()
    return found


def test_only_the_first_endpoint_counts(tmp_path: Path) -> None:
    found = routes(tmp_path)
    assert [found.query("10000") for _ in range(3)] == [Route("10.0.0.2", 9371)] * 3
    assert found.query("10000", "fateflow") == Route("10.0.0.2", 9371)
    assert found.query("9999", "fateflow") == Route("fateflow", 9360)


def test_an_unknown_party_has_the_way_of_default(tmp_path: Path) -> None:
    default = {"default": [{"ip": "exchange", "port": 9370}]}
    assert routes(tmp_path, default=default).query("77") == Route("exchange", 9370)
    with pytest.raises(RouteError, match="party=77 and default party"):
        routes(tmp_path).query("77")


@pytest.mark.parametrize(
    ("endpoint", "wrong"),
    [
        ({"ip": "x", "port": "9370"}, "java.lang.String cannot be cast to class java.lang.Integer"),
        ({}, r'JSONObject\["ip"\] not found'),
        ({"ip": "x", "port": 1, "is_secure": "true"}, "cannot be cast to class java.lang.Boolean"),
    ],
)
def test_an_endpoint_fails_when_it_is_used(tmp_path: Path, endpoint: Any, wrong: str) -> None:
    found = routes(tmp_path, default={"default": [endpoint]})
    assert found.query("10000")
    with pytest.raises(RouteError, match=wrong):
        found.query("77")


def test_a_broken_table_leaves_the_old_one_for_good(tmp_path: Path) -> None:
    found = routes(tmp_path)
    site = rollsite.RollSite(_CONF, found)
    path = tmp_path / "route_table.json"
    good = path.read_text()
    path.write_text("{")
    with mock.patch("time.sleep") as sleep:
        site.keep_reading()  # ends
    assert sleep.call_count == 1
    path.write_text(good.replace("10.0.0.2", "10.0.0.9"))
    assert found.query("10000").host == "10.0.0.2"


def test_a_missing_table_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RouteError, match="FileNotFoundException"):
        Routes(str(tmp_path / "none.json")).read()


def sent(site: Any, op: str, to: str, role: str = "fateflow", hops: int = 6) -> list[Any]:
    packet = {"from": "9999", "to": to, "role": role, "hops": hops, "body": {"session": "s"}}
    with mock.patch.object(
        rollsite, "call", return_value=[{"host": "node", "transfer": 7}]
    ) as call:
        getattr(site, op)(packet)
    return [one.args[1:6] for one in call.call_args_list]


def test_what_is_for_its_own_party_goes_into_the_session(tmp_path: Path) -> None:
    conf = _CONF | {"eggroll.resourcemanager.clustermanager.host": "clustermanager"}
    conf |= {"eggroll.resourcemanager.clustermanager.port": "4670"}
    site = rollsite.RollSite(conf, routes(tmp_path))
    assert sent(site, "push", "9999") == [
        ("clustermanager", 4670, "clustermanager", "-", "processors"),
        ("node", 7, "egg-pair-transfer", "s", "receive"),
    ]
    assert sent(site, "unary", "9999") == [("fateflow", 9360, "transfer", "-", "unary")]
    assert sent(site, "push", "10000") == [("10.0.0.2", 9371, "transfer", "-", "push")]


def test_its_own_address_must_be_as_in_the_properties(tmp_path: Path) -> None:
    own = {**_OWN, "default": [{"ip": "10.0.0.1", "port": 9370}]}
    site = rollsite.RollSite(_CONF, routes(tmp_path, _9999=own))
    assert sent(site, "push", "9999") == [("10.0.0.1", 9370, "transfer", "-", "push")]
    with pytest.raises(HopError, match="routing loop"):
        sent(site, "push", "9999", hops=0)
