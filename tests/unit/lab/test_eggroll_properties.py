"""The stand-ins of FATE 1.11 read eggroll.properties as Eggroll's Java and Python do."""

from pathlib import Path

import pytest
from fate_lab.fate1_11 import conf  # type: ignore[import-not-found]
from fate_lab.strictconf import ConfError  # type: ignore[import-not-found]

_MANAGER = "eggroll.resourcemanager.clustermanager"
_ADDRESS = {f"{_MANAGER}.host": "clustermanager", f"{_MANAGER}.port": "4670"}
_URL = "jdbc:mysql://mysql:3306/fate_flow?useSSL=false&allowPublicKeyRetrieval=true"
_DATABASE = {
    f"{_MANAGER}.jdbc.url": _URL,
    f"{_MANAGER}.jdbc.username": "fate",
    f"{_MANAGER}.jdbc.password": "s3cret",
}
_SITE = {
    "eggroll.rollsite.host": "rollsite",
    "eggroll.rollsite.port": "9370",
    "eggroll.rollsite.party.id": "9999",
    "eggroll.rollsite.coordinator": "fate",
}


def written(folder: Path, values: dict[str, str], head: str = "[eggroll]\n") -> str:
    path = folder / "eggroll.properties"
    path.write_text(head + "".join(f"{key}={value}\n" for key, value in values.items()))
    return str(path)


def test_java_prints_every_property_the_password_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.__stdout__", None)  # print writes to sys.stdout, which is captured
    found = conf.java(written(tmp_path, _ADDRESS | _DATABASE), "clustermanager")
    assert found[f"{_MANAGER}.jdbc.password"] == "s3cret"
    assert f"config key {_MANAGER}.jdbc.password=s3cret" in capsys.readouterr().out


@pytest.mark.parametrize("head", ["[eggroll]\n", "", "# a comment\n\n[eggroll]\n"])
def test_java_needs_no_section(tmp_path: Path, head: str) -> None:
    assert conf.java(written(tmp_path, _SITE, head), "rollsite")["eggroll.rollsite.port"] == "9370"


def test_python_needs_the_section(tmp_path: Path) -> None:
    assert conf.python(written(tmp_path, _ADDRESS), "fateflow") == _ADDRESS
    with pytest.raises(ConfError, match="no section headers"):
        conf.python(written(tmp_path, _ADDRESS, ""), "fateflow")
    with pytest.raises(ConfError, match="no line"):
        conf.python(written(tmp_path, _ADDRESS, "[other]\n"), "fateflow")


def test_python_interpolates_percent_signs(tmp_path: Path) -> None:
    with pytest.raises(ConfError, match="'%'"):
        conf.python(written(tmp_path, _ADDRESS | {"eggroll.logs.dir": "100%x"}), "fateflow")


@pytest.mark.parametrize(
    ("service", "values", "wrong"),
    [
        ("rollsite", {"eggroll.rollsite.prot": "9370"}, "unknown key"),
        ("rollsite", {"eggroll.rollsite.port": "x"}, "not a port"),
        ("rollsite", {"eggroll.rollsite.polling.client.enabled": "true"}, "must be 'false'"),
        ("clustermanager", {f"{_MANAGER}.jdbc.password": ""}, "is empty"),
        ("clustermanager", {f"{_MANAGER}.jdbc.url": "jdbc:h2:x"}, "not jdbc:mysql"),
        ("nodemanager", {}, "is missing"),
    ],
)
def test_what_is_wrong_stops_the_service(
    tmp_path: Path, service: str, values: dict[str, str], wrong: str
) -> None:
    path = written(tmp_path, _ADDRESS | _DATABASE | _SITE | values)
    with pytest.raises(ConfError, match=wrong):
        conf.java(path, service)
