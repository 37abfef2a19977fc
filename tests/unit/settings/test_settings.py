"""Stack files: the settings from good ones, and the errors for bad ones."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from fate_components import lines
from fate_components.docker.ports import Published
from fate_components.lines.fate1_3.settings import Training
from fate_components.plan import planner
from fate_components.releases import catalogue
from fate_components.settings import SettingsError, octal
from fate_components.stack_file import parse
from tests.support.bad_stack_files import CASES, GOOD, GOOD_2, Case
from tests.support.error_messages import WAY_OUT
from tests.support.stack_files import as_engine, read

HERE = "10.0.0.5"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bad_stack_file_is_told_the_key_and_the_way_out(case: Case) -> None:
    with pytest.raises(SettingsError) as caught:
        read(case.stack_file(), case.secret, case.keys_secret)
    assert [
        line
        for line in str(caught.value).splitlines()
        if line.startswith(f"  {case.key}: ") and case.remedy in line
    ], str(caught.value)
    (mistake,) = caught.value.mistakes  # one mistake must be told once
    assert WAY_OUT.search(mistake.what) or re.search(r"\(.+\)$", mistake.what), "what to do?"


def test_all_mistakes_are_told_at_once() -> None:
    config = {**GOOD, "fate:parties": [{"id": "x"}], "fate:hosts": {"a": {}}, "fate:foo": "1"}
    with pytest.raises(SettingsError) as caught:
        read(config)
    assert {".".join(map(str, mistake.where)) for mistake in caught.value.mistakes} == {
        "parties.0.id",
        "parties.0.host",
        "hosts.a.docker",
        "foo",
    }


PASSWORD = "hunter2"


@pytest.mark.parametrize(
    "change",
    [
        {"fate:masterSecret": PASSWORD},
        {"fate:parties": [{"id": 1, "host": "a", "training": {"mysql": PASSWORD}}]},
        {"fate:parties": f'[{{"id": 1, "training": {{"mysql": {{"password": "{PASSWORD}"'},
        {"fate:parties": [{"id": 1, "host": "a", "training": {"publish": {"a": PASSWORD}}}]},
        {"fate:release": {"password": PASSWORD}},
        {"fate:hosts": {"a": {"docker": f"tcp://root:{PASSWORD}@b"}}},
        {"fate:hosts": {"a": {"docker": f"ssh://root:{PASSWORD}#@b"}}},
        {"fate:hosts": {"a": {"docker": f"ssh://root\uff1a{PASSWORD}@b"}}},
        {"fate:peers": [{"id": 1, "address": f"https://root:{PASSWORD}@b"}]},
    ],
)
def test_no_error_repeats_a_password(change: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as caught:
        read({**GOOD, **change})
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    ("stack", "good"), [("s" * 64, GOOD), ("s" * 64, GOOD_2), ("my_stack", GOOD)]
)
def test_containers_whose_names_cannot_be_called(stack: str, good: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=r"  fate:parties: .*; rename the stack"):
        parse(as_engine(good), {"fate:masterSecret"}, stack)


def test_only_java_refuses_underscores() -> None:
    parse(as_engine(GOOD_2), {"fate:masterSecret"}, "my_stack")


def test_defaults() -> None:
    settings = read(GOOD)
    training = settings.parties[0].training
    assert isinstance(training, Training)
    assert (training.eggs, training.processors) == (1, None)
    assert settings.peers[0].reached_at("proxy", 9370) == ("fate.example.org", 9370)
    assert settings.keep_data
    assert settings.registry == ""
    assert settings.hosts["b"].reachable_at == "b.example.org"
    assert settings.hosts["a"].reachable_at is None


def test_the_project_files_empty_defaults_mean_nothing() -> None:
    empty = {
        "fate:exchange": "{}",
        "fate:registry": "",
        "fate:peers": "[]",
        "fate:keepData": "true",
    }
    settings, _ = parse({**as_engine(GOOD), **empty}, {"fate:masterSecret"}, "dev")
    assert settings.exchange is None
    assert settings.peers == ()


@pytest.mark.parametrize(
    ("chosen", "ip", "port"),
    [
        (8081, "127.0.0.1", 8081),
        ("8081", "127.0.0.1", 8081),
        ("0.0.0.0:8081", "0.0.0.0", 8081),
        ("10.0.0.7:8081", "10.0.0.7", 8081),
    ],
)
def test_a_port_is_bound_to_loopback_unless_the_stack_file_says_otherwise(
    chosen: object, ip: str, port: int
) -> None:
    training = Training.model_validate({"publish": {"fateboard": chosen}})
    assert planner.published(training, catalogue.load("1.3.0"))["fateboard"] == Published(port, ip)


@pytest.mark.parametrize("release", catalogue.known())
def test_only_what_other_parties_call_is_open_by_default(release: str) -> None:
    facts = catalogue.load(release)
    published = planner.published(Training(), facts)
    assert {name for name, to in published.items() if to.everywhere} == set(facts.gateway_ports)
    assert {to.ip for to in published.values()} == {"0.0.0.0", "127.0.0.1"}


def test_one_port_number_at_two_addresses_is_no_clash() -> None:
    one, other = Published(port=80, ip="10.0.0.1"), Published(port=80, ip="10.0.0.2")
    assert not one.clashes(other)
    assert one.clashes(Published(port=80))


@pytest.mark.parametrize("written", [16, "16"])
def test_whole_numbers_may_be_texts_of_digits(written: int | str) -> None:
    party = {"id": written, "host": "a", "training": {"eggs": written, "processors": written}}
    settings = read({**GOOD, "fate:parties": [party], "fate:peers": []})
    training = settings.parties[0].training
    assert isinstance(training, Training)
    assert (settings.parties[0].id, training.eggs, training.processors) == (16, 16, 16)


def test_sizes_and_cpus_reach_docker_in_one_spelling() -> None:
    services = {"egg": {"memory": "8G", "cpus": "0.5"}, "roll": {"memory": "512M", "cpus": 4}}
    hosts = {"a": {**GOOD["fate:hosts"]["a"], "logs": {"maxSize": "500K"}}}
    settings = read({**GOOD, "fate:services": services, "fate:hosts": GOOD["fate:hosts"] | hosts})
    assert settings.hosts["a"].logs.max_size == "500k"
    assert [(one.memory, one.cpus) for one in settings.services.values()] == [
        (8192, 0.5),
        (512, 4),
    ]


# The engine reads these numbers as Go does: gopkg.in/yaml.v3 in what `pulumi config` prints.
@pytest.mark.parametrize(
    ("written", "value", "said"),
    [
        ("010000", 4096, "010000 is read as the octal number 4096: remove the leading zero"),
        ("0_1750", 1000, "0_1750 is read as the octal number 1000"),
        ("-010", -8, "-010 is read as the octal number -8"),
        # As their digits say.
        ("089", 89, None),
        ("07", 7, None),
        ("0o17", 15, None),
        ("0x10", 16, None),
        ("1_000", 1000, None),
        ('"010000"', "010000", None),
        # The config of another file, which --config-file names.
        ("010000", 9999, None),
    ],
)
def test_a_number_that_is_read_as_octal_is_told(
    written: str, value: object, said: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(
        f"config:\n  other:x: {written}\n  fate:parties:\n"
        f"    - {{host: a, id: 1}}\n    - id: {written}\n"
    )
    config = {"fate:parties": json.dumps([{"host": "a", "id": 1}, {"id": value}]), "other:x": "1"}
    found = [str(one) for one in octal.mistakes(file, config)]
    assert [one.startswith(f"fate:parties[1].id: {said}") for one in found] == [True] * bool(said)


def test_octal_numbers_are_told_with_all_other_mistakes(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text("config:\n  fate:exchange: {host: a, port: 011610}\n")
    config = as_engine({**GOOD, "fate:exchange": {"host": "b", "port": 5000}})
    with pytest.raises(SettingsError) as caught:
        parse(config, {"fate:masterSecret"}, "dev", mistakes=octal.mistakes(file, config))
    first, *others = caught.value.mistakes
    assert str(first).startswith("fate:exchange.port: 011610 is read as the octal number 5000")
    assert others
    assert octal.mistakes(tmp_path / "none.yaml", config) == []


def test_passwords_of_an_encrypted_value_are_accepted() -> None:
    config = as_engine(GOOD)
    parties = json.loads(config["fate:parties"])
    parties[0]["training"] = {"mysql": {"password": "hunter2hunter2"}}
    config["fate:parties"] = json.dumps(parties)
    settings, _ = parse(config, {"fate:masterSecret", "fate:parties"}, "dev")
    training = settings.parties[0].training
    assert training
    password = training.mysql.password
    assert password
    assert password.get_secret_value() == "hunter2hunter2"
    assert "hunter2" not in repr(settings)


def test_a_host_binds_what_other_parties_call_to_one_of_its_addresses() -> None:
    config = as_engine(
        {
            **GOOD,
            "fate:hosts": {**GOOD["fate:hosts"], "a": {**GOOD["fate:hosts"]["a"], "bind": HERE}},
            "fate:exchange": {"host": "a", "port": 9399},
            "fate:parties": [
                {"id": 9999, "host": "a", "training": {}, "serving": {}},
                {"id": 10000, "host": "a", "training": {"publish": {
                    "proxy": "0.0.0.0:9371", "fateboard": 8081, "fateflow-grpc": 9361,
                    "fateflow-http": 9381}}},
            ],
        }
    )  # fmt: skip
    settings, release = parse(config, {"fate:masterSecret"}, "dev")
    placing = lines.planner(settings, release)
    first, second = (placing.clusters(party) for party in settings.parties)
    bound = {name: at.ip for one in first for name, at in one.published.items()}
    gateways = {"proxy", "serving-grpc"}
    assert {name for name, ip in bound.items() if ip == HERE} == gateways
    assert {ip for name, ip in bound.items() if name not in gateways} == {"127.0.0.1"}
    assert second[0].published["proxy"] == Published(9371, "0.0.0.0")
    assert placing.exchange_at() == Published(9399, HERE)
