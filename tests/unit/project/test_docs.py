"""The stack file reference names every key."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from fate_components.lines import settings_models
from fate_components.lines.fate1_3 import settings as fate1
from fate_components.lines.fate2 import settings as fate2
from fate_components.settings import stack as models
from tests.support import changes
from tests.support.kubefate_files import OPTIONS

ROOT = Path(__file__).parents[3]


def keys() -> Iterator[tuple[str, str]]:
    for module in (models, fate1, fate2):
        for name, model in vars(module).items():
            if isinstance(model, type) and issubclass(model, BaseModel):
                for field in model.model_fields.values():
                    if field.description:
                        yield name, field.alias or ""


@pytest.mark.parametrize(("model", "key"), sorted(set(keys())))
def test_every_key_is_in_the_reference(model: str, key: str) -> None:
    text = (ROOT / "docs" / "configuration.md").read_text()
    assert re.search(rf"[`.:]{key}[`.]", text)


def test_the_project_file_declares_every_key_of_the_stack_file() -> None:
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    declared = {
        field.alias for line in settings_models().values() for field in line.model_fields.values()
    }
    assert set(project["config"]) == declared


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_of_kubefate_has_its_place(option: str) -> None:
    text = (ROOT / "docs" / "from-kubefate.md").read_text()
    assert re.search(rf"^\|.*`{option}`.*\|", text, re.M)


@pytest.mark.parametrize(
    "rows",
    [changes.CHANGES, [*changes.REGISTERED, changes.UPGRADE, changes.SWITCH, *changes.FATE_1_11]],
)
def test_the_tables_of_changes_are_those_of_the_tests(rows: list[changes.Change]) -> None:
    assert changes.table(rows) in (ROOT / "docs" / "operations.md").read_text()
