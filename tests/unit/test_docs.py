"""The reference of the stack file names every key there is."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from fate_components.settings import models

ROOT = Path(__file__).parents[2]


def keys() -> Iterator[tuple[str, str]]:
    for name, model in vars(models).items():
        if (
            isinstance(model, type)
            and issubclass(model, BaseModel)
            and model.__module__ == (models.__name__)
        ):
            for field in model.model_fields.values():
                if field.description:
                    yield name, field.alias or ""


@pytest.mark.parametrize(("model", "key"), sorted(keys()))
def test_every_key_is_in_the_reference(model: str, key: str) -> None:
    text = (ROOT / "docs" / "configuration.md").read_text()
    assert re.search(rf"[`.:]{key}[`.]", text)


def test_the_project_file_declares_every_key_of_the_stack_file() -> None:
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    declared = {field.alias for field in models.Settings.model_fields.values()}
    assert set(project["config"]) == declared
