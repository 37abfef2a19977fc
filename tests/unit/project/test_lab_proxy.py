"""The stand-in for FATE's proxy keeps routes as long as the real one does."""

import json
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

LAB = Path(__file__).parents[2] / "lab" / "app"


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(LAB)
    from fate_lab import proxy as lab  # type: ignore[import-not-found]

    own = {"fate": [{"ip": "federation", "port": 1}], "fateflow": [{"ip": "python", "port": 2}]}
    path = tmp_path / "route_table.json"

    def table(host: str) -> None:
        at = {"default": [{"ip": host, "port": 9370}]}
        text = {"route_table": {"10000": at, "9999": own}, "permission": {"default_allow": True}}
        path.write_text(json.dumps(text))

    table("old")
    found = lab.Proxy("9999", str(path))

    def changed(host: str) -> None:
        table(host)
        found.table = lab.route_table(str(path), "9999")

    def sent(role: str, to: str = "10000", sender: str = "9999") -> str:
        packet = {
            "to": {"party": to, "role": role}, "from": {"party": sender, "role": role},
            "hops": 6, "op": "push", "body": {},
        }  # fmt: skip
        with mock.patch.object(lab, "call") as call:
            found.forward(packet)
        return str(call.call_args.args[1])

    found.changed, found.sent = changed, sent
    yield found
    for name in [name for name in sys.modules if name.partition(".")[0] == "fate_lab"]:
        del sys.modules[name]


def test_federation_goes_where_it_went_before_the_table_changed(proxy: Any) -> None:
    assert [proxy.sent("fate"), proxy.sent("fateflow")] == ["old", "old"]
    proxy.changed("new")
    assert [proxy.sent("fate"), proxy.sent("fateflow")] == ["old", "new"]


def test_the_route_back_to_a_sender_is_kept_too(proxy: Any) -> None:
    assert proxy.sent("fate", to="9999", sender="10000") == "federation"
    proxy.changed("new")
    assert proxy.sent("fate") == "old"


def test_a_party_that_was_not_sent_anything_follows_the_table(proxy: Any) -> None:
    proxy.changed("new")
    assert proxy.sent("fate") == "new"
