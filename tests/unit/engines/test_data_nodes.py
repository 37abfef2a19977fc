"""Data nodes that are to be removed hand over their blocks first."""

import json
from typing import Any

import pytest

from fate_components.engines.hdfs import data_nodes
from fate_components.engines.hdfs.conf import EXCLUDED
from fate_components.engines.hdfs.data_nodes import DataNodesError

IN, GOING, GONE = "In Service", "Decommission In Progress", "Decommissioned"


def bean(
    live: dict[str, str], dead: tuple[str, ...] = (), missing: int = 0, left: int = 0
) -> dict[str, Any]:
    """What a name node says about data nodes at 10.0.0.7:25016, 10.0.0.7:25018 and so on."""
    at = {name: f"10.0.0.7:{25016 + 2 * n}" for n, name in enumerate([*live, *dead])}
    leaving = [name for name, state in live.items() if state == GOING]
    return {
        "LiveNodes": json.dumps(
            {
                f"{name}:{at[name].split(':')[1]}": {"xferaddr": at[name], "adminState": state}
                for name, state in live.items()
            }
        ),
        "DeadNodes": json.dumps({f"{name}:1": {"xferaddr": at[name]} for name in dead}),
        "DecomNodes": json.dumps({f"{name}:1": {} for name in leaving})
        if not left
        else json.dumps(
            {
                f"{name}:{at[name].split(':')[1]}": {"underReplicatedBlocks": left}
                for name in leaving
            }
        ),
        "TotalBlocks": 7,
        "NumberOfMissingBlocks": missing,
    }


class Hdfs:
    """An HDFS whose name node says one thing after the other."""

    def __init__(self, *beans: dict[str, Any], files: dict[str, str] | None = None) -> None:
        self.beans, self.files, self.ran = list(beans), dict(files or {}), list[str]()

    def look(self) -> data_nodes.NameNode:
        return data_nodes.read(self.beans.pop(0) if len(self.beans) > 1 else self.beans[0])

    def arrange(self, patch: pytest.MonkeyPatch, *wanted: str) -> None:
        patch.setattr(data_nodes, "_PAUSE", 0)
        patch.setattr(data_nodes, "_look", self.look)
        patch.setattr(data_nodes, "_present", lambda path: self.files.get(path, ""))
        patch.setattr(data_nodes, "_write", self.files.__setitem__)
        patch.setattr(data_nodes, "_hdfs", lambda *words: self.ran.append(" ".join(words)))
        data_nodes.arrange(wanted)


TWO = {data_nodes._REPLICATION: "2"}


def test_nothing_is_done_when_all_is_as_it_should_be(monkeypatch: pytest.MonkeyPatch) -> None:
    hdfs = Hdfs(bean({"data-node": IN, "data-node.b": IN}), files=TWO)
    hdfs.arrange(monkeypatch, "data-node", "data-node.b")
    assert hdfs.ran == []


def test_another_data_node_gets_copies_of_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    hdfs = Hdfs(bean({"data-node": IN}), files={data_nodes._REPLICATION: "1"})
    hdfs.arrange(monkeypatch, "data-node", "data-node-2")
    assert hdfs.ran == ["dfs -setrep -R 2 /"]


def test_a_data_node_that_goes_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hdfs = Hdfs(
        bean({"data-node": IN, "data-node.b": IN}),
        bean({"data-node": IN, "data-node.b": GOING}, left=5),
        bean({"data-node": IN, "data-node.b": GONE}),
        files=TWO,
    )
    hdfs.arrange(monkeypatch, "data-node")
    assert hdfs.ran == ["dfs -setrep -R 1 /", "dfsadmin -refreshNodes"]
    assert hdfs.files[EXCLUDED] == "10.0.0.7:25018\n"
    assert "to be copied from data-node.b (5 blocks left)" in capsys.readouterr().out
    assert len(hdfs.beans) == 1, "it must have waited for the last answer"


def test_a_data_node_that_comes_back_is_admitted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    files = TWO | {EXCLUDED: "10.0.0.7:25018\n"}
    hdfs = Hdfs(bean({"data-node": IN, "data-node.b": GONE}), files=files)
    hdfs.arrange(monkeypatch, "data-node", "data-node.b")
    assert hdfs.files[EXCLUDED] == ""
    assert hdfs.ran == ["dfsadmin -refreshNodes"]


def test_the_last_copies_are_not_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    one = {data_nodes._REPLICATION: "1"}
    hdfs = Hdfs(bean({"data-node": IN}, dead=("data-node.b",), missing=3), files=one)
    with pytest.raises(
        DataNodesError, match=r"3 blocks of tables are on no data node .*data-node.b"
    ):
        hdfs.arrange(monkeypatch, "data-node")
    # What it had is elsewhere, too.
    Hdfs(bean({"data-node": IN}, dead=("data-node.b",)), files=one).arrange(
        monkeypatch, "data-node"
    )


def test_no_progress_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_nodes, "_STALLED", -1)
    hdfs = Hdfs(bean({"data-node": IN, "data-node.b": GOING}, left=5), files=TWO)
    with pytest.raises(DataNodesError, match=r"no longer copied from data-node\.b"):
        hdfs.arrange(monkeypatch, "data-node")
