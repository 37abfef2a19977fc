"""Files that are made from the models: up to date, and the schema against good and bad files."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from fate_components.kubefate import stack_file
from fate_components.releases import catalogue
from fate_components.settings import SettingsError
from fate_components.stack_file import COMMENT
from tests.support.bad_stack_files import CASES, GOOD, GOOD_2, Case
from tests.support.random_files import FILES as RANDOM
from tests.support.random_files import FULL_2
from tests.support.stack_files import read
from tools.generated import FILES, ROOT, project, reference, schema

SECURE = {"secure": "AAABAHLK"}
ENCRYPTED_KEYS = {"password", "rootPassword", "token", "key", "fate:masterSecret"}


@pytest.fixture(scope="module")
def validator() -> Draft7Validator:
    Draft7Validator.check_schema(schema.stack_file())
    return Draft7Validator(schema.stack_file())


def encrypted(value: Any) -> Any:
    """Config as its stack file has it: with what is secret encrypted."""
    if isinstance(value, dict):
        return {
            key: SECURE if key in ENCRYPTED_KEYS and isinstance(one, str) else encrypted(one)
            for key, one in value.items()
        }
    return [encrypted(one) for one in value] if isinstance(value, list) else value


def good() -> Iterator[dict[str, Any]]:
    yield from (GOOD, GOOD_2)
    for configs in RANDOM.values():
        yield from configs


@pytest.mark.parametrize("path", FILES)
def test_a_file_is_what_the_models_say(path: str) -> None:
    text = (ROOT / path).read_text()
    assert text == FILES[path](text), f"{path} is stale: run `make generated`"


def test_what_stacks_share_stays_in_the_project_file() -> None:
    text = (ROOT / project.PATH).read_text()
    shared = {"registry": "registry.example.org", "services": {"mysql": {"memory": "4g"}}}
    filled = yaml.safe_load(text)
    for key, value in shared.items():
        filled["config"][key]["default"] = value
    written = project.written(yaml.safe_dump(filled, sort_keys=False))
    found = {key: one["default"] for key, one in yaml.safe_load(written)["config"].items()}
    assert found.items() >= shared.items()
    assert project.written(written) == written


def test_the_defaults_of_pulumi_new_can_be_deployed() -> None:
    template = yaml.safe_load((ROOT / project.PATH).read_text())["template"]
    asked = template["config"]
    answers = {key: one["default"] for key, one in asked.items() if "default" in one}
    assert asked["fate:masterSecret"] == {
        "description": asked["fate:masterSecret"]["description"],
        "secret": True,
    }
    settings = read({**answers, "fate:masterSecret": "a" * 32})
    assert [party.id for party in settings.parties] == [9999]
    example = re.search(r"\[\{.*\}\]", asked["fate:peers"]["description"])
    assert example
    peers = {**answers, "fate:peers": example[0], "fate:masterSecret": "a" * 32}
    assert [peer.id for peer in read(peers).peers] == [10000]


def test_the_reference_describes_every_key() -> None:
    text = (ROOT / reference.PATH).read_text()
    assert not reference.missing(text)
    without = text.replace(" serving.adapter ", " ")
    assert reference.missing(without) == {"parties.serving.adapter"}


def test_a_key_that_does_not_exist_is_not_in_the_reference() -> None:
    text = "<!-- keys parties: training.egs -->\n<!-- end of keys -->"
    with pytest.raises(reference.NoSuchKeyError, match=r"lists parties\.training\.egs"):
        reference.written(text)


def test_the_description_of_the_release_names_all_releases() -> None:
    about = schema.stack_file()["properties"]["config"]["properties"]["fate:release"]["description"]
    assert re.findall(r"[0-9]+\.[0-9]+\.[0-9]+", about) == catalogue.known()[::-1]


@pytest.mark.parametrize("file", sorted(ROOT.glob("Pulumi.*.yaml")), ids=lambda path: path.name)
def test_a_stack_file_of_the_project_names_the_schema_and_passes_it(
    file: Path, validator: Draft7Validator
) -> None:
    first, rest = file.read_text().split("\n", 1)
    found = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert found, first
    assert json.loads((file.parent / found[1]).read_text()) == validator.schema
    validator.validate(yaml.safe_load(rest))


def test_an_imported_stack_file_names_the_schema_and_passes_it(validator: Draft7Validator) -> None:
    config = {key: value for key, value in GOOD_2.items() if not isinstance(value, bool)}
    written = stack_file.render({**config, "fate:masterSecret": SECURE}, "dev")
    assert written.startswith(COMMENT)
    validator.validate(yaml.safe_load(written))


@pytest.mark.parametrize("config", list(good()), ids=lambda config: config["fate:release"])
def test_a_good_stack_file_passes(config: dict[str, Any], validator: Draft7Validator) -> None:
    validator.validate({"config": encrypted(config), "encryptionsalt": "v1:a:v1:b:c"})


@pytest.mark.parametrize(
    "keys",
    [
        {"fate:keepData": "false", "fate:verify": "true"},  # pulumi config set
        {"fate:tls": '{"enabled": true}', "fate:peers": "[]"},  # the same, for maps and lists
        {"fate:registries": SECURE},  # pulumi config set --secret
        {"docker:host": "unix:///var/run/docker.sock", "other:key": {"a": 1}},
    ],
)
def test_what_pulumi_config_writes_passes(keys: dict[str, Any], validator: Draft7Validator) -> None:
    validator.validate({"config": encrypted(GOOD) | keys})


# The program's errors about structure. Others are about values, and how they fit together.
STRUCTURE = re.compile(
    r"is not a known key|is not supported by FATE|is not a known release|is neither PORT"
    r"|is missing; add (the (?!path)|a )|is not a port that FATE|is not a service that"
    r"|must be (a (map|list|string|whole|number)|true|[0-9'])"
)
# They look like these, but hang on JSON in a text, on another key, or on what YAML cannot express.
OF_VALUES = {
    "text that is no list", "lists without end", "half a character", "CPUs that are no number",
    "edge without TLS", "FATE Board from packages",
}  # fmt: skip


def is_of_structure(case: Case) -> bool:
    if case.name in OF_VALUES:
        return False
    try:
        read(case.stack_file(), case.secret, case.keys_secret)
    except SettingsError as error:
        return "fate:masterSecret" not in str(error) and bool(STRUCTURE.search(str(error)))
    raise AssertionError(case.name)


OF_STRUCTURE = [case for case in CASES if is_of_structure(case)]


@pytest.mark.parametrize("case", OF_STRUCTURE, ids=lambda case: case.name)
def test_a_stack_file_of_another_structure_fails(case: Case, validator: Draft7Validator) -> None:
    assert not validator.is_valid({"config": encrypted(case.stack_file())})


def test_what_must_be_encrypted_fails_in_plain_text(validator: Draft7Validator) -> None:
    config = encrypted(copy.deepcopy(FULL_2))
    training = config["fate:parties"][0]["training"]
    for keys, key in (
        (config, "fate:masterSecret"),
        (training["mysql"], "password"),
        (training["client"], "token"),
    ):
        keys[key] = "hunter2-in-plain-text"
        assert not validator.is_valid({"config": config}), key
        keys[key] = SECURE
        assert validator.is_valid({"config": config}), key
